/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "diff/verdict.h"

static const struct {
	const char *sentence;
	uint64_t info, low, high;
	bool complete;
	enum sl_trust trust;
	bool quick;
	enum sl_severity fail_on;
	bool accept;
	int status;
} rows[] = {
	{"all read, proven, nothing", 0, 0, 0, true, SL_TRUST_PROVEN, false, SL_SEVERITY_LOW, false,
	 0},
	{"signed is as good", 0, 0, 0, true, SL_TRUST_SIGNED, false, SL_SEVERITY_LOW, false, 0},
	{"information is below the bar", 9, 0, 0, true, SL_TRUST_PROVEN, false, SL_SEVERITY_LOW,
	 false, 0},
	{"unless the bar is there", 9, 0, 0, true, SL_TRUST_PROVEN, false, SL_SEVERITY_INFO, false,
	 1},
	{"drift", 0, 1, 0, true, SL_TRUST_PROVEN, false, SL_SEVERITY_LOW, false, 1},
	{"drift below the bar", 0, 1, 0, true, SL_TRUST_PROVEN, false, SL_SEVERITY_HIGH, false, 0},
	{"drift above the bar", 0, 0, 1, true, SL_TRUST_PROVEN, false, SL_SEVERITY_LOW, false, 1},
	{"drift although something went unread", 0, 1, 0, false, SL_TRUST_PROVEN, false,
	 SL_SEVERITY_LOW, false, 1},
	{"nothing found but a gap", 0, 0, 0, false, SL_TRUST_PROVEN, false, SL_SEVERITY_LOW, false,
	 3},
	{"a gap is never waived", 0, 0, 0, false, SL_TRUST_PROVEN, false, SL_SEVERITY_LOW, true, 3},
	{"an unproven baseline", 0, 0, 0, true, SL_TRUST_ON_DISK, false, SL_SEVERITY_LOW, false, 3},
	{"a recorded one too", 0, 0, 0, true, SL_TRUST_RECORDED, false, SL_SEVERITY_LOW, false, 3},
	{"waived", 0, 0, 0, true, SL_TRUST_ON_DISK, false, SL_SEVERITY_LOW, true, 0},
	{"drift from an unproven baseline", 0, 1, 0, true, SL_TRUST_ON_DISK, false, SL_SEVERITY_LOW,
	 true, 1},
	{"quick never says equal", 0, 0, 0, true, SL_TRUST_PROVEN, true, SL_SEVERITY_LOW, false, 3},
	{"quick, waived", 0, 0, 0, true, SL_TRUST_PROVEN, true, SL_SEVERITY_LOW, true, 0},
};

static void the_status_follows_from_the_summary(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_subject subject = {.image.trust = rows[i].trust, .quick = rows[i].quick};
		struct sl_summary s = {.subject = &subject, .complete = rows[i].complete};
		int status;

		s.counts.by_severity[SL_SEVERITY_INFO] = rows[i].info;
		s.counts.by_severity[SL_SEVERITY_LOW] = rows[i].low;
		s.counts.by_severity[SL_SEVERITY_HIGH] = rows[i].high;
		s.counts.explained = 50;
		status = verdict_status(&s, rows[i].fail_on, rows[i].accept, false);
		if (status != rows[i].status)
			fail_msg("%s: %d, want %d", rows[i].sentence, status, rows[i].status);
	}
}

static void the_worst_of_several_containers_wins(void **state)
{
	static const int rows_of[][3] = {
		{0, 0, 0}, {0, 1, 1}, {0, 3, 3}, {3, 1, 1}, {1, 2, 1},
		{2, 0, 0}, {2, 2, 2}, {2, 3, 3}, {1, 1, 1}, {3, 3, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows_of); i++) {
		assert_int_equal(verdict_combine(rows_of[i][0], rows_of[i][1]), rows_of[i][2]);
		assert_int_equal(verdict_combine(rows_of[i][1], rows_of[i][0]), rows_of[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_follows_from_the_summary),
		cmocka_unit_test(the_worst_of_several_containers_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
