/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cli/jobs.h"
#include "core/cleanup.h"
#include "snapshot/dialect.h"

#define STAT "user.containers.override_stat"

static void names_mean_what_their_dialect_says(void **state)
{
	static const struct {
		enum sl_marker marker;
		const char *name;
		bool at_root;
		enum dialect_name want;
	} rows[] = {
		{SL_MARKER_FUSE_OVERLAY, ".wh.a", false, DIALECT_WHITEOUT},
		{SL_MARKER_FUSE_OVERLAY, ".wh..wh..opq", false, DIALECT_OPAQUE},
		{SL_MARKER_FUSE_OVERLAY, ".wh..opq", false, DIALECT_WHITEOUT},
		{SL_MARKER_AUFS, ".wh..wh.plnk", true, DIALECT_PRIVATE},
		{SL_MARKER_AUFS, ".wh..wh.orph", true, DIALECT_PRIVATE},
		{SL_MARKER_AUFS, ".wh..wh.aufs", true, DIALECT_PRIVATE},
		{SL_MARKER_AUFS, ".wh..wh.plnk", false, DIALECT_RESERVED},
		{SL_MARKER_AUFS, ".wh..wh.evil", true, DIALECT_RESERVED},
		{SL_MARKER_OCI, ".wh.", false, DIALECT_RESERVED},
		{SL_MARKER_OCI, ".wh..", false, DIALECT_RESERVED},
		{SL_MARKER_OCI, ".wh...", false, DIALECT_RESERVED},
		{SL_MARKER_OCI, ".wh....", false, DIALECT_WHITEOUT},
		{SL_MARKER_OCI, ".whatever", false, DIALECT_OBJECT},
		/* files of a process, where nothing but the kernel deletes */
		{SL_MARKER_OVERLAY_TRUSTED, ".wh.a", false, DIALECT_OBJECT},
		{SL_MARKER_OVERLAY_USER, ".wh..wh..opq", false, DIALECT_OBJECT},
		{SL_MARKER_NONE, ".wh..wh.aufs", true, DIALECT_OBJECT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (dialect_name(dialect_of(rows[i].marker), rows[i].name, rows[i].at_root) !=
		    rows[i].want)
			fail_msg("%s '%s'", sl_marker_name(rows[i].marker), rows[i].name);
}

static void attributes_are_markers_in_one_dialect_and_data_in_the_others(void **state)
{
	static const struct {
		enum sl_marker marker;
		const char *stat_name, *name;
		enum dialect_attribute want;
		const char *shown; /* of data; NULL: the name itself */
	} rows[] = {
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.opaque", DIALECT_ATTR_OPAQUE},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.redirect",
		 DIALECT_ATTR_REDIRECT},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.metacopy",
		 DIALECT_ATTR_METACOPY},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.whiteout",
		 DIALECT_ATTR_WHITEOUT},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.origin", DIALECT_ATTR_ORIGIN},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.impure", DIALECT_HIDDEN},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.nlink", DIALECT_ATTR_NLINK},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.upper", DIALECT_HIDDEN},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.uuid", DIALECT_HIDDEN},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.protattr", DIALECT_HIDDEN},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.", DIALECT_HIDDEN},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay", DIALECT_DATA},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlayx", DIALECT_DATA},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.overlay.opaque", DIALECT_DATA,
		 "trusted.overlay.opaque"},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "trusted.overlay.overlay.overlay.opaque",
		 DIALECT_DATA, "trusted.overlay.overlay.opaque"},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "user.overlay.opaque", DIALECT_DATA},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, "user.fuseoverlayfs.opaque", DIALECT_DATA},
		{SL_MARKER_OVERLAY_TRUSTED, NULL, STAT, DIALECT_DATA},
		{SL_MARKER_OVERLAY_USER, NULL, "user.overlay.opaque", DIALECT_ATTR_OPAQUE},
		{SL_MARKER_OVERLAY_USER, NULL, "user.overlay.overlay.redirect", DIALECT_DATA,
		 "user.overlay.redirect"},
		{SL_MARKER_OVERLAY_USER, NULL, "trusted.overlay.opaque", DIALECT_DATA},
		{SL_MARKER_FUSE_OVERLAY, NULL, "trusted.overlay.opaque", DIALECT_ATTR_OPAQUE},
		{SL_MARKER_FUSE_OVERLAY, NULL, "user.overlay.opaque", DIALECT_ATTR_OPAQUE},
		{SL_MARKER_FUSE_OVERLAY, NULL, "user.fuseoverlayfs.opaque", DIALECT_ATTR_OPAQUE},
		{SL_MARKER_FUSE_OVERLAY, NULL, "user.fuseoverlayfs.origin", DIALECT_ATTR_ORIGIN},
		{SL_MARKER_FUSE_OVERLAY, NULL, "trusted.overlay.redirect", DIALECT_HIDDEN},
		{SL_MARKER_FUSE_OVERLAY, NULL, "user.overlay.metacopy", DIALECT_HIDDEN},
		{SL_MARKER_FUSE_OVERLAY, NULL, STAT, DIALECT_DATA},
		{SL_MARKER_FUSE_OVERLAY, STAT, STAT, DIALECT_ATTR_STAT},
		{SL_MARKER_FUSE_OVERLAY, "security.fuseoverlayfs.override_stat", STAT,
		 DIALECT_DATA},
		{SL_MARKER_FUSE_OVERLAY, STAT, "user.containers.override_security.capability",
		 DIALECT_DATA, "security.capability"},
		{SL_MARKER_FUSE_OVERLAY, NULL, "user.containers.override_security.capability",
		 DIALECT_DATA},
		{SL_MARKER_FUSE_OVERLAY, NULL, "user.containers.override_user.overlay.opaque",
		 DIALECT_DATA, "user.overlay.opaque"},
		{SL_MARKER_FUSE_OVERLAY, NULL, "user.note", DIALECT_DATA},
		{SL_MARKER_AUFS, NULL, "trusted.overlay.opaque", DIALECT_DATA},
		{SL_MARKER_OCI, NULL, "user.overlay.opaque", DIALECT_DATA},
		{SL_MARKER_NONE, NULL, "trusted.overlay.whiteout", DIALECT_DATA},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *want = rows[i].shown != NULL ? rows[i].shown : rows[i].name;
		struct dialect_reading r = dialect_attribute(dialect_of(rows[i].marker),
							     rows[i].name, rows[i].stat_name);
		char shown[128] = "";

		if (r.kind != rows[i].want)
			fail_msg("%s '%s'", sl_marker_name(rows[i].marker), rows[i].name);
		if (r.kind != DIALECT_DATA)
			continue;
		(void)strncat(shown, rows[i].name, r.keep);
		(void)strcat(shown, rows[i].name + r.keep + r.drop);
		assert_string_equal(shown, want);
	}
}

static void overridden_owners_and_modes_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		struct dialect_stat want;
	} rows[] = {
		{"0:0:755", true, {.mode = 0755}},
		{"5:6:104711", true, {5, 6, .mode = 04711, .claim = S_IFREG}},
		{"4294967295:4294967294:0", true, {4294967295u, 4294967294u}},
		{"1:2:644:file", true, {1, 2, .mode = S_IFREG | 0644, .has_type = true}},
		{"1:2:755:dir", true, {1, 2, .mode = S_IFDIR | 0755, .has_type = true}},
		{"1:2:777:symlink", true, {1, 2, .mode = S_IFLNK | 0777, .has_type = true}},
		{"1:2:600:pipe", true, {1, 2, .mode = S_IFIFO | 0600, .has_type = true}},
		{"1:2:600:socket", true, {1, 2, .mode = S_IFSOCK | 0600, .has_type = true}},
		{"1:2:600:char-1-3", true, {1, 2, S_IFCHR | 0600, true, 0, 1, 3}},
		{"1:2:600:block-8-4294967295",
		 true,
		 {1, 2, S_IFBLK | 0600, true, 0, 8, 4294967295u}},
		{"", false},
		{"0", false},
		{"0:0", false},
		{"0:0:", false},
		{":0:755", false},
		{"0::755", false},
		{" 0:0:755", false},
		{"-1:0:755", false},
		{"0:0:758", false},
		{"0:0:0x1", false},
		{"0:0:755:", false},
		{"0:0:755:x", false},
		{"0:0:755:filex", false},
		{"0:0:755:char", false},
		{"0:0:755:char-", false},
		{"0:0:755:char-1", false},
		{"0:0:755:char-1-", false},
		{"0:0:755:char-1-2-3", false},
		{"0:0:755:char-1-4294967296", false},
		{"4294967296:0:755", false},
		{"0:0:1000000", false},
		{"99999999999999999999999999:0:755", false},
	};
	struct dialect_stat got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool ok = dialect_parse_stat(&got, rows[i].text, strlen(rows[i].text));

		if (ok != rows[i].ok)
			fail_msg("'%s'", rows[i].text);
		if (!ok)
			continue;
		assert_int_equal(got.uid, rows[i].want.uid);
		assert_int_equal(got.gid, rows[i].want.gid);
		assert_int_equal(got.mode, rows[i].want.mode);
		assert_int_equal(got.has_type, rows[i].want.has_type);
		assert_int_equal(got.claim, rows[i].want.claim);
		assert_int_equal(got.rdev_major, rows[i].want.rdev_major);
		assert_int_equal(got.rdev_minor, rows[i].want.rdev_minor);
	}
	assert_false(dialect_parse_stat(&got, "0:0:755\0", 8));
}

static void redirects_stay_inside_the_root(void **state)
{
	static const char *const good[] = {"a", "/a", "/a/b", "...", ".a", "/..a/b.", "\xff"};
	static const char *const bad[] = {"",      "/",       "//",  "a/",  "/a/", "/a//b",
					  "a/b",   ".",       "..",  "/.",  "/..", "/../a",
					  "/a/..", "/a/../b", "./a", "/a/."};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(dialect_redirect_is_valid((struct sl_bytes){good[i], strlen(good[i])}));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (dialect_redirect_is_valid((struct sl_bytes){bad[i], strlen(bad[i])}))
			fail_msg("'%s'", bad[i]);
	assert_false(dialect_redirect_is_valid((struct sl_bytes){"/a\0b", 4}));
}

static void other_values_are_what_the_kernel_takes(void **state)
{
	const struct dialect *kernel = dialect_of(SL_MARKER_OVERLAY_TRUSTED);
	const struct dialect *fuse = dialect_of(SL_MARKER_FUSE_OVERLAY);

	(void)state;
	assert_int_equal(dialect_opaque(kernel, "y", 1), 1);
	assert_int_equal(dialect_opaque(kernel, "x", 1), 0);
	assert_int_equal(dialect_opaque(kernel, "yy", 2), 0);
	assert_int_equal(dialect_opaque(kernel, "", 0), 0);
	assert_int_equal(dialect_opaque(fuse, "yes", 3), 1);
	assert_int_equal(dialect_opaque(fuse, "", 0), -1);
	assert_true(dialect_metacopy_is_valid("", 0));
	assert_true(dialect_metacopy_is_valid("\0\4\0\0", 4));
	assert_false(dialect_metacopy_is_valid("\0\3\0", 3));
	assert_false(dialect_metacopy_is_valid("\1\4\0\0", 4));
	assert_false(dialect_metacopy_is_valid("\0\5\0\0", 4));
	/* one name on disk, one in the index: what is beyond those lies in the layers below */
	assert_false(dialect_nlink_reaches_below("U-1", 3));
	assert_true(dialect_nlink_reaches_below("U+0", 3));
	assert_true(dialect_nlink_reaches_below("U+12", 4));
	assert_true(dialect_nlink_reaches_below("L+0", 3));
	assert_true(dialect_nlink_reaches_below("", 0));
}

static void the_words_of_the_command_line_are_the_names(void **state)
{
	(void)state;
	for (int i = SL_MARKER_NONE; i <= SL_MARKER_AUFS; i++)
		assert_string_equal(cli_marker_words[i], sl_marker_name((enum sl_marker)i));
	assert_null(cli_marker_words[SL_MARKER_AUFS + 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_mean_what_their_dialect_says),
		cmocka_unit_test(attributes_are_markers_in_one_dialect_and_data_in_the_others),
		cmocka_unit_test(overridden_owners_and_modes_are_read_strictly),
		cmocka_unit_test(redirects_stay_inside_the_root),
		cmocka_unit_test(other_values_are_what_the_kernel_takes),
		cmocka_unit_test(the_words_of_the_command_line_are_the_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
