/* SPDX-License-Identifier: Apache-2.0 */
/* What is damaged, and what is no database at all. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "unit/boltseen.h"

static void a_damaged_bucket_costs_itself(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_sample(&m, 1024);
	boltmake_page(&m, 6)[8] = 3;
	assert_int_equal(seen_view(&m, &s), 0);
	assert_string_equal(s.text.data, "a{deep{(gap)} in=a } b=1 c= m{k=v l= } "
					 "n=xxxxxxxxxxxxxxxxxxxx o{} ");
	seen_damage_is(&s, "page 6");
}

/* Every page of the sample is changed in one way; the walk must end and name what is wrong. */
static const struct crime {
	const char *what, *says;
	uint64_t page;
	size_t at, len;
	uint64_t number;
} crimes[] = {
	{"the root is a meta page", "page 1", 0, 16 + 16, 8, 1},
	{"the root is behind the state", "page 12: no page of this state", 0, 16 + 16, 8, 12},
	{"a page has another's number", "says that it is page 5", 4, 0, 8, 5},
	{"no known kind", "neither a branch nor a leaf", 4, 8, 2, 0x10},
	{"two kinds", "neither a branch nor a leaf", 4, 8, 2, 3},
	{"too many elements", "elements in 1024 bytes", 4, 10, 2, 65535},
	{"a branch of nothing", "leads nowhere", 3, 10, 2, 0},
	{"overflow behind the state", "pages more", 7, 12, 4, 5},
	{"overflow as large as can be", "pages more", 7, 12, 4, UINT32_MAX},
	{"overflow over another's pages", "used in two places", 7, 12, 4, 2},
	{"a key before its page", "element 1", 4, 16 + 16 + 4, 4, 8},
	{"a key behind its page", "element 1", 4, 16 + 16 + 4, 4, 1024},
	{"a key far behind", "element 1", 4, 16 + 16 + 4, 4, UINT32_MAX},
	{"an empty key", "element 1", 4, 16 + 16 + 8, 4, 0},
	{"a long key", "element 1", 4, 16 + 16 + 8, 4, UINT32_MAX},
	{"a long value", "element 1", 4, 16 + 16 + 12, 4, UINT32_MAX},
	{"two elements share bytes", "element 2", 4, 16 + 16 + 12, 4, 2},
	{"keys descend", "key 1 is out of order", 4, 16 + 3 * 16 + 1 + 16, 1, 'A'},
	{"a key twice", "key 1 is out of order", 4, 16 + 3 * 16 + 1 + 16, 1, 'a'},
	{"a key that belongs elsewhere", "not those that page 3 promises", 4, 16 + 3 * 16 + 19, 1,
	 'n'},
	{"a key below its page's", "not those that page 3 promises", 7, 16 + 3 * 16, 1, 'l'},
	{"a bucket without a root", "bucket 0 has no root", 4, 16 + 12, 4, 15},
	{"a bucket's root is a meta page", "no page of this state", 5, 16 + 2 * 16 + 4, 8, 1},
	{"an inline bucket without a page", "no page: 0 bytes", 5, 16 + 2 * 16 + 4, 8, 0},
	{"a bucket within itself", "used in two places", 5, 16 + 2 * 16 + 4, 8, 5},
	{"a bucket that is its parent", "used in two places", 5, 16 + 2 * 16 + 4, 8, 3},
	{"two buckets on one page", "used in two places", 5, 16 + 2 * 16 + 4, 8, 9},
	{"a branch to its own", "used in two places", 3, 16 + 8, 8, 3},
	{"one page twice below a branch", "used in two places", 3, 16 + 16 + 8, 8, 4},
	{"an inline page with a number", "inline in page 7", 7, 16 + 3 * 16 + 1 + 16, 8, 7},
	{"an inline branch", "inline in page 7", 7, 16 + 3 * 16 + 1 + 16 + 8, 2, 1},
	{"an inline page with overflow", "cannot be inline", 7, 16 + 3 * 16 + 1 + 16 + 12, 4, 1},
	{"a bucket in an inline one", "inline in page 7", 7, 16 + 3 * 16 + 1 + 32, 4, 1},
};

static void pages_that_do_not_hold_together_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(crimes); i++) {
		const struct crime *c = &crimes[i];
		CLEANUP(seen_clear) struct seen s = {0};
		CLEANUP(boltmake_clear) struct boltmake m;
		int rc;

		boltmake_sample(&m, 1024);
		boltmake_put(boltmake_page(&m, c->page) + c->at, c->number, c->len);
		if (c->page == 0) /* both meta pages name the same state */
			boltmake_meta(&m, 1, 3, c->number);
		boltmake_seal(boltmake_page(&m, 0));
		rc = seen_view(&m, &s);
		if (rc != 0 || s.calls != 3 || s.damage == NULL ||
		    strstr(s.damage, c->says) == NULL)
			fail_msg("%s: %d after %u, '%s'", c->what, rc, s.calls,
				 s.damage != NULL ? s.damage : "no damage");
	}
}

static void an_inline_bucket_holds_no_bucket(void **state)
{
	uint8_t inner[64] = {0}, outer[200] = {0};
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;
	size_t len = boltmake_inline(inner, sizeof(inner), ELEMS({.key = "k", .text = "v"}), 1);

	(void)state;
	len = boltmake_inline(outer, sizeof(outer),
			      ELEMS({.key = "in", .bytes = inner, .len = len, .is_inline = true}),
			      1);
	boltmake_init(&m, 1024, 4);
	boltmake_meta(&m, 0, 2, 3);
	LEAF(&m, 3, {.key = "out", .bytes = outer, .len = len, .is_inline = true});
	assert_int_equal(seen_view(&m, &s), 0);
	assert_string_equal(s.text.data, "out{(gap)} ");
	seen_damage_is(&s, "cannot be inline");
}

static int fail_twice(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct bolt_bucket one, two;
	struct sl_bytes value;
	unsigned int *calls = payload;

	(*calls)++;
	assert_int_equal(bolt_bucket(b, root, "a", 1, &one, err), 0);
	assert_int_equal(bolt_bucket(b, root, "b", 1, &two, err), 0);
	assert_int_equal(bolt_get(b, two, "k", 1, &value, err), 0);
	assert_int_equal(bolt_get(b, one, "k", 1, &value, err), -SL_EFORMAT);
	return bolt_get(b, one, "k", 1, &value, err);
}

static void what_failed_once_fails_again(void **state)
{
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;
	unsigned int calls = 0;
	struct bolt *b = NULL;

	(void)state;
	boltmake_init(&m, 1024, 8);
	boltmake_meta(&m, 0, 2, 2);
	LEAF(&m, 2, {.key = "a", .bucket = 4}, {.key = "b", .bucket = 5});
	boltmake_leaf(&m, 4, 3, ELEMS({.key = "k", .text = "v"}), 1);
	boltmake_leaf(&m, 5, 1, ELEMS({.key = "k", .text = "v"}), 1);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, fail_twice, &calls, NULL, NULL), -SL_EFORMAT);
	assert_int_equal(calls, 2);
	bolt_close(b);
}

static void pages_that_overlap_are_damage(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_init(&m, 1024, 8);
	boltmake_meta(&m, 0, 2, 2);
	boltmake_leaf(&m, 3, 3, ELEMS({.key = "k", .text = "v"}), 1);
	LEAF(&m, 2, {.key = "a", .bucket = 3}, {.key = "b", .bucket = 5});
	boltmake_leaf(&m, 5, 2, ELEMS({.key = "k", .text = "v"}), 1);
	assert_int_equal(seen_view(&m, &s), 0);
	assert_string_equal(s.text.data, "a{k=v } b{(gap)} ");
	seen_damage_is(&s, "page 5: used in two places");
}

static void a_file_that_was_cut_is_read_as_far_as_it_goes(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;

	(void)state;
	boltmake_sample(&m, 1024);
	fd = boltmake_fd(&m);
	assert_int_equal(ftruncate(fd, 7 * 1024 + 512), 0);
	assert_int_equal(seen_view_fd(fd, &s), 0);
	assert_string_equal(s.text.data, "a{deep{deeper=2 } in=a } b=1 c= (gap)");
	seen_damage_is(&s, "page 7: behind the end of the file");
}

/* What is no database, or none that can be read, is told apart when it is opened. */
static const struct {
	const char *what;
	size_t at, len;
	uint64_t number;
	bool unsealed;
	enum sl_code code;
} strangers[] = {
	{"another magic", 16, 4, 0x12345678, false, SL_EFORMAT},
	{"the other byte order", 16, 4, 0xEDDA0CED, true, SL_EUNSUPPORTED},
	{"another version", 20, 4, 3, false, SL_EUNSUPPORTED},
	{"a wrong checksum", 72, 8, 1, true, SL_EFORMAT},
	{"no page size", 24, 4, 0, false, SL_EFORMAT},
	{"an odd page size", 24, 4, 4097, false, SL_EFORMAT},
	{"tiny pages", 24, 4, 512, false, SL_EFORMAT},
	{"huge pages", 24, 4, 1 << 25, false, SL_EFORMAT},
};

static void what_is_no_database_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		CLEANUP(boltmake_clear) struct boltmake m;
		AUTO_CLOSE int fd = -1;
		struct bolt *b = NULL;
		int rc;

		boltmake_two(&m);
		memset(boltmake_page(&m, 1), 0, 1024);
		boltmake_put(m.bytes + strangers[i].at, strangers[i].number, strangers[i].len);
		if (!strangers[i].unsealed)
			boltmake_seal(m.bytes);
		fd = boltmake_fd(&m);
		rc = bolt_open(&b, fd, &err);
		if (rc != -(int)strangers[i].code)
			fail_msg("%s: %d %s", strangers[i].what, rc, sl_error_text(&err));
	}
}

static void what_is_no_file_is_never_opened(void **state)
{
	char dir[] = "/tmp/strandline-bolt.XXXXXX";
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	AUTO_CLOSE int dir_fd = -1, fifo = -1;
	struct bolt *b = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkfifoat(dir_fd, "f", 0600), 0);
	fifo = openat(dir_fd, "f", O_PATH | O_CLOEXEC);
	assert_int_equal(bolt_open(&b, fifo, &err), -SL_EINVAL);
	assert_true(bolt_open(&b, dir_fd, &err) < 0);
	assert_int_equal(unlinkat(dir_fd, "f", 0), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_damaged_bucket_costs_itself),
		cmocka_unit_test(pages_that_do_not_hold_together_are_named),
		cmocka_unit_test(an_inline_bucket_holds_no_bucket),
		cmocka_unit_test(pages_that_overlap_are_damage),
		cmocka_unit_test(what_failed_once_fails_again),
		cmocka_unit_test(a_file_that_was_cut_is_read_as_far_as_it_goes),
		cmocka_unit_test(what_is_no_database_is_refused),
		cmocka_unit_test(what_is_no_file_is_never_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
