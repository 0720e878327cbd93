/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "snapshot/recording.h"
#include "unit/fake_source.h"

#define MANY 20000

/* Entry @i of a tree that is canonical by construction. */
static struct sl_entry nth(int i, char path[64], struct sl_xattr *x)
{
	static const char value[300] = {1, 2, 3};
	struct sl_entry e = {.mode = S_IFREG | 0644, .size = (uint64_t)i, .mtime = {i, 5}};

	e.path.data = path;
	e.path.len = (size_t)snprintf(path, 64, "dir/%08d", i);
	if (i % 7 == 0) {
		*x = (struct sl_xattr){"user.n", value, (size_t)(i % 300)};
		e.xattrs = x;
		e.xattr_count = 1;
	}
	return e;
}

static struct recording *record(int count)
{
	struct recording *r;
	struct sl_xattr x;
	char path[64];

	assert_int_equal(recording_new(&r, NULL), 0);
	for (int i = 0; i < count; i++) {
		struct sl_entry e = nth(i, path, &x);

		assert_int_equal(recording_add(r, &e, 1000 + (uint64_t)i, NULL), 0);
	}
	return r;
}

static void expect_nth(struct sl_source *src, int i)
{
	const struct sl_entry *e;
	struct sl_xattr x;
	char path[64];
	struct sl_entry want = nth(i, path, &x);

	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, path);
	assert_int_equal(e->size, i);
	assert_int_equal(e->xattr_count, want.xattr_count);
	if (want.xattr_count > 0)
		assert_memory_equal(e->xattrs[0].value, x.value, x.size);
	assert_int_equal(recording_number(src), 1000 + i);
}

static void what_was_recorded_is_replayed(void **state)
{
	static const int counts[] = {0, 1, 50, MANY};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
		struct recording *r = record(counts[c]);
		const struct sl_entry *e;
		struct sl_content *content;
		struct sl_source *src;

		assert_int_equal(recording_open(&src, r, NULL), 0);
		for (int i = 0; i < counts[c]; i++)
			expect_nth(src, i);
		if (counts[c] > 0)
			assert_int_equal(sl_source_open(src, &content, NULL), 1);
		assert_int_equal(sl_source_next(src, &e, NULL), 1);
		assert_null(sl_source_gap(src));
		sl_source_close(src);
		recording_free(r);
	}
}

static void a_replay_seeks_both_ways(void **state)
{
	struct recording *r = record(MANY);
	const struct sl_entry *e;
	struct sl_source *src;

	(void)state;
	assert_int_equal(recording_open(&src, r, NULL), 0);
	assert_int_equal(sl_source_seek(src, PATH("dir/00015000"), NULL), 0);
	expect_nth(src, 15000);
	expect_nth(src, 15001);
	assert_int_equal(sl_source_seek(src, PATH("dir/00015001"), NULL), 0);
	expect_nth(src, 15001);
	assert_int_equal(sl_source_seek(src, PATH("dir/00000003a"), NULL), 0);
	expect_nth(src, 4);
	assert_int_equal(sl_source_seek(src, PATH(""), NULL), 0);
	assert_int_equal(sl_source_seek(src, PATH(""), NULL), 0);
	expect_nth(src, 0);
	assert_int_equal(sl_source_seek(src, PATH("zzz"), NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 1);
	assert_int_equal(sl_source_seek(src, PATH("dir"), NULL), 0);
	expect_nth(src, 0);
	sl_source_close(src);
	recording_free(r);
}

static void two_replays_do_not_disturb_each_other(void **state)
{
	struct recording *r = record(MANY);
	struct sl_source *a, *b;

	(void)state;
	assert_int_equal(recording_open(&a, r, NULL), 0);
	assert_int_equal(recording_open(&b, r, NULL), 0);
	for (int i = 0; i < 100; i++)
		expect_nth(a, i);
	assert_int_equal(sl_source_seek(b, PATH("dir/00012345"), NULL), 0);
	expect_nth(b, 12345);
	expect_nth(a, 100);
	sl_source_close(a);
	sl_source_close(b);
	recording_free(r);
	recording_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_recorded_is_replayed),
		cmocka_unit_test(a_replay_seeks_both_ways),
		cmocka_unit_test(two_replays_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
