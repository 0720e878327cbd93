/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/change.h>

#include "core/cleanup.h"

/* a row overrides what its macro sets: that is its point */
#ifdef __clang__
#	pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#	pragma GCC diagnostic ignored "-Woverride-init"
#endif

#define XATTR(n, v)                                                                                \
	{                                                                                          \
		.name = (n), .value = (v), .size = sizeof(v) - 1                                   \
	}
#define XATTRS(...)                                                                                \
	.xattrs = (const struct sl_xattr[]){__VA_ARGS__},                                          \
	.xattr_count = sizeof((const struct sl_xattr[]){__VA_ARGS__}) / sizeof(struct sl_xattr)
#define NET_RAW "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ACL "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\7\0\41\0\0\0"
#define FILE_ENTRY .mode = S_IFREG | 0644, .fields = SL_ENTRY_MTIME | SL_ENTRY_XATTRS

static const struct row {
	struct sl_entry before, after; /* mode 0: there is none */
	enum sl_change_kind kind;
	uint32_t fields;
	const char *want, *alike;
} rows[] = {
	{{FILE_ENTRY},
	 {.mode = S_IFREG | 0755},
	 SL_CHANGE_METADATA,
	 SL_FIELD_MODE,
	 "mode 0644 -> 0755 (now executable)",
	 "mode 0644 -> 0755 (now executable)"},
	{{.mode = S_IFREG | 04755},
	 {.mode = S_IFREG | 02666},
	 SL_CHANGE_METADATA,
	 SL_FIELD_MODE,
	 "mode 04755 -> 02666 (now setgid, writable by all) (no longer setuid, executable)",
	 NULL},
	{{.mode = S_IFDIR | 0700},
	 {.mode = S_IFDIR | 01777},
	 SL_CHANGE_METADATA,
	 SL_FIELD_MODE,
	 "mode 0700 -> 01777 (now sticky, writable by all)",
	 NULL},
	{{FILE_ENTRY, .uid = 0},
	 {FILE_ENTRY, .uid = 33, .gid = 33},
	 SL_CHANGE_METADATA,
	 SL_FIELD_OWNER,
	 "owner 0:0 -> 33:33",
	 "owner 0:0 -> 33:33"},
	{{FILE_ENTRY, .size = 5},
	 {FILE_ENTRY, .size = 5000},
	 SL_CHANGE_MODIFIED,
	 SL_FIELD_CONTENT | SL_FIELD_SIZE | SL_FIELD_MTIME,
	 "content, size 5 B -> 4.8 KiB",
	 "content, size"},
	{{.mode = S_IFLNK | 0777, .target = {"a\033", 2}},
	 {.mode = S_IFLNK | 0777, .target = {"b", 1}},
	 SL_CHANGE_MODIFIED,
	 SL_FIELD_TARGET,
	 "target a\\x1b -> b",
	 "target"},
	{{.mode = S_IFCHR | 0600, .rdev_major = 1, .rdev_minor = 3},
	 {.mode = S_IFCHR | 0600, .rdev_major = 8},
	 SL_CHANGE_MODIFIED,
	 SL_FIELD_RDEV,
	 "device 1:3 -> 8:0",
	 NULL},
	{{FILE_ENTRY},
	 {FILE_ENTRY, XATTRS(XATTR("security.capability", NET_RAW))},
	 SL_CHANGE_METADATA,
	 SL_FIELD_XATTRS,
	 "capabilities none -> cap_net_raw=ep",
	 NULL},
	{{FILE_ENTRY, XATTRS(XATTR("security.capability", "x"))},
	 {FILE_ENTRY},
	 SL_CHANGE_METADATA,
	 SL_FIELD_XATTRS,
	 "capabilities unreadable -> none",
	 NULL},
	{{FILE_ENTRY, XATTRS(XATTR("security.selinux", "a:b:c\0"))},
	 {FILE_ENTRY, XATTRS(XATTR("security.selinux", "a:\033:d"),
			     XATTR("system.posix_acl_access", ACL), XATTR("user.note", "hello"))},
	 SL_CHANGE_METADATA,
	 SL_FIELD_XATTRS,
	 "SELinux label a:b:c -> a:\\x1b:d, ACL none -> u::rw-,u:33:rwx, +user.note (5 B)",
	 NULL},
	{{FILE_ENTRY, XATTRS(XATTR("user.a", "1"), XATTR("user.b", "22"))},
	 {FILE_ENTRY, XATTRS(XATTR("user.b", "333"))},
	 SL_CHANGE_METADATA,
	 SL_FIELD_XATTRS,
	 "-user.a, ~user.b (3 B)",
	 "-user.a, ~user.b"},
	{{.mode = 0},
	 {FILE_ENTRY, .mode = S_IFREG | 04755, .size = 7,
	  XATTRS(XATTR("security.capability", NET_RAW), XATTR("security.selinux", "host"))},
	 SL_CHANGE_ADDED,
	 0,
	 "file 7 B, mode 04755 (setuid), capabilities cap_net_raw=ep",
	 "file"},
	{{.mode = S_IFLNK | 0777, .target = {"x", 1}},
	 {.mode = 0},
	 SL_CHANGE_DELETED,
	 0,
	 "was symlink -> x",
	 "was symlink"},
	{{.mode = S_IFDIR | 0755},
	 {.mode = S_IFLNK | 0777, .target = {"x", 1}},
	 SL_CHANGE_TYPE,
	 SL_FIELD_TYPE,
	 "directory -> symlink -> x",
	 "directory -> symlink"},
	/* the kernel sets ctime; what is later than it was not written then */
	{{FILE_ENTRY, .mtime = {10, 0}},
	 {FILE_ENTRY, .mtime = {100, 0}, .ctime = {50, 0},
	  .fields = SL_ENTRY_MTIME | SL_ENTRY_CTIME},
	 SL_CHANGE_METADATA,
	 SL_FIELD_MTIME,
	 "mtime 1970-01-01 00:00:10 -> 1970-01-01 00:01:40, mtime set ahead of its last change",
	 "mtime, mtime set ahead of its last change"},
	{{.mode = 0},
	 {.mode = S_IFREG | 0600,
	  .mtime = {50, 0},
	  .ctime = {50, 0},
	  .btime = {50, 1},
	  .fields = SL_ENTRY_MTIME | SL_ENTRY_CTIME | SL_ENTRY_BTIME},
	 SL_CHANGE_ADDED,
	 0,
	 "file 0 B, mode 0600, born after its last change",
	 NULL},
	{{FILE_ENTRY}, {FILE_ENTRY}, SL_CHANGE_TOUCHED, 0, "", ""},
};

static void check(const struct sl_change *c, bool alike, const char *want)
{
	AUTO_FREE char *got = sl_change_describe(c, alike);

	assert_non_null(got);
	assert_string_equal(got, want);
}

static void a_change_is_said_in_one_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		const struct sl_change c = {.kind = r->kind,
					    .fields = r->fields,
					    .before = r->before.mode != 0 ? &r->before : NULL,
					    .after = r->after.mode != 0 ? &r->after : NULL};

		check(&c, false, r->want);
		if (r->alike != NULL)
			check(&c, true, r->alike);
	}
}

static void both_ends_of_a_renaming_name_the_other(void **state)
{
	const struct sl_entry e = {.mode = S_IFREG | 0644};
	struct sl_change c = {.kind = SL_CHANGE_ADDED,
			      .after = &e,
			      .signals = SL_SIGNAL_RENAMED,
			      .renamed_from = {"a/\nb", 4}};

	(void)state;
	check(&c, false, "file 0 B, mode 0644, renamed from /a/\\x0ab");
	check(&c, true, "file, renamed from");
	c = (struct sl_change){.kind = SL_CHANGE_DELETED, .before = &e, .renamed_to = {"c", 1}};
	check(&c, false, "was file 0 B, mode 0644, renamed to /c");
}

static void however_long_it_is_it_stays_a_line(void **state)
{
	static char target[100000];
	const struct sl_entry e = {.mode = S_IFLNK | 0777, .target = {target, sizeof(target)}};
	const struct sl_change c = {.kind = SL_CHANGE_ADDED, .after = &e};
	AUTO_FREE char *got = NULL;

	(void)state;
	memset(target, '\n', sizeof(target));
	got = sl_change_describe(&c, false);
	assert_non_null(got);
	assert_in_range(strlen(got), 8000, 8192);
	assert_null(strchr(got, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_said_in_one_line),
		cmocka_unit_test(both_ends_of_a_renaming_name_the_other),
		cmocka_unit_test(however_long_it_is_it_stays_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
