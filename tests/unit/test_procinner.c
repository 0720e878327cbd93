/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted in a container that it was not given. */
#include <string.h>

#include "unit/cmocka_all.h"

#include "core/autofree.h"
#include "core/cleanup.h"
#include "host/procinner.h"

#define TMPFS (1u << 0)
#define OVERLAY (1u << 1)
#define KERNEL (1u << 2)
#define HANDLE (1u << 3)

/* A mount whose texts are owned. */
static struct procmount mount(uint32_t major, uint32_t minor, const char *root, const char *point,
			      unsigned int what)
{
	return (struct procmount){.major = major,
				  .minor = minor,
				  .root = strdup(root),
				  .point = strdup(point),
				  .is_tmpfs = (what & TMPFS) != 0,
				  .is_overlay = (what & OVERLAY) != 0,
				  .is_kernel = (what & KERNEL) != 0,
				  .shows_nothing = (what & HANDLE) != 0};
}

static struct sl_container *container(void)
{
	struct sl_container *c = NULL;

	assert_int_equal(sl_container_new(&c, NULL), 0);
	c->id = strdup("abcdef");
	assert_int_equal(
		sl_container_add_mount(c, "/data", "volume", "/srv/volumes/data", true, NULL), 0);
	assert_int_equal(sl_container_add_mount(c, "/var/run/app", "tmpfs", NULL, true, NULL), 0);
	assert_int_equal(sl_container_add_mount(c, "/lib/plugins", "bind", "/opt/vendor/plugins",
						true, NULL),
			 0);
	return c;
}

static const struct {
	uint32_t major, minor;
	const char *root, *point;
	unsigned int what;
	bool may_mount;
	enum sl_inner kind;
} rows[] = {
	/* given, by the engine or by the configuration */
	{0, 0, "/", "/proc", 0, true, SL_INNER_NONE},
	{0, 0, "/null", "/proc/keys", TMPFS, true, SL_INNER_NONE},
	{0, 0, "/docker/x", "/sys/fs/cgroup/cpu", KERNEL, true, SL_INNER_NONE},
	{8, 0, "/d/containers/abcdef/hosts", "/etc/hosts", 0, true, SL_INNER_NONE},
	{8, 0, "/d/abcdef/userdata/passwd", "/etc/passwd", 0, true, SL_INNER_NONE},
	{8, 0, "/volumes/data", "/data", 0, true, SL_INNER_NONE},
	{8, 0, "/volumes/data/x", "/data/x", 0, true, SL_INNER_NONE},
	{0, 0, "/", "/run/app", TMPFS, true, SL_INNER_NONE},
	{8, 0, "/vendor/plugins", "/usr/lib/plugins", 0, true, SL_INNER_NONE},
	{8, 0, "/d/docker-init", "/usr/bin/docker-init", 0, true, SL_INNER_NONE},
	{0, 0, "net:[1]", "/run/netns/x", HANDLE, true, SL_INNER_NONE},
	/* nobody inside could have made it, or an init system does */
	{8, 0, "/usr/lib/libcuda.so.1", "/usr/lib/libcuda.so.1", 0, false, SL_INNER_RUNTIME},
	{0, 0, "/", "/tmp", TMPFS, true, SL_INNER_RUNTIME},
	/* made inside */
	{8, 0, "/volumes/data", "/etc", 0, true, SL_INNER_SYSTEM}, /* what was given, once more */
	{8, 0, "/usr/lib/libcuda.so.1", "/usr/lib/libcuda.so.1", 0, true, SL_INNER_SYSTEM},
	{0, 40, "/var/e", "/usr/bin/id", OVERLAY, false, SL_INNER_SYSTEM},
	{0, 40, "/abcdef", "/etc/passwd", OVERLAY, true, SL_INNER_SYSTEM},
	{0, 0, "/", "/lib64", TMPFS, false, SL_INNER_SYSTEM},
	{0, 0, "/", "/etc/ssl", TMPFS, true, SL_INNER_SYSTEM},
	{0, 0, "/", "/tmp/cg", KERNEL, true, SL_INNER_KERNEL},
	{8, 0, "/", "/mnt", 0, true, SL_INNER_DISK},
	{0, 0, "/", "/srv/x", TMPFS, true, SL_INNER_OTHER},
	{0, 0, "/", "/database", TMPFS, true, SL_INNER_OTHER},
};

static void what_was_not_given_is_told_by_what_it_covers(void **state)
{
	AUTO_CONTAINER struct sl_container *c = container();
	struct procmounts all = {.items = calloc(2, sizeof(*all.items)), .count = 2};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct procinner in = {
			.container = c, .may_mount = rows[i].may_mount, .mounts = &all};

		all.items[0] = mount(0, 40, "/", "/", OVERLAY);
		all.items[1] = mount(rows[i].major, rows[i].minor, rows[i].root, rows[i].point,
				     rows[i].what);
		in.root = &all.items[0];
		if (procinner_of(&in, &all.items[1]) != rows[i].kind)
			fail_msg("row %zu: %s is %d", i, rows[i].point,
				 (int)procinner_of(&in, &all.items[1]));
		for (size_t k = 0; k < 2; k++) {
			free(all.items[k].root);
			free(all.items[k].point);
		}
	}
	all.count = 0;
	procmounts_clear(&all);
}

/* How many of "/etc/ssl" are listed beneath a root of device 0:@minor. */
static size_t listed(uint32_t minor)
{
	AUTO_CONTAINER struct sl_container *c = container();
	CLEANUP(sl_processes_clear) struct sl_processes out = {0};
	CLEANUP(procmounts_clear)
	struct procmounts all = {.items = calloc(3, sizeof(*all.items)), .count = 3};
	const struct procinner in = {
		.container = c, .root = &all.items[2], .may_mount = true, .mounts = &all};

	all.items[0] = mount(0, minor, "/", "/", OVERLAY);
	all.items[1] = mount(0, 50, "/", "/etc/ssl", TMPFS);
	all.items[2] = mount(0, 40, "/", "/", OVERLAY);
	assert_int_equal(procinner_add(&in, &all, &out), 0);
	assert_int_equal(procinner_add(&in, &all, &out), 0);
	return out.inner_count;
}

static void each_is_listed_once_and_those_of_an_inner_container_are_not(void **state)
{
	(void)state;
	assert_int_equal(listed(40), 1);
	assert_int_equal(listed(41), 0);
}

/* /lib is a link to /usr/lib; nothing is at /data any more. */
static int mount_at(const void *payload, const char *path, uint64_t *id)
{
	const uint64_t *plugins = payload;

	*id = *plugins;
	return strcmp(path, "/lib/plugins") == 0 ? *plugins == 0 ? -1 : 0 : 1;
}

/* What the second of these is where the destination leads to the mount @plugins; 0: not known. */
static enum sl_inner second_of(const char *first, const char *second, const char *root,
			       uint64_t plugins)
{
	AUTO_CONTAINER struct sl_container *c = container();
	CLEANUP(procmounts_clear)
	struct procmounts all = {.items = calloc(3, sizeof(*all.items)), .count = 3};
	const struct procinner in = {.container = c,
				     .root = &all.items[0],
				     .may_mount = true,
				     .mounts = &all,
				     .mount_at = mount_at,
				     .payload = &plugins};

	all.items[0] = mount(0, 40, "/", "/", OVERLAY);
	all.items[1] = mount(8, 0, root, first, 0);
	all.items[2] = mount(8, 0, root, second, 0);
	for (size_t i = 0; i < all.count; i++)
		all.items[i].id = 21 + i;
	return procinner_of(&in, &all.items[2]);
}

static void a_given_volume_over_another_path_with_its_last_name_was_made_inside(void **state)
{
	static const char root[] = "/vendor/plugins";

	(void)state;
	/* mount 22 is where the destination leads, 23 is the other one */
	assert_int_equal(second_of("/usr/lib/plugins", "/etc/plugins", root, 22), SL_INNER_SYSTEM);
	assert_int_equal(second_of("/etc/plugins", "/usr/lib/plugins", root, 23), SL_INNER_NONE);
	/* it was taken away from there: the destination is on the root file system again */
	assert_int_equal(second_of("/tmp", "/etc/plugins", root, 21), SL_INNER_SYSTEM);
	/* covered by another mount at the same place */
	assert_int_equal(second_of("/usr/lib/plugins", "/usr/lib/plugins", root, 22),
			 SL_INNER_NONE);
	/* nothing is there any more */
	assert_int_equal(second_of("/tmp", "/etc/data", "/volumes/data", 22), SL_INNER_SYSTEM);
	/* the path cannot be walked: what is mounted on it as it was written is the given one */
	assert_int_equal(second_of("/lib/plugins", "/etc/plugins", root, 0), SL_INNER_SYSTEM);
	assert_int_equal(second_of("/tmp", "/usr/lib/plugins", root, 0), SL_INNER_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_given_is_told_by_what_it_covers),
		cmocka_unit_test(
			a_given_volume_over_another_path_with_its_last_name_was_made_inside),
		cmocka_unit_test(each_is_listed_once_and_those_of_an_inner_container_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
