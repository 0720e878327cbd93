/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the states in a database counts, also while somebody writes. */
#include "unit/cmocka_all.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "unit/boltseen.h"

static void the_newest_whole_meta_page_counts(void **state)
{
	static const struct {
		const char *what, *text;
		size_t torn; /* byte to change, 0: none */
		unsigned int calls;
	} rows[] = {
		{"both whole", "k=new ", 0, 1},
		{"the older one torn", "k=new ", 16 + 40, 1},
		{"the newer one torn", "k=old ", 1024 + 16 + 40, 1},
		{"the magic of the older one gone", "k=new ", 16, 1},
		{"the checksum of the newer one torn", "k=old ", 1024 + 16 + 63, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(seen_clear) struct seen s = {0};
		CLEANUP(boltmake_clear) struct boltmake m;

		boltmake_two(&m);
		if (rows[i].torn > 0)
			m.bytes[rows[i].torn] ^= 0x55;
		if (seen_view(&m, &s) != 0 || strcmp(s.text.data, rows[i].text) != 0 || s.stale)
			fail_msg("%s: '%s' %s", rows[i].what, s.text.data, sl_error_text(&s.err));
	}
}

static void without_the_first_meta_page_the_second_is_searched(void **state)
{
	static const size_t sizes[] = {1024, 2048, 4096, 16384, 65536};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP(seen_clear) struct seen s = {0};
		CLEANUP(boltmake_clear) struct boltmake m;

		boltmake_init(&m, sizes[i], 8);
		LEAF(&m, 3, {.key = "k", .text = "v"});
		boltmake_meta(&m, 1, 5, 3);
		assert_int_equal(seen_view(&m, &s), 0);
		assert_string_equal(s.text.data, "k=v ");
	}
}

static void a_second_meta_page_counts_only_where_it_belongs(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_two(&m);
	boltmake_put(m.bytes + 1024 + 16 + 8, 2048, 4);
	boltmake_seal(m.bytes + 1024);
	assert_int_equal(seen_view(&m, &s), 0);
	assert_string_equal(s.text.data, "k=old ");
	assert_false(s.stale);
	assert_null(s.damage);
}

/* Commit as the daemon does: the page that the state before the last one used, then the meta. */
static void commit_once(struct seen *s)
{
	if (s->calls > 1)
		return;
	LEAF(s->m, 3, {.key = "k", .text = "newer"});
	boltmake_meta(s->m, 0, 6, 3);
	boltmake_write(s->m, s->fd, 3);
	boltmake_write(s->m, s->fd, 0);
}

static void a_state_that_was_overwritten_is_not_believed(void **state)
{
	CLEANUP(seen_clear) struct seen s = {.meanwhile = commit_once};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_two(&m);
	assert_int_equal(seen_view(&m, &s), 0);
	assert_int_equal(s.calls, 2);
	assert_string_equal(s.text.data, "k=newer ");
	assert_false(s.stale);
}

static void commit_always(struct seen *s)
{
	char text[32];
	uint64_t txid = 5 + s->calls, page = txid % 2 == 0 ? 3 : 4;

	(void)snprintf(text, sizeof(text), "%u", s->calls);
	LEAF(s->m, page, {.key = "k", .text = text});
	boltmake_meta(s->m, txid % 2, txid, page);
	boltmake_write(s->m, s->fd, page);
	boltmake_write(s->m, s->fd, txid % 2);
}

static void a_database_that_never_rests_is_copied(void **state)
{
	CLEANUP(seen_clear) struct seen s = {.meanwhile = commit_always};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_two(&m);
	assert_int_equal(seen_view(&m, &s), 0);
	assert_int_equal(s.calls, 4);
	assert_string_equal(s.text.data, "k=3 ");
}

struct hurry {
	struct boltmake m;
	int fd;
	_Atomic bool ends;
};

static void *commit_in_a_hurry(void *payload)
{
	struct hurry *h = payload;

	for (uint64_t txid = 6; !h->ends; txid++) {
		boltmake_meta(&h->m, txid % 2, txid, 3 + txid % 2);
		boltmake_write(&h->m, h->fd, txid % 2);
	}
	return NULL;
}

static void wait_a_little(struct seen *s)
{
	(void)s;
	(void)usleep(20000);
}

static void a_database_that_is_written_faster_than_copied_is_refused(void **state)
{
	CLEANUP(seen_clear) struct seen s = {.meanwhile = wait_a_little};
	struct hurry h = {0};
	pthread_t thread;

	(void)state;
	boltmake_two(&h.m);
	h.fd = boltmake_fd(&h.m);
	assert_int_equal(ftruncate(h.fd, 64 << 20), 0);
	assert_int_equal(pthread_create(&thread, NULL, commit_in_a_hurry, &h), 0);
	assert_int_equal(seen_view_fd(h.fd, &s), -SL_EIO);
	h.ends = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(s.calls, 3);
	assert_non_null(strstr(s.err.msg, "faster"));
	boltmake_clear(&h.m);
	close(h.fd);
}

/* A page of the state is overwritten while it is read: what was read so far is worth nothing. */
static void tear_and_commit(struct seen *s)
{
	if (s->calls > 1)
		return;
	commit_once(s);
}

static void damage_that_a_writer_made_is_no_damage(void **state)
{
	CLEANUP(seen_clear) struct seen s = {.meanwhile = tear_and_commit};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_two(&m);
	boltmake_put(boltmake_page(&m, 4), 99, 8);
	assert_int_equal(seen_view(&m, &s), 0);
	assert_int_equal(s.calls, 2);
	assert_string_equal(s.text.data, "k=newer ");
	assert_false(s.stale);
	assert_null(s.damage);
}

static void pages_that_were_never_written_mean_the_state_before(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_two(&m);
	memset(boltmake_page(&m, 4), 0, 1024);
	assert_int_equal(seen_view(&m, &s), 0);
	assert_string_equal(s.text.data, "k=old ");
	assert_true(s.stale);
	seen_damage_is(&s, "page 4");
}

static void what_is_damaged_in_both_states_is_left_out(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_sample(&m, 1024);
	memset(boltmake_page(&m, 4), 0, 1024);
	assert_int_equal(seen_view(&m, &s), 0);
	assert_int_equal(s.calls, 3);
	assert_string_equal(s.text.data, "m{k=v l= } n=xxxxxxxxxxxxxxxxxxxx o{} (gap)");
	assert_false(s.stale);
	seen_damage_is(&s, "page 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_whole_meta_page_counts),
		cmocka_unit_test(without_the_first_meta_page_the_second_is_searched),
		cmocka_unit_test(a_second_meta_page_counts_only_where_it_belongs),
		cmocka_unit_test(a_state_that_was_overwritten_is_not_believed),
		cmocka_unit_test(a_database_that_never_rests_is_copied),
		cmocka_unit_test(a_database_that_is_written_faster_than_copied_is_refused),
		cmocka_unit_test(damage_that_a_writer_made_is_no_damage),
		cmocka_unit_test(pages_that_were_never_written_mean_the_state_before),
		cmocka_unit_test(what_is_damaged_in_both_states_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
