/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/spool.h"
#include "unit/fake_source.h"

static const struct sl_xattr attrs[] = {{"security.capability", "\1\0\0\2", 4},
					{"user.empty", NULL, 0}};
static const struct sl_entry old = {.path = {"etc/a", 5},
				    .mode = S_IFREG | 0644,
				    .size = 7,
				    .mtime = {5, 6},
				    .fields = SL_ENTRY_SHA256 | SL_ENTRY_MTIME,
				    .sha256 = {1, 2, 3}};
static const struct sl_entry new = {.path = {"etc/a", 5},
				    .mode = S_IFLNK | 0777,
				    .target = {"x\0y", 3},
				    .xattrs = attrs,
				    .xattr_count = 2};

static void add_three(struct spool *s)
{
	struct sl_change both = {.kind = SL_CHANGE_TYPE,
				 .fields = SL_FIELD_TYPE,
				 .signals = SL_SIGNAL_UNSTABLE,
				 .path = PATH("etc/a"),
				 .before = &old,
				 .after = &new,
				 .renamed_from = PATH("etc/old"),
				 .head = "#!/bin/sh",
				 .head_len = 9};
	struct sl_change stray = {.kind = SL_CHANGE_DELETED,
				  .signals = SL_SIGNAL_STRAY_WHITEOUT,
				  .path = PATH("ghost")};
	struct sl_gap gap = {
		.what = PATH("b"), .why = "no", .sys = 13, .is_path = true, .below = true};

	assert_int_equal(spool_add_change(s, &both, NULL), 0);
	assert_int_equal(spool_add_change(s, &stray, NULL), 0);
	assert_int_equal(spool_add_gap(s, &gap, NULL), 0);
}

static void check_three(struct spool *s)
{
	struct spool_record first, gap, stray;
	const struct sl_change *c;

	assert_int_equal(spool_next(s, &first, NULL), 0);
	assert_int_equal(spool_next(s, &stray, NULL), 0);
	/* the one before is still there: a reader may look ahead */
	c = first.change;
	assert_int_equal(c->kind, SL_CHANGE_TYPE);
	assert_int_equal(c->fields, SL_FIELD_TYPE);
	assert_int_equal(c->signals, SL_SIGNAL_UNSTABLE);
	assert_string_equal(c->path.data, "etc/a");
	assert_int_equal(c->path.len, 5);
	assert_string_equal(c->renamed_from.data, "etc/old");
	assert_memory_equal(c->head, "#!/bin/sh", 9);
	assert_int_equal(c->head_len, 9);
	assert_int_equal(c->before->size, 7);
	assert_int_equal(c->before->mtime.nsec, 6);
	assert_memory_equal(c->before->sha256, old.sha256, SL_SHA256_SIZE);
	assert_int_equal(c->after->target.len, 3);
	assert_memory_equal(c->after->target.data, "x\0y", 3);
	assert_int_equal(c->after->xattr_count, 2);
	assert_string_equal(c->after->xattrs[0].name, "security.capability");
	assert_memory_equal(c->after->xattrs[0].value, "\1\0\0\2", 4);
	assert_int_equal(c->after->xattrs[1].size, 0);
	assert_null(stray.change->before);
	assert_null(stray.change->after);
	assert_null(stray.change->renamed_from.data);
	assert_string_equal(stray.change->path.data, "ghost");
	assert_int_equal(spool_next(s, &gap, NULL), 0);
	assert_null(gap.change);
	assert_string_equal(gap.gap->what.data, "b");
	assert_string_equal(gap.gap->why, "no");
	assert_int_equal(gap.gap->sys, 13);
	assert_true(gap.gap->is_path && gap.gap->below);
}

static void what_goes_in_comes_out_in_order(void **state)
{
	struct spool_record r;
	struct spool *s = NULL;

	(void)state;
	assert_int_equal(spool_new(&s, 0, NULL), 0);
	for (int i = 0; i < 50; i++)
		add_three(s);
	assert_false(spool_has_file(s));
	assert_int_equal(spool_rewind(s, NULL), 0);
	for (int i = 0; i < 50; i++)
		check_three(s);
	assert_int_equal(spool_next(s, &r, NULL), 1);
	assert_int_equal(spool_next(s, &r, NULL), 1);
	spool_free(s);
}

static void beyond_its_memory_it_uses_a_file_that_has_no_name(void **state)
{
	char dir[] = "/tmp/strandline-spool-XXXXXX";
	struct spool_record r;
	struct spool *s = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(setenv("TMPDIR", dir, 1), 0);
	assert_int_equal(spool_new(&s, 2000, NULL), 0);
	for (int i = 0; i < 3000; i++)
		add_three(s);
	assert_true(spool_has_file(s));
	assert_int_equal(rmdir(dir), 0); /* nothing is in it: the file has no name */
	assert_int_equal(spool_rewind(s, NULL), 0);
	for (int i = 0; i < 3000; i++)
		check_three(s);
	assert_int_equal(spool_next(s, &r, NULL), 1);
	spool_free(s);
	unsetenv("TMPDIR");
}

static void an_empty_spool_ends_at_once(void **state)
{
	struct spool_record r;
	struct spool *s = NULL;

	(void)state;
	assert_int_equal(spool_new(&s, 1, NULL), 0);
	assert_int_equal(spool_rewind(s, NULL), 0);
	assert_int_equal(spool_next(s, &r, NULL), 1);
	assert_null(r.change);
	assert_null(r.gap);
	spool_free(s);
	spool_free(NULL);
}

static void a_record_beyond_the_bound_is_refused_and_the_rest_stays(void **state)
{
	static char huge[SPOOL_RECORD + 1];
	const struct sl_xattr list[] = {{"user.huge", huge, sizeof(huge)}};
	const struct sl_entry e = {.path = PATH("a"), .xattrs = list, .xattr_count = 1};
	struct sl_change c = {.kind = SL_CHANGE_ADDED, .path = PATH("a"), .after = &e};
	struct spool_record r;
	struct spool *s = NULL;

	(void)state;
	assert_int_equal(spool_new(&s, 0, NULL), 0);
	add_three(s);
	assert_int_equal(spool_add_change(s, &c, NULL), -SL_ELIMIT);
	add_three(s);
	assert_int_equal(spool_rewind(s, NULL), 0);
	check_three(s);
	check_three(s);
	assert_int_equal(spool_next(s, &r, NULL), 1);
	spool_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out_in_order),
		cmocka_unit_test(beyond_its_memory_it_uses_a_file_that_has_no_name),
		cmocka_unit_test(an_empty_spool_ends_at_once),
		cmocka_unit_test(a_record_beyond_the_bound_is_refused_and_the_rest_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
