/* SPDX-License-Identifier: Apache-2.0 */
/* What engines leave behind is explained; what only looks like it is not. */
#include "unit/drift_case.h"

static const struct sl_xattr label[] = {{"security.selinux", "x", 1}};
static const struct sl_xattr user[] = {{"user.a", "x", 1}};

static struct sl_mount mounts[] = {
	{.path = (char *)(uintptr_t) "/data/deep", .type = (char *)(uintptr_t) "volume"},
	{.path = (char *)(uintptr_t) "/etc/passwd", .type = (char *)(uintptr_t) "bind"},
	{.path = (char *)(uintptr_t) "/lib/plugins", .type = (char *)(uintptr_t) "bind"},
	{.path = (char *)(uintptr_t) "/opt/conf.yml", .type = (char *)(uintptr_t) "bind"},
	{.path = (char *)(uintptr_t) "/var/run/secrets/token/", .type = (char *)(uintptr_t) "bind"},
};
static const struct sl_container container = {.name = (char *)(uintptr_t) "web",
					      .id = (char *)(uintptr_t) "c0ffee",
					      .workdir = (char *)(uintptr_t) "/srv/app",
					      .mounts = mounts,
					      .mount_count = ARRAY_SIZE(mounts)};

#define EMPTY_FILE(p, ...) FILE_WITH(p, "", __VA_ARGS__)

static const struct drift_case cases[] = {
	{"Docker's and the runtimes' own files",
	 true,
	 {DIRECTORY("")},
	 {EMPTY_FILE(".dockerenv", .mode = S_IFREG | 0755), DIRECTORY("dev"),
	  EMPTY_FILE("dev/console"), DIRECTORY("dev/shm"), DIRECTORY("etc"),
	  EMPTY_FILE("etc/hosts"), LINK("etc/mtab", "/proc/mounts"), EMPTY_FILE("etc/resolv.conf"),
	  DIRECTORY("proc"), DIRECTORY("run"), EMPTY_FILE("run/.containerenv")},
	 "added .dockerenv info [hidden-name,executable] (engine)\n"
	 "added dev info (engine)\n"
	 "added dev/console info [under-mount] (engine)\n"
	 "added dev/shm info [under-mount] (engine)\n"
	 "added etc info (engine)\n"
	 "added etc/hosts info (engine)\n"
	 "added etc/mtab info (engine)\n"
	 "added etc/resolv.conf info (engine)\n"
	 "added proc info (engine)\n"
	 "added run info (engine)\n"
	 "added run/.containerenv info [hidden-name,in-temp] (engine)\n"},
	{"where Docker and Podman put their own first process",
	 true,
	 {DIRECTORY(""), DIRECTORY("dev"), DIRECTORY("run"), DIRECTORY("sbin"), DIRECTORY("usr"),
	  DIRECTORY("usr/sbin")},
	 {DIRECTORY("dev"), EMPTY_FILE("dev/init", .mode = S_IFREG | 0755), DIRECTORY("run"),
	  EMPTY_FILE("run/podman-init", .mode = S_IFREG | 0755), DIRECTORY("sbin"),
	  EMPTY_FILE("sbin/docker-init", .mode = S_IFREG | 0755), EMPTY_FILE("sbin/init"),
	  DIRECTORY("usr"), DIRECTORY("usr/sbin"),
	  EMPTY_FILE("usr/sbin/docker-init", .mode = S_IFREG | 0755)},
	 "added dev/init info [executable,under-mount] (engine)\n"
	 "added run/podman-init info [executable,in-temp] (engine)\n"
	 "added sbin/docker-init info [executable,in-path] (engine)\n"
	 "added sbin/init low [in-path]\n"
	 "added usr/sbin/docker-init info [executable,in-path] (engine)\n"},
	{"mount points and what leads to them",
	 true,
	 {DIRECTORY("")},
	 {DIRECTORY("data"), DIRECTORY("data/deep"), DIRECTORY("opt"), EMPTY_FILE("opt/conf.yml"),
	  DIRECTORY("run"), DIRECTORY("run/secrets"), DIRECTORY("run/secrets/token")},
	 "added data info (engine)\n"
	 "added data/deep info [under-mount] (engine)\n"
	 "added opt info (engine)\n"
	 "added opt/conf.yml info [under-mount] (engine)\n"
	 "added run info (engine)\n"
	 "added run/secrets info [in-temp] (engine)\n"
	 "added run/secrets/token info [under-mount,in-temp] (engine)\n"},
	{"the same where /lib and /sbin lead into /usr",
	 true,
	 {DIRECTORY("usr"), DIRECTORY("usr/lib"), DIRECTORY("usr/sbin")},
	 {DIRECTORY("usr"), DIRECTORY("usr/lib"), DIRECTORY("usr/lib/plugin"),
	  DIRECTORY("usr/lib/plugins"), DIRECTORY("usr/sbin"),
	  EMPTY_FILE("usr/sbin/docker-init", .mode = S_IFREG | 0755)},
	 "added usr/lib/plugin low\n"
	 "added usr/lib/plugins info [under-mount] (engine)\n"
	 "added usr/sbin/docker-init info [executable,in-path] (engine)\n"},
	{"the working directory and what leads to it",
	 true,
	 {DIRECTORY("")},
	 {DIRECTORY("srv"), DIRECTORY("srv/app"), DIRECTORY("srv/app/x"), DIRECTORY("srv/apps")},
	 "added srv info (engine)\n"
	 "added srv/app info (engine)\n"
	 "added srv/app/x low\n"
	 "added srv/apps low\n"},
	{"a label of the host does no harm",
	 true,
	 {DIRECTORY("")},
	 {DIRECTORY("data", .xattrs = label, .xattr_count = 1)},
	 "added data info (engine)\n"},
	{"something beneath a mount point is never explained, nor is then the mount point",
	 true,
	 {DIRECTORY("")},
	 {DIRECTORY("data"), DIRECTORY("data/deep"), EMPTY_FILE("data/deep/x"),
	  FILE_WITH("data/other", "y")},
	 "added data info (engine)\n"
	 "added data/deep low [under-mount]\n"
	 "added data/deep/x medium [under-mount] {under-mount}\n"
	 "added data/other low\n"},
	{"a filled mount point is hidden",
	 true,
	 {DIRECTORY("opt")},
	 {DIRECTORY("opt"), FILE_WITH("opt/conf.yml", "x")},
	 "added opt/conf.yml medium [under-mount] {under-mount}\n"},
	{"something in /proc or /sys is hidden by what every runtime mounts",
	 true,
	 {DIRECTORY("proc")},
	 {DIRECTORY("proc"), FILE_WITH("proc/x", "x")},
	 "added proc/x medium [under-mount] {under-mount}\n"},
	{"another owner, mode, attribute or size is not what an engine makes",
	 true,
	 {DIRECTORY("")},
	 {DIRECTORY("data", .uid = 1), EMPTY_FILE("etc/hosts", .xattrs = user, .xattr_count = 1),
	  EMPTY_FILE("etc/hostname", .mode = S_IFREG | 04755), LINK("etc/mtab", "/tmp/mounts"),
	  FILE_WITH("etc/resolv.conf", "nameserver 6.6.6.6\n"),
	  DIRECTORY("srv", .mode = S_IFDIR | 0777)},
	 "added data low\n"
	 "added etc/hosts low\n"
	 "added etc/hostname critical [setuid,executable] {setuid-gained,program-new}\n"
	 "added etc/mtab low\n"
	 "added etc/resolv.conf medium {name-resolution}\n"
	 "added srv low [world-writable]\n"},
	{"an account file is never explained, mounted over or not",
	 true,
	 {DIRECTORY("etc")},
	 {DIRECTORY("etc"), EMPTY_FILE("etc/passwd")},
	 "added etc/passwd critical [under-mount] {accounts}\n"},
	{"a link of another name than a runtime's is drift",
	 true,
	 {DIRECTORY("dev")},
	 {DIRECTORY("dev"), LINK("dev/fd", "/proc/self/fd"), LINK("dev/fe", "/proc/self/fd")},
	 "added dev/fd info [under-mount] (engine)\n"
	 "added dev/fe medium [under-mount] {under-mount}\n"},
	{"only what is new is a stub",
	 true,
	 {DIRECTORY("etc"), FILE_WITH("etc/hosts", "127.0.0.1\n")},
	 {DIRECTORY("etc"), FILE_WITH("etc/hosts", "", .mtime = {9, 0})},
	 "modified etc/hosts low [truncated]\n"},
};

static void stubs_are_explained_and_nothing_else_is(void **state)
{
	const struct drift_setup setup = {.container = &container};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		drift_expect(&cases[i], &setup);
}

static void explained_changes_count_as_explained_only(void **state)
{
	static const struct drift_case c = {
		"counts",
		true,
		{DIRECTORY("")},
		{DIRECTORY("data"), DIRECTORY("data/deep"), FILE_WITH("x", "1")},
		NULL};
	const struct drift_setup setup = {.container = &container};
	struct sl_summary sum;
	AUTO_FREE char *log = drift_log(&c, &setup, &sum);

	(void)state;
	assert_int_equal(sum.counts.explained, 2);
	assert_int_equal(sum.counts.by_kind[SL_CHANGE_ADDED], 1);
	assert_int_equal(sum.counts.by_severity[SL_SEVERITY_LOW], 1);
	assert_int_equal(sum.counts.by_severity[SL_SEVERITY_MEDIUM], 0);
	assert_non_null(strstr(log, "added=1 "));
}

static void the_root_that_containers_storage_makes_is_explained_there_alone(void **state)
{
	static const struct {
		const char *engine, *want;
		uint32_t mode, uid;
	} rows[] = {
		{"podman", "metadata  info (engine)\n", 0555, 0},
		{"cri-o", "metadata  info (engine)\n", 0555, 0},
		{"docker", "metadata  info\n", 0555, 0},
		{"podman", "metadata  info\n", 0550, 0},
		{"podman", "metadata  info\n", 0555, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct sl_container of = {.name = (char *)(uintptr_t) "web",
						.engine = (char *)(uintptr_t)rows[i].engine};
		const struct drift_case c = {
			"root",
			true,
			{DIRECTORY("")},
			{DIRECTORY("", .mode = S_IFDIR | rows[i].mode, .uid = rows[i].uid)},
			NULL};
		const struct drift_setup setup = {.container = &of};
		struct sl_summary sum;
		AUTO_FREE char *log = drift_log(&c, &setup, &sum);

		if (strstr(log, rows[i].want) == NULL)
			fail_msg("row %zu: %s", i, log);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stubs_are_explained_and_nothing_else_is),
		cmocka_unit_test(explained_changes_count_as_explained_only),
		cmocka_unit_test(the_root_that_containers_storage_makes_is_explained_there_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
