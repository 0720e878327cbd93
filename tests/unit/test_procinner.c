/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted in a container that it was not given. */
#include "unit/cmocka_all.h"

#include "core/cleanup.h"
#include "host/procinner.h"

static struct procmount tree = {
	.id = 1, .major = 0, .minor = 40, .root = "/", .point = "/", .is_overlay = true};

static struct sl_mount given[] = {
	{.path = "/data", .type = "volume", .source = "/srv/volumes/data"},
	{.path = "/var/run/app", .type = "tmpfs"},
	{.path = "/lib/plugins", .type = "bind", .source = "/opt/vendor/plugins"},
};

static struct sl_container container = {
	.id = "abcdef", .mounts = given, .mount_count = ARRAY_SIZE(given)};

static const struct {
	struct procmount mount;
	bool may_mount;
	enum sl_inner kind;
} rows[] = {
	/* given, by the engine or by the configuration */
	{{.root = "/", .point = "/proc", .is_proc = true}, true, SL_INNER_NONE},
	{{.root = "/null", .point = "/proc/keys", .is_tmpfs = true}, true, SL_INNER_NONE},
	{{.root = "/docker/x", .point = "/sys/fs/cgroup/cpu", .is_kernel = true},
	 true,
	 SL_INNER_NONE},
	{{.major = 8, .root = "/d/containers/abcdef/hosts", .point = "/etc/hosts"},
	 true,
	 SL_INNER_NONE},
	{{.major = 8, .root = "/d/abcdef/userdata/passwd", .point = "/etc/passwd"},
	 true,
	 SL_INNER_NONE},
	{{.major = 8, .root = "/volumes/data", .point = "/data"}, true, SL_INNER_NONE},
	{{.major = 8, .root = "/volumes/data/x", .point = "/data/x"}, true, SL_INNER_NONE},
	{{.root = "/", .point = "/run/app", .is_tmpfs = true}, true, SL_INNER_NONE},
	{{.major = 8, .root = "/vendor/plugins", .point = "/usr/lib/plugins"}, true, SL_INNER_NONE},
	{{.root = "net:[1]", .point = "/run/netns/x", .shows_nothing = true}, true, SL_INNER_NONE},
	/* nobody inside could have made it, or an init system does */
	{{.major = 8, .root = "/usr/lib/libcuda.so.1", .point = "/usr/lib/libcuda.so.1"},
	 false,
	 SL_INNER_RUNTIME},
	{{.root = "/", .point = "/tmp", .is_tmpfs = true}, true, SL_INNER_RUNTIME},
	/* made inside */
	{{.major = 8, .root = "/usr/lib/libcuda.so.1", .point = "/usr/lib/libcuda.so.1"},
	 true,
	 SL_INNER_SYSTEM},
	{{.minor = 40, .root = "/var/e", .point = "/usr/bin/id", .is_overlay = true},
	 false,
	 SL_INNER_SYSTEM},
	{{.minor = 40, .root = "/abcdef", .point = "/etc/passwd", .is_overlay = true},
	 true,
	 SL_INNER_SYSTEM},
	{{.root = "/", .point = "/lib64", .is_tmpfs = true}, false, SL_INNER_SYSTEM},
	{{.root = "/", .point = "/etc/ssl", .is_tmpfs = true}, true, SL_INNER_SYSTEM},
	{{.root = "/", .point = "/tmp/cg", .is_kernel = true}, true, SL_INNER_KERNEL},
	{{.major = 8, .root = "/", .point = "/mnt"}, true, SL_INNER_DISK},
	{{.root = "/", .point = "/srv/x", .is_tmpfs = true}, true, SL_INNER_OTHER},
	{{.root = "/", .point = "/database", .is_tmpfs = true}, true, SL_INNER_OTHER},
};

static void what_was_not_given_is_told_by_what_it_covers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct procinner in = {
			.container = &container, .root = &tree, .may_mount = rows[i].may_mount};

		if (procinner_of(&in, &rows[i].mount) != rows[i].kind)
			fail_msg("row %zu: %s is %d", i, rows[i].mount.point,
				 (int)procinner_of(&in, &rows[i].mount));
	}
}

static size_t count_in(struct procmount *list, size_t count)
{
	const struct procinner in = {.container = &container, .root = &tree, .may_mount = true};
	const struct procmounts mounts = {.items = list, .count = count};
	CLEANUP(sl_processes_clear) struct sl_processes out = {0};

	assert_int_equal(procinner_add(&in, &mounts, &out), 0);
	assert_int_equal(procinner_add(&in, &mounts, &out), 0);
	return out.inner_count;
}

static void each_is_listed_once_and_those_of_an_inner_container_are_not(void **state)
{
	struct procmount ours[] = {tree, {.root = "/", .point = "/etc/ssl", .is_tmpfs = true}};
	struct procmount inner[] = {{.minor = 41, .root = "/", .point = "/", .is_overlay = true},
				    {.root = "/", .point = "/etc/ssl", .is_tmpfs = true}};

	(void)state;
	assert_int_equal(count_in(ours, 2), 1);
	assert_int_equal(count_in(inner, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_given_is_told_by_what_it_covers),
		cmocka_unit_test(each_is_listed_once_and_those_of_an_inner_container_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
