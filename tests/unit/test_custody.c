/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "forensics/custodychain.h"

struct people {
	struct sign_key *keys[2];
};

static int set_up(void **state)
{
	struct people *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(sign_key_generate(&p->keys[i], NULL), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct people *p = *state;

	for (size_t i = 0; i < 2; i++)
		sign_key_free(p->keys[i]);
	free(p);
	return 0;
}

static struct custody_event event_of(const struct people *p, size_t who, enum custody_action action)
{
	struct custody_event e = {.action = action,
				  .by = "somebody",
				  .t = {.sec = 1000},
				  .file = {.name = "f", .bytes = 7, .sha256 = {1}},
				  .matches = true,
				  .host = "h"};

	sign_key_public(p->keys[who], e.key);
	return e;
}

static void id_of(const struct people *p, size_t who, uint8_t out[SL_SHA256_SIZE])
{
	uint8_t key[SIGN_PUBLIC_SIZE], spki[SIGN_SPKI_SIZE];

	sign_key_public(p->keys[who], key);
	sign_spki(key, spki);
	assert_int_equal(sha256_once(spki, sizeof(spki), out, NULL), 0);
}

/* ---- lines ---- */

static void a_line_is_read_as_it_was_written(void **state)
{
	const struct people *p = *state;
	struct custody_event e = event_of(p, 0, CUSTODY_TRANSFERRED);
	struct buf line = BUF_INIT(CUSTODY_LINE_BYTES);
	struct custody_line l;

	e.seq = 3;
	e.prev[5] = 9;
	e.to = "R. Bell";
	e.has_to_key = true;
	e.to_key[0] = 8;
	e.has_until = true;
	e.until = (struct sl_time){.sec = 4000000000, .nsec = 5};
	e.verdict = "anchored";
	e.bundle_id = "0123";
	e.records = 77;
	e.root[31] = 4;
	e.torn_bytes = 12;
	e.torn_sha256[1] = 2;
	e.uid = 1000;
	assert_int_equal(custody_write(&line, &e, p->keys[0], NULL), 0);
	assert_int_equal(custody_read(&l, line.data, line.len, NULL), 0);
	assert_int_equal(l.event.seq, 3);
	assert_memory_equal(l.event.prev, e.prev, sizeof(e.prev));
	assert_int_equal(l.event.action, CUSTODY_TRANSFERRED);
	assert_string_equal(l.event.by, "somebody");
	assert_string_equal(l.event.to, "R. Bell");
	assert_null(l.event.from);
	assert_true(l.event.matches && l.event.has_to_key && l.event.has_until);
	assert_false(l.event.has_answers || l.event.has_made);
	assert_memory_equal(l.event.to_key, e.to_key, sizeof(e.to_key));
	assert_int_equal(l.event.until.nsec, 5);
	assert_int_equal(l.event.records, 77);
	assert_memory_equal(l.event.root, e.root, sizeof(e.root));
	assert_int_equal(l.event.torn_bytes, 12);
	assert_int_equal(l.event.file.bytes, 7);
	custody_line_clear(&l);
	buf_clear(&line);
}

static void a_single_flipped_bit_or_missing_byte_is_found(void **state)
{
	const struct people *p = *state;
	struct custody_event e = event_of(p, 0, CUSTODY_ACQUIRED);
	struct buf line = BUF_INIT(CUSTODY_LINE_BYTES);
	struct custody_line l;

	assert_int_equal(custody_write(&line, &e, p->keys[0], NULL), 0);
	for (size_t bit = 0; bit < 8 * line.len; bit++) {
		line.data[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(custody_read(&l, line.data, line.len, NULL) < 0);
		custody_line_clear(&l);
		line.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t len = 0; len < line.len; len++) {
		assert_true(custody_read(&l, line.data, len, NULL) < 0);
		custody_line_clear(&l);
	}
	assert_int_equal(custody_read(&l, line.data, line.len, NULL), 0);
	custody_line_clear(&l);
	buf_clear(&line);
}

static void a_text_that_would_be_too_long_is_not_written(void **state)
{
	const struct people *p = *state;
	struct custody_event e = event_of(p, 0, CUSTODY_ACQUIRED);
	struct buf line = BUF_INIT((size_t)1 << 20);
	char *text = malloc(60000);

	assert_non_null(text);
	memset(text, 'x', 59999);
	text[59999] = '\0';
	e.purpose = text;
	assert_int_equal(custody_write(&line, &e, p->keys[0], NULL), -SL_ELIMIT);
	free(text);
	buf_clear(&line);
}

/* ---- rules: a script of events, and the first that is forbidden ---- */

struct step {
	enum custody_action action;
	size_t who;
	const char *matter;
	int64_t until; /* 0: none */
	int64_t t;     /* 0: 1000 */
	bool allowed;
};

#define OK(action, who)                                                                            \
	{                                                                                          \
		CUSTODY_##action, who, NULL, 0, 0, true                                            \
	}
#define NO(action, who)                                                                            \
	{                                                                                          \
		CUSTODY_##action, who, NULL, 0, 0, false                                           \
	}

static void fill(struct custody_event *e, const struct people *p, const struct step *s,
		 const struct custody_chain *c)
{
	*e = event_of(p, s->who, s->action);
	e->seq = c->count;
	memcpy(e->prev, c->last, sizeof(e->prev));
	e->matter = s->matter;
	e->has_until = s->until != 0;
	e->until.sec = s->until;
	e->t.sec = s->t != 0 ? s->t : e->t.sec;
	e->has_made = s->action == CUSTODY_COPIED || s->action == CUSTODY_REDACTED;
	e->made = e->file;
	e->made.bytes += s->action == CUSTODY_REDACTED;
	if (s->action == CUSTODY_TRANSFERRED) { /* always to the other one */
		e->has_to_key = true;
		id_of(p, 1 - s->who, e->to_key);
	}
	if (s->action == CUSTODY_RECEIVED && c->is_open) {
		e->has_answers = true;
		memcpy(e->answers, c->open_line, sizeof(e->answers));
	}
}

static void play(const struct people *p, const struct step *steps, size_t count)
{
	struct custody_chain c = {.count = 0};

	for (size_t i = 0; i < count; i++) {
		struct buf line = BUF_INIT(CUSTODY_LINE_BYTES);
		struct custody_event e;
		struct custody_line l;

		fill(&e, p, &steps[i], &c);
		assert_int_equal(custody_chain_allows(&c, &e, NULL),
				 steps[i].allowed ? 0 : -SL_EUNTRUSTED);
		assert_int_equal(custody_write(&line, &e, p->keys[steps[i].who], NULL), 0);
		assert_int_equal(custody_read(&l, line.data, line.len, NULL), 0);
		assert_int_equal(custody_chain_add(&c, &l, NULL),
				 steps[i].allowed ? 0 : -SL_EUNTRUSTED);
		custody_line_clear(&l);
		buf_clear(&line);
	}
	custody_chain_clear(&c);
}

#define PLAY(...)                                                                                  \
	do {                                                                                       \
		static const struct step steps[] = {__VA_ARGS__};                                  \
		play(*state, steps, sizeof(steps) / sizeof(steps[0]));                             \
	} while (0)

static void a_record_begins_when_somebody_gets_it(void **state)
{
	PLAY(NO(ACCESSED, 0), NO(VERIFIED, 0), NO(TRANSFERRED, 0), NO(COPIED, 0), NO(REDACTED, 0),
	     NO(HELD, 0), NO(RELEASED, 0), NO(EXTENDED, 0), NO(DISPOSED, 0), OK(ACQUIRED, 0),
	     NO(ACQUIRED, 0), NO(ACQUIRED, 1), NO(RECEIVED, 0), OK(ACCESSED, 1));
	PLAY(OK(RECEIVED, 1), NO(RECEIVED, 1), OK(TRANSFERRED, 1), OK(RECEIVED, 0));
}

static void a_transfer_takes_both(void **state)
{
	PLAY(OK(ACQUIRED, 0), NO(TRANSFERRED, 1), OK(TRANSFERRED, 0), NO(TRANSFERRED, 0),
	     NO(COPIED, 0), NO(REDACTED, 1), NO(DISPOSED, 0), OK(ACCESSED, 0), OK(VERIFIED, 1),
	     OK(HELD, 1), OK(RELEASED, 0), OK(RECEIVED, 1), NO(RECEIVED, 1), NO(TRANSFERRED, 0),
	     NO(DISPOSED, 0), OK(COPIED, 0), OK(TRANSFERRED, 1), OK(RECEIVED, 1) /* taken back */,
	     OK(DISPOSED, 1), NO(ACCESSED, 1), NO(HELD, 1), NO(RECEIVED, 0));
}

static void nothing_is_disposed_of_under_a_hold_or_before_its_date(void **state)
{
	PLAY({CUSTODY_ACQUIRED, 0, NULL, 5000, 0, true}, NO(DISPOSED, 0), NO(EXTENDED, 0),
	     {CUSTODY_EXTENDED, 0, NULL, 4999, 0, false},
	     {CUSTODY_EXTENDED, 1, NULL, 6000, 0, true},
	     {CUSTODY_DISPOSED, 0, NULL, 0, 5999, false}, {CUSTODY_HELD, 1, "a", 0, 6000, true},
	     {CUSTODY_HELD, 0, "a", 0, 6000, false}, {CUSTODY_HELD, 0, "b", 0, 6000, true},
	     {CUSTODY_RELEASED, 0, NULL, 0, 6000, false}, {CUSTODY_HELD, 0, NULL, 0, 6000, true},
	     {CUSTODY_RELEASED, 0, "a", 0, 6000, true}, {CUSTODY_DISPOSED, 0, NULL, 0, 6000, false},
	     {CUSTODY_RELEASED, 0, NULL, 0, 6000, true},
	     {CUSTODY_DISPOSED, 0, NULL, 0, 6000, false}, {CUSTODY_RELEASED, 0, "b", 0, 6000, true},
	     {CUSTODY_DISPOSED, 1, NULL, 0, 6000, false},
	     {CUSTODY_DISPOSED, 0, NULL, 0, 6000, true});
}

static void lines_that_go_back_in_time_are_counted(void **state)
{
	const struct people *p = *state;
	struct custody_chain c = {.count = 0};
	const int64_t times[] = {1000, 900, 901, 5};

	for (size_t i = 0; i < 4; i++) {
		const struct step s = {
			i == 0 ? CUSTODY_ACQUIRED : CUSTODY_ACCESSED, 0, NULL, 0, times[i], true};
		struct custody_line l = {.hash = {(uint8_t)i}};

		fill(&l.event, p, &s, &c);
		assert_int_equal(custody_chain_add(&c, &l, NULL), 0);
	}
	assert_int_equal(c.backwards, 2);
	custody_chain_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_as_it_was_written),
		cmocka_unit_test(a_single_flipped_bit_or_missing_byte_is_found),
		cmocka_unit_test(a_text_that_would_be_too_long_is_not_written),
		cmocka_unit_test(a_record_begins_when_somebody_gets_it),
		cmocka_unit_test(a_transfer_takes_both),
		cmocka_unit_test(nothing_is_disposed_of_under_a_hold_or_before_its_date),
		cmocka_unit_test(lines_that_go_back_in_time_are_counted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
