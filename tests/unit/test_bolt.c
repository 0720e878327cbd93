/* SPDX-License-Identifier: Apache-2.0 */
/* A database read whole: what there is, and what the reader of a value says of it. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "unit/boltseen.h"

static void all_kinds_of_elements_are_read_whatever_the_page_size(void **state)
{
	static const size_t sizes[] = {1024, 4096, 65536};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP(seen_clear) struct seen s = {0};
		CLEANUP(boltmake_clear) struct boltmake m;

		boltmake_sample(&m, sizes[i]);
		assert_int_equal(seen_view(&m, &s), 0);
		assert_string_equal(s.text.data, "a{deep{deeper=2 } in=a } b=1 c= m{k=v l= } "
						 "n=xxxxxxxxxxxxxxxxxxxx o{} ");
		assert_int_equal(s.calls, 1);
		assert_false(s.stale);
		assert_null(s.damage);
	}
}

static int look_up(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	static const char *const missing[] = {"", "A", "aa", "ba", "lz", "p", "mm"};
	struct sl_bytes one, empty, deeper, inner;
	struct bolt_bucket bucket;

	(void)payload;
	assert_int_equal(bolt_get(b, root, "b", 1, &one, err), 0);
	assert_int_equal(bolt_get(b, root, "c", 1, &empty, err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		size_t len = strlen(missing[i]);

		assert_int_equal(bolt_get(b, root, missing[i], len, &inner, err), 1);
		assert_int_equal(bolt_bucket(b, root, missing[i], len, &bucket, err), 1);
	}
	/* a bucket is no value, a value is no bucket */
	assert_int_equal(bolt_get(b, root, "a", 1, &inner, err), 1);
	assert_int_equal(bolt_bucket(b, root, "b", 1, &bucket, err), 1);
	assert_int_equal(bolt_path(b, root, &bucket, err, "a", "deep", NULL), 0);
	assert_int_equal(bolt_get(b, bucket, "deeper", 6, &deeper, err), 0);
	assert_int_equal(bolt_path(b, root, &bucket, err, "a", "none", "deep", NULL), 1);
	assert_int_equal(bolt_path(b, root, &bucket, err, "m", NULL), 0);
	assert_int_equal(bolt_get(b, bucket, "k", 1, &inner, err), 0);
	/* all of it is still there */
	assert_string_equal(one.data, "1");
	assert_string_equal(empty.data, "");
	assert_string_equal(deeper.data, "2");
	assert_string_equal(inner.data, "v");
	return 7;
}

static void keys_are_found_and_values_stay_until_the_end_of_the_view(void **state)
{
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;

	(void)state;
	boltmake_sample(&m, 1024);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, look_up, NULL, NULL, NULL), 7);
	bolt_close(b);
}

/* A caller for whom the value is wrong, in the newest state or in all; or who gives up on the way.
 */
struct picky {
	const char *wrong;
	int rc;
	unsigned int calls;
	bool salvaged;
};

static int pick(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct picky *p = payload;
	struct sl_bytes value;
	int rc = bolt_get(b, root, "k", 1, &value, err);

	p->calls++;
	p->salvaged = bolt_salvaging(b);
	if (rc != 0)
		return rc;
	if (p->calls > 1 && p->rc < 0)
		return sl_fail(err, (enum sl_code) - p->rc, 0, "given up");
	return strstr(value.data, p->wrong) == NULL
		       ? 0
		       : sl_fail(err, SL_EFORMAT, 0, "no such value: %s", value.data);
}

static const struct {
	const char *what, *wrong;
	int fails, rc;
	unsigned int calls;
	bool stale, salvaged;
} verdicts[] = {
	{"good", "none", 0, 0, 1, false, false},
	{"the newest is wrong", "new", 0, 0, 2, true, false},
	{"all are wrong", "", 0, -SL_EFORMAT, 3, false, true},
	{"given up after the first", "new", -SL_ECANCELLED, -SL_ECANCELLED, 2, false, false},
};

static void the_callers_verdict_on_a_value_counts_like_a_bad_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		struct picky p = {.wrong = verdicts[i].wrong, .rc = verdicts[i].fails};
		CLEANUP(boltmake_clear) struct boltmake m;
		AUTO_CLOSE int fd = -1;
		struct bolt *b = NULL;
		bool stale = true;

		boltmake_two(&m);
		fd = boltmake_fd(&m);
		assert_int_equal(bolt_open(&b, fd, NULL), 0);
		if (bolt_view(b, pick, &p, &stale, &err) != verdicts[i].rc ||
		    p.calls != verdicts[i].calls || p.salvaged != verdicts[i].salvaged ||
		    stale != verdicts[i].stale)
			fail_msg("%s: %u calls", verdicts[i].what, p.calls);
		if (i > 0)
			assert_string_equal(bolt_damage(b), "no such value: new");
		else
			assert_null(bolt_damage(b));
		bolt_close(b);
	}
}

static int refuse(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	unsigned int *calls = payload;

	(void)b;
	(void)root;
	(*calls)++;
	return sl_fail(err, SL_ECANCELLED, 0, "no");
}

static void another_failure_ends_the_view(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;
	unsigned int calls = 0;

	(void)state;
	boltmake_two(&m);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, refuse, &calls, NULL, &err), -SL_ECANCELLED);
	assert_int_equal(calls, 1);
	bolt_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_of_elements_are_read_whatever_the_page_size),
		cmocka_unit_test(keys_are_found_and_values_stay_until_the_end_of_the_view),
		cmocka_unit_test(the_callers_verdict_on_a_value_counts_like_a_bad_page),
		cmocka_unit_test(another_failure_ends_the_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
