/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/mountinfo.h"
#include "host/overlayopts.h"

static int next(struct mountinfo *m, struct mountinfo_row *row)
{
	return mountinfo_next(m, row, NULL);
}

static void assert_field(struct sl_bytes field, const char *want)
{
	if (!mountinfo_is(field, want))
		fail_msg("'%.*s', want '%s'", (int)field.len, field.data, want);
}

static void a_line_has_any_number_of_optional_fields(void **state)
{
	static const char text[] = "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
				   "61 43 8:17 /sub /mnt/a\\040b rw shared:1 master:2 "
				   "propagate_from:3 - ext4 /dev/sdb1 rw,discard\n"
				   "62 61 0:40 / / rw unbindable - overlay  rw,lowerdir=a b";
	struct mountinfo m = MOUNTINFO_INIT(text, sizeof(text) - 1);
	struct mountinfo_row row;

	(void)state;
	assert_int_equal(next(&m, &row), 0);
	assert_int_equal(row.id, 22);
	assert_int_equal(row.parent, 27);
	assert_field(row.type, "proc");
	assert_int_equal(next(&m, &row), 0);
	assert_int_equal(row.major, 8);
	assert_int_equal(row.minor, 17);
	assert_field(row.root, "/sub");
	assert_field(row.point, "/mnt/a\\040b");
	assert_field(row.source, "/dev/sdb1");
	assert_field(row.options, "rw,discard");
	assert_int_equal(next(&m, &row), 0);
	assert_field(row.source, "");
	assert_field(row.options, "rw,lowerdir=a b"); /* no newline, a space that is not escaped */
	assert_int_equal(m.line, 3);
	assert_int_equal(next(&m, &row), 1);
}

static void a_line_that_is_none_costs_that_line(void **state)
{
	static const char *const bad[] = {
		"",
		"22",
		"22 27 0:21 / /proc rw,relatime",
		"22 27 0:21 / /proc rw - proc proc",
		"22 27 0:21 / /proc rw - proc",
		"x 27 0:21 / /proc rw - proc proc rw",
		"-1 27 0:21 / /proc rw - proc proc rw",
		"22 27 021 / /proc rw - proc proc rw",
		"22 27 0:4294967296 / /proc rw - proc proc rw",
		"18446744073709551616 27 0:1 / /proc rw - proc proc rw",
		"22 27 0: / /proc rw - proc proc rw",
		"22 27 0:21 / proc rw - proc proc rw",
		"22 27 0:21  /proc rw - proc proc rw",
		"22 27 0:21 / /proc rw -  proc rw",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO_FREE char *text = NULL;
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		struct mountinfo_row row;
		struct mountinfo m;

		assert_true(asprintf(&text, "%s\n1 2 0:3 / / rw - tmpfs none rw\n", bad[i]) >= 0);
		m = MOUNTINFO_INIT(text, strlen(text));
		if (mountinfo_next(&m, &row, &err) != -SL_EFORMAT)
			fail_msg("taken: %s", bad[i]);
		assert_string_equal(sl_error_text(&err), "line 1 is no mount");
		assert_int_equal(next(&m, &row), 0);
		assert_int_equal(row.minor, 3);
	}
}

static const struct escape_row {
	const char *escaped, *plain;
} escapes[] = {
	{"a\\040b\\011c\\012d\\134e", "a b\tc\nd\\e"},
	{"\\134040", "\\040"}, /* once, not twice */
	{"\\377", "\377"},
	{"\\400", "\\400"},
	{"\\08", "\\08"},
	{"\\04", "\\04"},
	{"tail\\", "tail\\"},
	{"", ""},
};

static void escapes_are_octal_and_undone_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(100);

		assert_int_equal(mountinfo_decode(&out,
						  (struct sl_bytes){escapes[i].escaped,
								    strlen(escapes[i].escaped)},
						  NULL),
				 0);
		assert_string_equal(out.data, escapes[i].plain);
	}
}

static void a_nul_and_a_long_path_are_refused(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(3);

	(void)state;
	assert_int_equal(mountinfo_decode(&out, (struct sl_bytes){"a\\000", 5}, NULL), -SL_EFORMAT);
	buf_reset(&out);
	assert_int_equal(mountinfo_decode(&out, (struct sl_bytes){"abcd", 4}, NULL), -SL_ELIMIT);
}

/* Each lower directory of @lowers ends with a bar; those for data only are in brackets. */
static const struct options_row {
	const char *what, *options, *upper, *lowers;
	bool userxattr, is_volatile;
} options[] = {
	{"as docker mounts",
	 "rw,lowerdir=/d/l/AAA:/d/l/BBB,upperdir=/d/1/diff,workdir=/d/1/work,index=off,uuid=on",
	 "/d/1/diff", "/d/l/AAA|/d/l/BBB|", false, false},
	{"the first one is not the last of the mount's own", "ro,lowerdir=/a:/b", NULL, "/a|/b|",
	 false, false},
	{"escapes in both ways",
	 "rw,lowerdir=G\\040sp/l\\134\\0541:G\\040sp/l\\134:2,upperdir=u\\134:p", "u:p",
	 "G sp/l,1|G sp/l:2|", false, false},
	{"an escaped comma parts nothing", "rw,lowerdir=/a\\054upperdir=/x,upperdir=/u", "/u",
	 "/a,upperdir=/x|", false, false},
	{"data only", "rw,lowerdir=/a:/b::/c::/d,upperdir=/u", "/u", "/a|/b|[/c]|[/d]|", false,
	 false},
	{"the new way, where a colon is a colon",
	 "rw,upperdir=/u,lowerdir+=/a:1,lowerdir+=/b\\134:c,datadir+=/d,datadir+=/e", "/u",
	 "/a:1|/b\\:c|[/d]|[/e]|", false, false},
	{"relative, as containerd writes a long list",
	 "rw,lowerdir=45/fs:44/fs,upperdir=/c/46/fs,workdir=/c/46/work", "/c/46/fs", "45/fs|44/fs|",
	 false, false},
	{"in a user namespace", "rw,lowerdir=/a,upperdir=/u,workdir=/w,userxattr", "/u", "/a|",
	 true, false},
	{"volatile", "rw,lowerdir=/a,upperdir=/u,workdir=/w,volatile", "/u", "/a|", false, true},
	{"volatile, as later kernels say", "rw,lowerdir=/a,upperdir=/u,fsync=volatile", "/u", "/a|",
	 false, true},
	{"a path that looks like an option", "rw,lowerdir=/userxattr,upperdir=/volatile",
	 "/volatile", "/userxattr|", false, false},
};

static void list_lowers(struct buf *out, const struct overlayopts *o)
{
	for (size_t i = 0; i < o->lower_count; i++) {
		bool is_data = i >= o->lower_count - o->data_count;

		assert_int_equal(buf_printf(out, is_data ? "[%s]|" : "%s|", o->lowers[i]), 0);
	}
}

static void an_overlay_names_its_directories(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct options_row *r = &options[i];
		CLEANUP(overlayopts_clear) struct overlayopts o = {0};
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		CLEANUP(buf_clear) struct buf lowers = BUF_INIT(1000);

		if (overlayopts_parse(&o, (struct sl_bytes){r->options, strlen(r->options)}, &err) <
		    0)
			fail_msg("%s: %s", r->what, sl_error_text(&err));
		list_lowers(&lowers, &o);
		if (strcmp(lowers.data, r->lowers) != 0)
			fail_msg("%s: %s", r->what, lowers.data);
		if (r->upper == NULL ? o.upper != NULL : strcmp(o.upper, r->upper) != 0)
			fail_msg("%s: upper %s", r->what, o.upper);
		assert_int_equal(o.userxattr, r->userxattr);
		assert_int_equal(o.is_volatile, r->is_volatile);
	}
}

static void a_stack_higher_than_the_kernels_is_refused(void **state)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(100000);
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct overlayopts o;

	(void)state;
	(void)buf_append_str(&text, "rw,lowerdir=a");
	for (int i = 1; i < OVERLAY_LOWERS_MAX; i++)
		(void)buf_append_str(&text, ":a");
	assert_int_equal(overlayopts_parse(&o, (struct sl_bytes){text.data, text.len}, &err), 0);
	overlayopts_clear(&o);
	(void)buf_append_str(&text, ":a");
	assert_int_equal(overlayopts_parse(&o, (struct sl_bytes){text.data, text.len}, &err),
			 -SL_ELIMIT);
	assert_string_equal(sl_error_text(&err), "more than 500 lower directories");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_any_number_of_optional_fields),
		cmocka_unit_test(a_line_that_is_none_costs_that_line),
		cmocka_unit_test(escapes_are_octal_and_undone_once),
		cmocka_unit_test(a_nul_and_a_long_path_are_refused),
		cmocka_unit_test(an_overlay_names_its_directories),
		cmocka_unit_test(a_stack_higher_than_the_kernels_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
