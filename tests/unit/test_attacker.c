/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An attacker becomes root while a bundle's third segment is written. He has the file and every key
 * that is still on the machine, which is the third one alone. What he can do, and what he cannot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <strandline/bundle.h>

#include "core/digest.h"
#include "unit/bundle_maker.h"

static struct sl_verify_result result;

/* The bundle as it was when a segment had been filled or sealed. */
struct scene {
	struct maker now; /* in the third segment */
	struct maker in_first, after_first, in_second;
	char first_note[4096]; /* told to somebody else */
};

static void copy_buf(struct buf *out, const struct buf *from)
{
	*out = BUF_INIT(SIZE_MAX / 2);
	assert_int_equal(buf_append(out, from->data, from->len), 0);
}

/* All that can be read of a bundle; no keys. */
static void copy(struct maker *out, const struct maker *m)
{
	*out = *m;
	copy_buf(&out->file, &m->file);
	copy_buf(&out->tar, &m->tar);
	copy_buf(&out->journal, &m->journal);
	copy_buf(&out->table, &m->table);
	assert_int_equal(sha256_new(&out->hash, NULL), 0);
	out->tree.h = out->hash;
	out->key = out->next_key = out->long_key = NULL;
}

static int set_up(void **state)
{
	static struct scene s;
	struct maker *m = &s.now;

	maker_begin(m, false);
	(void)maker_file(m, 1, "upper", "a", "a", 1, "");
	copy(&s.in_first, m);
	maker_segment(m);
	memcpy(s.first_note, m->note, sizeof(s.first_note));
	copy(&s.after_first, m);
	(void)maker_file(m, 1, "upper", "b", "b", 1, "");
	copy(&s.in_second, m);
	maker_segment(m);
	(void)maker_file(m, 1, "upper", "c", "c", 1, "");
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	maker_clear(&s->now);
	maker_clear(&s->in_first);
	maker_clear(&s->after_first);
	maker_clear(&s->in_second);
	sl_verify_result_clear(&result);
	return 0;
}

/* Give the key that is on the machine to a copy, or back. */
static void hand_over(struct maker *from, struct maker *to)
{
	to->key = from->key;
	from->key = NULL;
}

static enum sl_verdict judge(const struct maker *m, const char *note)
{
	struct sl_verify_options options = {.note = note,
					    .note_len = note != NULL ? strlen(note) : 0};
	struct sl_error err = SL_ERROR_INIT;
	int fd = maker_fd(m->file.data, m->file.len);

	sl_verify_result_clear(&result);
	assert_int_equal(sl_bundle_verify(fd, &options, &result, &err), 0);
	close(fd);
	return result.verdict;
}

static void finish(struct maker *m)
{
	maker_close(m, "complete");
	maker_tail(m);
}

static void an_earlier_segment_cannot_be_rewritten(void **state)
{
	struct scene *s = *state;

	hand_over(&s->now, &s->in_second);
	(void)maker_file(&s->in_second, 1, "upper", "planted", "x", 1, "");
	maker_segment(&s->in_second);
	finish(&s->in_second);
	assert_int_equal(judge(&s->in_second, NULL), SL_VERDICT_BROKEN);
	assert_int_equal(result.fault_segment, 1);
	/* what was sealed before still holds */
	assert_int_equal(result.attested, s->after_first.seq);
}

static void the_beginning_cannot_be_rewritten(void **state)
{
	struct scene *s = *state;

	hand_over(&s->now, &s->in_first);
	(void)maker_file(&s->in_first, 1, "upper", "planted", "x", 1, "");
	maker_segment(&s->in_first);
	finish(&s->in_first);
	assert_int_equal(judge(&s->in_first, NULL), SL_VERDICT_BROKEN);
	assert_int_equal(result.fault_segment, 0);
	assert_int_equal(result.attested, 0);
}

static void a_cut_bundle_cannot_be_closed(void **state)
{
	struct scene *s = *state;

	assert_int_equal(judge(&s->after_first, NULL), SL_VERDICT_INCOMPLETE);
	hand_over(&s->now, &s->after_first);
	finish(&s->after_first);
	assert_int_equal(judge(&s->after_first, NULL), SL_VERDICT_BROKEN);
	assert_int_equal(result.fault_segment, 1);
}

static void from_then_on_he_can_lie(void **state)
{
	struct scene *s = *state;

	(void)maker_file(&s->now, 1, "upper", "planted", "x", 1, "");
	finish(&s->now);
	assert_int_equal(judge(&s->now, NULL), SL_VERDICT_SELF_CONSISTENT);
	/* and not even what was told before contradicts him */
	assert_int_equal(judge(&s->now, s->first_note), SL_VERDICT_ANCHORED);
}

static void a_bundle_of_his_own_fails_an_outside_anchor_alone(void **state)
{
	struct scene *s = *state;
	struct sl_verify_options options = {.fingerprint = s->now.fingerprint};
	struct maker own;
	int fd;

	maker_small(&own, false);
	assert_int_equal(judge(&own, NULL), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(judge(&own, s->first_note), SL_VERDICT_BROKEN);
	sl_verify_result_clear(&result);
	fd = maker_fd(own.file.data, own.file.len);
	assert_int_equal(sl_bundle_verify(fd, &options, &result, NULL), 0);
	assert_int_equal(result.verdict, SL_VERDICT_BROKEN);
	close(fd);
	maker_clear(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_earlier_segment_cannot_be_rewritten, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_beginning_cannot_be_rewritten, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_cut_bundle_cannot_be_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(from_then_on_he_can_lie, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bundle_of_his_own_fails_an_outside_anchor_alone,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
