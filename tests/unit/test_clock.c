/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <string.h>

#include <strandline/error.h>

#include "core/cleanup.h"
#include "core/clock.h"

static void times_are_written_as_rfc_3339_in_utc(void **state)
{
	static const struct {
		struct sl_time t;
		const char *want;
	} rows[] = {
		{{0, 0}, "1970-01-01T00:00:00.000000000Z"},
		{{951782400, 1}, "2000-02-29T00:00:00.000000001Z"},
		{{-1, 999999999}, "1969-12-31T23:59:59.999999999Z"},
		{{4102444799, 5}, "2099-12-31T23:59:59.000000005Z"},
		{{253402300800, 0}, "10000-01-01T00:00:00.000000000Z"},
		{{-62135596800, 0}, "0001-01-01T00:00:00.000000000Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[CLOCK_TEXT_SIZE];

		clock_format(text, rows[i].t);
		assert_string_equal(text, rows[i].want);
	}
}

static void times_in_any_zone_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t sec;
		uint32_t nsec;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0, 0},
		{"2026-11-22T15:00:14.000204773Z", 1795359614, 204773},
		{"2026-11-22T16:00:14.5+01:00", 1795359614, 500000000},
		{"2026-11-22T10:30:14-04:30", 1795359614, 0},
		{"0001-01-01T00:00:00Z", -62135596800, 0},
		{"1970-01-01T00:00:00.1234567891234Z", 0, 123456789},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_time t = {1, 1};

		if (clock_parse(&t, rows[i].text, strlen(rows[i].text)) != 0)
			fail_msg("'%s' was refused", rows[i].text);
		assert_int_equal(t.sec, rows[i].sec);
		assert_int_equal(t.nsec, rows[i].nsec);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const rows[] = {"",
					   "2026",
					   "2026-13-01T00:00:00Z",
					   "2026-11-22 15:00:14Z",
					   "2026-11-22T15:00:14",
					   "2026-11-22T15:00:14.Z",
					   "2026-11-22T24:00:00Z",
					   "2026-11-22T15:00:14Zx",
					   "2026-11-22T15:00:14+1:00",
					   "-026-11-22T15:00:14Z"};
	struct sl_time t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (clock_parse(&t, rows[i], strlen(rows[i])) != -SL_EFORMAT)
			fail_msg("'%s' was accepted", rows[i]);
	assert_int_equal(clock_parse(&t, NULL, 0), -SL_EFORMAT);
}

static void formatting_and_reading_are_inverse(void **state)
{
	(void)state;
	for (int64_t sec = -62135596800; sec < 253402300800; sec += 86399 * 371) {
		struct sl_time t = {sec, (uint32_t)(sec & 0xffffff)}, back;
		char text[CLOCK_TEXT_SIZE];

		clock_format(text, t);
		assert_int_equal(clock_parse(&back, text, strlen(text)), 0);
		assert_int_equal(clock_compare(t, back), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written_as_rfc_3339_in_utc),
		cmocka_unit_test(times_in_any_zone_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(formatting_and_reading_are_inverse),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
