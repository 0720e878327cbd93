/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/idmap.h"
#include "unit/cmocka_all.h"

static const struct {
	const char *what, *text;
	uint32_t first;
	size_t count;
	struct sl_idmap_range ranges[2];
} rows[] = {
	{"nothing is known of who starts there",
	 "",
	 100000,
	 1,
	 {{.inside = 0, .outside = 100000, .count = 65536}}},
	{"another's range",
	 "ann:200000:10\n",
	 100000,
	 1,
	 {{.inside = 0, .outside = 100000, .count = 65536}}},
	{"all of a user's ranges, lowest first",
	 "ann:300000:7\nbob:1:2\nann:100000:10\n",
	 300000,
	 2,
	 {{.inside = 0, .outside = 100000, .count = 10},
	  {.inside = 10, .outside = 300000, .count = 7}}},
};

static void a_remapped_daemons_ranges_are_those_of_who_starts_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE struct sl_idmap_range *found = NULL;
		size_t count = 0;

		assert_int_equal(
			idmap_parse_subids(&found, &count,
					   (struct sl_bytes){rows[i].text, strlen(rows[i].text)},
					   rows[i].first, NULL),
			0);
		if (count != rows[i].count)
			fail_msg("%s: %zu ranges", rows[i].what, count);
		for (size_t r = 0; r < count; r++) {
			const struct sl_idmap_range *want = &rows[i].ranges[r];

			if (found[r].inside != want->inside || found[r].outside != want->outside ||
			    found[r].count != want->count)
				fail_msg("%s: range %zu", rows[i].what, r);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_remapped_daemons_ranges_are_those_of_who_starts_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
