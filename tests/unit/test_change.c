/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/change.h>

#include "core/cleanup.h"

#define ALL (SL_ENTRY_SHA256 | SL_ENTRY_XXH3 | SL_ENTRY_XATTRS | SL_ENTRY_MTIME)
#define BARE (SL_ENTRY_XATTRS | SL_ENTRY_MTIME)
#define FILE_MODE (S_IFREG | 0755)

static const struct sl_xattr label[] = {{"security.selinux", "x", 1}};
static const struct sl_xattr user[] = {{"user.a", "1", 1}};
static const struct sl_xattr user_other[] = {{"user.a", "2", 1}};
static const struct sl_xattr two[] = {{"security.selinux", "x", 1}, {"user.a", "1", 1}};
static const struct sl_xattr label_other[] = {{"security.selinux", "y", 1}};
static const struct sl_xattr private[] = {{"trusted.overlay.origin", "h", 1}};
static const struct sl_xattr nested[] = {{"trusted.overlay.overlay.opaque", "y", 1}};

static const char caps_2[] = "\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0";
static const char caps_3[] = "\1\0\0\3\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
static const char caps_3_of_1000[] = "\1\0\0\3\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xe8\3\0";
static const char caps_2_idle[] = "\0\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0";
static const char caps_3_more[] = "\1\0\0\3\0\x20\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0";
static const struct sl_xattr revision_2[] = {{"security.capability", caps_2, 20}};
static const struct sl_xattr revision_3[] = {{"security.capability", caps_3, 24}};
static const struct sl_xattr of_1000[] = {{"security.capability", caps_3_of_1000, 24}};
static const struct sl_xattr idle[] = {{"security.capability", caps_2_idle, 20}};
static const struct sl_xattr more[] = {{"security.capability", caps_3_more, 24}};

#define XATTRS(list) .xattrs = (list), .xattr_count = ARRAY_SIZE(list)
#define LINK_TO(text) .mode = S_IFLNK | 0777, .fields = BARE, .target = {(text), sizeof(text) - 1}

static const struct sl_entry ls = {.mode = FILE_MODE,
				   .size = 10,
				   .fields = ALL,
				   .mtime = {100, 5},
				   .sha256 = {1},
				   .xxh3 = {1}};
static const struct sl_entry unhashed = {
	.mode = FILE_MODE, .size = 10, .fields = BARE, .mtime = {100, 5}};
static const struct sl_entry coarse = {.mode = FILE_MODE,
				       .size = 10,
				       .fields = ALL,
				       .flags = SL_ENTRY_COARSE_TIME,
				       .mtime = {100, 0},
				       .sha256 = {1},
				       .xxh3 = {1}};
static const struct sl_entry dir = {.mode = S_IFDIR | 0755, .fields = BARE, .mtime = {100, 0}};
static const struct sl_entry implied = {
	.mode = S_IFDIR | 0755, .fields = BARE, .flags = SL_ENTRY_IMPLIED};
static const struct sl_entry lnk = {LINK_TO("busybox")};
static const struct sl_entry null_dev = {
	.mode = S_IFCHR | 0666, .fields = BARE, .rdev_major = 1, .rdev_minor = 3};
static const struct sl_entry labelled = {.mode = FILE_MODE,
					 .size = 10,
					 .fields = ALL,
					 .mtime = {100, 5},
					 .sha256 = {1},
					 .xxh3 = {1},
					 XATTRS(label)};
static const struct sl_entry tagged = {.mode = FILE_MODE,
				       .size = 10,
				       .fields = ALL,
				       .mtime = {100, 5},
				       .sha256 = {1},
				       .xxh3 = {1},
				       XATTRS(user)};
static const struct sl_entry leaked = {.mode = FILE_MODE,
				       .size = 10,
				       .fields = ALL,
				       .mtime = {100, 5},
				       .sha256 = {1},
				       .xxh3 = {1},
				       XATTRS(private)};

#define LIKE_LS(...)                                                                               \
	{                                                                                          \
		.mode = FILE_MODE, .size = 10, .fields = ALL, .sha256 = {1}, .xxh3 = {1},          \
		__VA_ARGS__                                                                        \
	}
static const struct sl_entry ancient = LIKE_LS(.flags = SL_ENTRY_COARSE_TIME, .mtime = {-5, 0});
static const struct sl_entry distant =
	LIKE_LS(.flags = SL_ENTRY_COARSE_TIME, .mtime = {9223372037, 0});
static const struct sl_entry capable = LIKE_LS(.mtime = {100, 5}, XATTRS(revision_2));

/* What differs from ls is written out; the rest is the same. */
#define LS(...)                                                                                    \
	{                                                                                          \
		.mode = FILE_MODE, .size = 10, .fields = ALL, .mtime = {100, 5}, .sha256 = {1},    \
		.xxh3 = {1}, __VA_ARGS__                                                           \
	}

/* a row overrides what the macro sets: that is its point */
#pragma GCC diagnostic push
#ifdef __clang__
#	pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#	pragma GCC diagnostic ignored "-Woverride-init"
#endif
static const struct {
	const char *sentence;
	const struct sl_entry *before;
	struct sl_entry after;
	uint32_t fields;
	enum sl_change_kind kind;
} rows[] = {
	{"the same file is only touched", &ls, LS(.uid = 0), 0, SL_CHANGE_TOUCHED},
	{"setuid bit added", &ls, LS(.mode = S_IFREG | 04755), SL_FIELD_MODE, SL_CHANGE_METADATA},
	{"another owner", &ls, LS(.uid = 7), SL_FIELD_OWNER, SL_CHANGE_METADATA},
	{"another group", &ls, LS(.gid = 7), SL_FIELD_OWNER, SL_CHANGE_METADATA},
	{"another size is other content", &ls, LS(.size = 11), SL_FIELD_SIZE | SL_FIELD_CONTENT,
	 SL_CHANGE_MODIFIED},
	{"same size, other bytes", &ls, LS(.sha256 = {2}, .xxh3 = {2}), SL_FIELD_CONTENT,
	 SL_CHANGE_MODIFIED},
	{"SHA-256 alone tells apart", &ls, LS(.sha256 = {2}), SL_FIELD_CONTENT, SL_CHANGE_MODIFIED},
	{"XXH3 alone tells apart", &ls, LS(.xxh3 = {2}), SL_FIELD_CONTENT, SL_CHANGE_MODIFIED},
	{"XXH3 alone never proves equal", &ls, LS(.fields = BARE | SL_ENTRY_XXH3), SL_FIELD_CONTENT,
	 SL_CHANGE_MODIFIED},
	{"a file that was not hashed is never equal", &unhashed, LS(.uid = 0), SL_FIELD_CONTENT,
	 SL_CHANGE_MODIFIED},
	{"a later mtime", &ls, LS(.mtime = {101, 5}), SL_FIELD_MTIME, SL_CHANGE_METADATA},
	{"a nanosecond counts where both have them", &ls, LS(.mtime = {100, 6}), SL_FIELD_MTIME,
	 SL_CHANGE_METADATA},
	{"an mtime that was not read is never equal", &ls,
	 LS(.fields = ALL & ~(uint32_t)SL_ENTRY_MTIME), SL_FIELD_MTIME, SL_CHANGE_METADATA},
	{"a whole-second time matches its floor", &coarse, LS(.mtime = {100, 999999999}), 0,
	 SL_CHANGE_TOUCHED},
	{"a whole-second time matches what rounds to it", &coarse, LS(.mtime = {99, 500000000}), 0,
	 SL_CHANGE_TOUCHED},
	{"but not what does not round to it", &coarse, LS(.mtime = {99, 499999999}), SL_FIELD_MTIME,
	 SL_CHANGE_METADATA},
	{"nor the second after", &coarse, LS(.mtime = {101, 0}), SL_FIELD_MTIME,
	 SL_CHANGE_METADATA},
	{"two whole-second times", &coarse,
	 LS(.flags = SL_ENTRY_COARSE_TIME, .mtime = {100, 700000000}), 0, SL_CHANGE_TOUCHED},
	{"a time before 1970 is unpacked as 1970", &ancient, LS(.mtime = {0, 0}), 0,
	 SL_CHANGE_TOUCHED},
	{"or as it is", &ancient, LS(.mtime = {-5, 0}), 0, SL_CHANGE_TOUCHED},
	{"and as nothing else", &ancient, LS(.mtime = {1, 0}), SL_FIELD_MTIME, SL_CHANGE_METADATA},
	{"a time behind 2262 is unpacked as 1970", &distant, LS(.mtime = {0, 0}), 0,
	 SL_CHANGE_TOUCHED},
	{"any other time is not", &ls, LS(.mtime = {0, 0}), SL_FIELD_MTIME, SL_CHANGE_METADATA},
	{"capabilities of revision 3 for the first root are those of revision 2", &capable,
	 LS(XATTRS(revision_3)), 0, SL_CHANGE_TOUCHED},
	{"those for another root are not", &capable, LS(XATTRS(of_1000)), SL_FIELD_XATTRS,
	 SL_CHANGE_METADATA},
	{"nor are those that are not effective", &capable, LS(XATTRS(idle)), SL_FIELD_XATTRS,
	 SL_CHANGE_METADATA},
	{"nor others", &capable, LS(XATTRS(more)), SL_FIELD_XATTRS, SL_CHANGE_METADATA},
	{"link counts are no change", &ls, LS(.nlink = 9, .ino = 4), 0, SL_CHANGE_TOUCHED},
	{"file became directory",
	 &ls,
	 {.mode = S_IFDIR | 0755, .fields = BARE, .mtime = {100, 5}},
	 SL_FIELD_TYPE,
	 SL_CHANGE_TYPE},
	{"file became a link to elsewhere",
	 &ls,
	 {LINK_TO("/bin/sh"), .mtime = {100, 5}},
	 SL_FIELD_TYPE,
	 SL_CHANGE_TYPE},
	{"link retargeted", &lnk, {LINK_TO("bash")}, SL_FIELD_TARGET, SL_CHANGE_MODIFIED},
	{"link retargeted to a longer name with the same start",
	 &lnk,
	 {LINK_TO("busybox2")},
	 SL_FIELD_TARGET,
	 SL_CHANGE_MODIFIED},
	{"permissions of a link mean nothing",
	 &lnk,
	 {LINK_TO("busybox"), .mode = S_IFLNK | 0755},
	 0,
	 SL_CHANGE_TOUCHED},
	{"another device number",
	 &null_dev,
	 {.mode = S_IFCHR | 0666, .fields = BARE, .rdev_major = 1, .rdev_minor = 5},
	 SL_FIELD_RDEV,
	 SL_CHANGE_MODIFIED},
	{"a directory whose mtime alone moved is touched",
	 &dir,
	 {.mode = S_IFDIR | 0755, .fields = BARE, .mtime = {200, 0}},
	 SL_FIELD_MTIME,
	 SL_CHANGE_TOUCHED},
	{"a directory's size is nothing",
	 &dir,
	 {.mode = S_IFDIR | 0755, .fields = BARE, .mtime = {100, 0}, .size = 4096},
	 0,
	 SL_CHANGE_TOUCHED},
	{"a directory with another mode",
	 &dir,
	 {.mode = S_IFDIR | 0777, .fields = BARE, .mtime = {200, 0}},
	 SL_FIELD_MODE | SL_FIELD_MTIME,
	 SL_CHANGE_METADATA},
	{"metadata of an implied parent is a guess",
	 &implied,
	 {.mode = S_IFDIR | 0700, .uid = 9, .fields = BARE, .mtime = {200, 0}, XATTRS(user)},
	 0,
	 SL_CHANGE_TOUCHED},
	{"the type of an implied parent is not", &implied, LS(.uid = 0), SL_FIELD_TYPE,
	 SL_CHANGE_TYPE},
	{"a label where the image has none", &ls, LS(XATTRS(label)), 0, SL_CHANGE_TOUCHED},
	{"another label than the image's", &labelled, LS(XATTRS(label_other)), SL_FIELD_XATTRS,
	 SL_CHANGE_METADATA},
	{"a label that is gone", &labelled, LS(.uid = 0), SL_FIELD_XATTRS, SL_CHANGE_METADATA},
	{"an attribute added", &ls, LS(XATTRS(user)), SL_FIELD_XATTRS, SL_CHANGE_METADATA},
	{"an attribute removed", &tagged, LS(.uid = 0), SL_FIELD_XATTRS, SL_CHANGE_METADATA},
	{"an attribute changed", &tagged, LS(XATTRS(user_other)), SL_FIELD_XATTRS,
	 SL_CHANGE_METADATA},
	{"a label beside the same attribute", &tagged, LS(XATTRS(two)), 0, SL_CHANGE_TOUCHED},
	{"overlay-private attributes of an image are nothing", &leaked, LS(.uid = 0), 0,
	 SL_CHANGE_TOUCHED},
	{"what a container shows by such a name is data", &ls, LS(XATTRS(private)), SL_FIELD_XATTRS,
	 SL_CHANGE_METADATA},
	{"those of a nested overlay are data", &ls, LS(XATTRS(nested)), SL_FIELD_XATTRS,
	 SL_CHANGE_METADATA},
	{"attributes that were not read are never equal", &ls,
	 LS(.fields = ALL & ~(uint32_t)SL_ENTRY_XATTRS), SL_FIELD_XATTRS, SL_CHANGE_METADATA},
};

static void every_comparison_says_what_differs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t fields = sl_entry_compare(rows[i].before, &rows[i].after);
		enum sl_change_kind kind = sl_change_kind_of(fields, rows[i].after.mode);

		if (fields != rows[i].fields || kind != rows[i].kind)
			fail_msg("%s: fields %#x, want %#x; %s, want %s", rows[i].sentence, fields,
				 rows[i].fields, sl_change_name(kind),
				 sl_change_name(rows[i].kind));
	}
}

static void comparing_is_symmetric_but_for_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t forth = sl_entry_compare(rows[i].before, &rows[i].after);
		uint32_t back = sl_entry_compare(&rows[i].after, rows[i].before);

		assert_int_equal(forth & ~(uint32_t)SL_FIELD_XATTRS,
				 back & ~(uint32_t)SL_FIELD_XATTRS);
	}
}

static void every_kind_and_signal_has_its_word(void **state)
{
	static const char *const kinds[] = {"added",   "modified", "metadata",
					    "deleted", "type",     "touched"};

	(void)state;
	for (int i = 0; i < SL_CHANGE_KINDS; i++)
		assert_string_equal(sl_change_name((enum sl_change_kind)i), kinds[i]);
	assert_string_equal(sl_signal_name(SL_SIGNAL_FORGED_MTIME), "forged-mtime");
	assert_string_equal(sl_signal_name(SL_SIGNAL_HIDDEN_NAME), "hidden-name");
	assert_string_equal(sl_signal_name(SL_SIGNAL_UNSTABLE), "unstable");
	assert_string_equal(sl_signal_name(SL_SIGNAL_ELF), "elf");
	assert_string_equal(sl_signal_name(SL_SIGNAL_UNDER_MOUNT), "under-mount");
	assert_string_equal(sl_signal_name(SL_SIGNAL_TRUNCATED), "truncated");
	assert_string_equal(sl_signal_name(SL_SIGNAL_RUNNING), "running");
	assert_string_equal(sl_signal_name(SL_SIGNAL_TRACED), "traced");
	assert_string_equal(sl_signal_name(SL_SIGNAL_SERVER_CODE), "server-code");
	assert_null(sl_signal_name(0));
	assert_null(sl_signal_name(SL_SIGNAL_ELF | SL_SIGNAL_SCRIPT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_comparison_says_what_differs),
		cmocka_unit_test(comparing_is_symmetric_but_for_labels),
		cmocka_unit_test(every_kind_and_signal_has_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
