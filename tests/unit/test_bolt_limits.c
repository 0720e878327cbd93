/* SPDX-License-Identifier: Apache-2.0 */
/* What reading a database may cost, whatever is in it. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "unit/boltseen.h"

static int deep_as_can_be(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct seen *s = payload;

	s->calls++;
	return item->value.data == NULL ? bolt_each(s->b, item->bucket, deep_as_can_be, s, err) : 0;
}

static int go_deep(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct seen *s = payload;

	s->b = b;
	return bolt_each(b, root, deep_as_can_be, s, err);
}

static void buckets_have_a_depth_limit(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;
	struct seen s = {0};
	struct bolt *b = NULL;

	(void)state;
	boltmake_init(&m, 1024, 40);
	boltmake_meta(&m, 0, 2, 2);
	for (uint64_t id = 2; id < 39; id++)
		LEAF(&m, id, {.key = "k", .bucket = id + 1});
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, go_deep, &s, NULL, &err), -SL_ELIMIT);
	assert_int_equal(s.calls, BOLT_DEPTH_MAX + 1);
	bolt_close(b);
}

static void branches_have_a_depth_limit(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_init(&m, 1024, 60);
	boltmake_meta(&m, 0, 2, 2);
	for (uint64_t id = 2; id < 59; id++)
		BRANCH(&m, id, {.key = "k", .child = id + 1});
	LEAF(&m, 59, {.key = "k", .text = "v"});
	assert_int_equal(seen_view(&m, &s), 0);
	assert_string_equal(s.text.data, "(gap)");
	seen_damage_is(&s, "pages above each other");
}

/* A value of 10 MiB, asked for 20 times: in a callback, and outside of one. */
struct large {
	struct bolt *b;
	struct bolt_bucket root;
	unsigned int count;
};

static int get_large(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct large *l = payload;
	struct sl_bytes value;

	if (item->value.len > 1000)
		return 0;
	l->count++;
	return bolt_get(l->b, l->root, "large", 5, &value, err);
}

static int get_in_callbacks(struct bolt *b, struct bolt_bucket root, void *payload,
			    struct sl_error *err)
{
	struct large *l = payload;
	struct sl_bytes value;
	int rc = bolt_get(b, root, "large", 5, &value, err);

	l->b = b;
	l->root = root;
	if (rc == 0)
		rc = bolt_each(b, root, get_large, l, err);
	if (rc == 0)
		assert_int_equal(value.data[value.len - 1], 'x');
	return rc;
}

static int get_outside(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct large *l = payload;
	struct sl_bytes value;
	int rc = 0;

	for (l->count = 0; rc == 0 && l->count < 20; l->count++)
		rc = bolt_get(b, root, "large", 5, &value, err);
	return rc;
}

static void memory_is_bounded(void **state)
{
	const size_t size = 8 << 20;
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_FREE char *bytes = malloc(size);
	struct boltmake_elem elems[21] = {{0}};
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;
	struct large l = {0};
	char keys[20][8];

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', size);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "k%02d", i);
		elems[i] = (struct boltmake_elem){.key = keys[i], .text = "v"};
	}
	elems[20] = (struct boltmake_elem){.key = "large", .bytes = bytes, .len = size};
	boltmake_init(&m, 4096, 2100);
	boltmake_meta(&m, 0, 2, 2);
	boltmake_leaf(&m, 2, 2060, elems, 21);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, get_in_callbacks, &l, NULL, &err), 0);
	assert_int_equal(l.count, 20);
	assert_int_equal(bolt_view(b, get_outside, &l, NULL, &err), -SL_ELIMIT);
	assert_in_range(l.count, 2, 6);
	bolt_close(b);
}

static void a_file_of_holes_is_read_in_no_time(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;

	(void)state;
	boltmake_sample(&m, 1024);
	boltmake_put(m.bytes + 16 + 40, (uint64_t)1 << 23, 8);
	boltmake_seal(m.bytes);
	boltmake_put(boltmake_page(&m, 7) + 12, (1 << 23) - 8, 4);
	fd = boltmake_fd(&m);
	assert_int_equal(ftruncate(fd, (off_t)1 << 33), 0);
	assert_int_equal(seen_view_fd(fd, &s), 0);
	seen_damage_is(&s, "page 7: larger than");
	assert_string_equal(s.text.data, "a{deep{deeper=2 } in=a } b=1 c= (gap)");
}

static void a_state_has_a_largest_size(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;

	(void)state;
	boltmake_sample(&m, 1024);
	fd = boltmake_fd(&m);
	assert_int_equal(ftruncate(fd, (off_t)1 << 42), 0);
	assert_int_equal(seen_view_fd(fd, &s), 0);
	seen_clear(&s);
	boltmake_put(m.bytes + 16 + 40, (uint64_t)1 << 32, 8);
	boltmake_seal(m.bytes);
	boltmake_write(&m, fd, 0);
	s = (struct seen){0};
	assert_int_equal(seen_view_fd(fd, &s), -SL_ELIMIT);
	assert_int_equal(s.calls, 0);
}

/* Two large pages that the cache keeps in one place: looking into both in turn must end. */
static int look_in_turn(struct bolt *b, struct bolt_bucket root, void *payload,
			struct sl_error *err)
{
	unsigned int *looks = payload;
	struct bolt_bucket one, two;
	struct sl_bytes value;
	int rc = bolt_bucket(b, root, "one", 3, &one, err);

	if (rc == 0)
		rc = bolt_bucket(b, root, "two", 3, &two, err);
	for (*looks = 0; rc == 0 && *looks < 100000; (*looks)++) {
		rc = bolt_get(b, one, "k", 1, &value, err);
		if (rc == 0)
			rc = bolt_get(b, two, "k", 1, &value, err);
	}
	return rc;
}

static void reading_again_and_again_ends(void **state)
{
	const uint32_t large = 256; /* pages */
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(boltmake_clear) struct boltmake m;
	unsigned int looks = 0;
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;

	(void)state;
	boltmake_init(&m, 1024, 3 + 2 * (size_t)large);
	boltmake_meta(&m, 0, 2, 2);
	LEAF(&m, 2, {.key = "one", .bucket = 3}, {.key = "two", .bucket = 3 + large});
	boltmake_leaf(&m, 3, large - 1, ELEMS({.key = "k", .text = "v"}), 1);
	boltmake_leaf(&m, 3 + large, large - 1, ELEMS({.key = "k", .text = "v"}), 1);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, look_in_turn, &looks, NULL, &err), -SL_ELIMIT);
	assert_in_range(looks, 500, 520);
	assert_non_null(strstr(err.msg, "times over"));
	bolt_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_have_a_depth_limit),
		cmocka_unit_test(branches_have_a_depth_limit),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(a_file_of_holes_is_read_in_no_time),
		cmocka_unit_test(a_state_has_a_largest_size),
		cmocka_unit_test(reading_again_and_again_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
