/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison remembers of files it read, and what it takes from memory. */
#include "unit/drift_case.h"

/* A cache of one file, which counts. */
struct memory {
	bool is_full, is_unsettled;
	struct drift_digests digests;
	unsigned int asked, kept;
	struct sl_file_id kept_id;
	struct drift_digests kept_digests;
};

static bool is_settled(void *payload, const struct sl_entry *e)
{
	(void)e;
	return !((struct memory *)payload)->is_unsettled;
}

static bool find(void *payload, const struct sl_file_id *id, const struct sl_entry *e,
		 struct drift_digests *out)
{
	struct memory *m = payload;

	(void)id;
	(void)e;
	m->asked++;
	if (m->is_full)
		*out = m->digests;
	return m->is_full;
}

static void keep(void *payload, const struct sl_file_id *id, const struct sl_entry *e,
		 const struct drift_digests *d)
{
	struct memory *m = payload;

	(void)e;
	m->kept++;
	m->kept_id = *id;
	m->kept_digests = *d;
}

/* Compare the file "a" of three bytes with @after; what was counted is in @summary. */
static char *run_with(struct memory *m, struct fake_row after, bool quick, unsigned int jobs,
		      struct sl_summary *summary)
{
	struct drift_case c = {
		.sentence = "recall", .before = {FILE_WITH("a", "one")}, .after = {after}};
	struct drift_cache cache = {is_settled, find, keep, m};
	struct drift_setup setup = {
		.options = {.cache = &cache, .quick = quick, .jobs = jobs, .show_touched = true}};

	return drift_log(&c, &setup, summary);
}

static void digests_of(const char *text, struct drift_digests *out)
{
	*out = (struct drift_digests){.head_len = (uint8_t)strlen(text)};
	memcpy(out->head, text, strlen(text));
	assert_int_equal(sha256_once(text, strlen(text), out->sha256, NULL), 0);
}

static const struct fake_row quiet = FILE_WITH("a", "two", .mtime = {5, 0});

static struct fake_row known(bool is_quiet)
{
	struct fake_row row = quiet;

	row.id = "id";
	row.is_quiet = is_quiet;
	return row;
}

static void a_quiet_file_is_kept_with_what_reading_it_gave(void **state)
{
	struct sl_summary summary;

	(void)state;
	for (unsigned int jobs = 0; jobs < 3; jobs++) {
		struct memory m = {0};
		AUTO_FREE char *log = run_with(&m, known(true), false, jobs, &summary);
		struct drift_digests want;

		digests_of("two", &want);
		assert_non_null(strstr(log, "modified a"));
		assert_int_equal(m.asked, 1);
		assert_int_equal(m.kept, 1);
		assert_memory_equal(m.kept_digests.sha256, want.sha256, SL_SHA256_SIZE);
		assert_memory_equal(m.kept_digests.head, want.head, sizeof(want.head));
		assert_int_equal(m.kept_digests.head_len, 3);
		assert_memory_equal(m.kept_id.bytes, "id", 2);
		assert_int_equal(summary.counts.cached, 0);
	}
}

static void nothing_is_kept_of_what_may_change_unseen(void **state)
{
	struct fake_row rows[] = {known(false), known(true), known(true), known(true), quiet};

	(void)state;
	rows[1].changes_while_read = true;
	rows[2].changes_once = true;
	rows[3].entry.size = 9; /* and three bytes come */
	rows[4].is_quiet = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memory m = {0};
		AUTO_FREE char *log = run_with(&m, rows[i], false, 1, NULL);

		(void)log;
		if (m.kept != 0)
			fail_msg("row %zu was kept", i);
	}
}

static void what_is_remembered_stands_for_the_bytes(void **state)
{
	struct memory m = {.is_full = true};
	struct fake_row row = known(true);
	struct sl_summary summary;
	AUTO_FREE char *log = NULL;

	(void)state;
	digests_of("one", &m.digests);
	row.unreadable = true; /* it is not even opened */
	log = run_with(&m, row, false, 1, &summary);
	assert_null(strstr(log, "modified a"));
	assert_int_equal(summary.counts.gaps, 0);
	assert_int_equal(summary.counts.cached, 1);
	assert_int_equal(summary.counts.bytes_read, 0);
	assert_int_equal(m.kept, 0);
}

static void a_file_that_is_not_settled_is_not_asked_about(void **state)
{
	struct memory m = {.is_full = true, .is_unsettled = true};
	struct sl_summary summary;
	AUTO_FREE char *log = NULL;

	(void)state;
	digests_of("one", &m.digests);
	log = run_with(&m, known(true), false, 1, &summary);
	assert_non_null(strstr(log, "modified a"));
	assert_int_equal(m.asked + m.kept, 0);
	assert_int_equal(summary.counts.cached, 0);
}

static void a_quick_comparison_neither_asks_nor_keeps(void **state)
{
	struct memory m = {.is_full = true};
	AUTO_FREE char *log = NULL;

	(void)state;
	log = run_with(&m, known(true), true, 1, NULL);
	assert_non_null(log);
	assert_int_equal(m.asked + m.kept, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_file_is_kept_with_what_reading_it_gave),
		cmocka_unit_test(nothing_is_kept_of_what_may_change_unseen),
		cmocka_unit_test(what_is_remembered_stands_for_the_bytes),
		cmocka_unit_test(a_file_that_is_not_settled_is_not_asked_about),
		cmocka_unit_test(a_quick_comparison_neither_asks_nor_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
