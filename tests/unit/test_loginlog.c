/* SPDX-License-Identifier: Apache-2.0 */
/* Records that were wiped are told from those that were never written. */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/loginlog.h"

/* One letter a record of @size bytes: 'x' is one, '0' is zeros. */
static struct loginlog of(const char *records, size_t size, size_t extra)
{
	static char bytes[8 * 400];
	struct loginlog out = {0};
	size_t len = strlen(records) * size + extra;

	memset(bytes, 0, sizeof(bytes));
	for (size_t i = 0; records[i] != '\0'; i++)
		if (records[i] == 'x')
			bytes[i * size + 5] = 'x';
	/* the same, in whatever pieces it comes */
	for (size_t step = 1; step <= len + 1; step += 1 + step / 3) {
		struct loginscan s;

		loginscan_begin(&s, len);
		for (size_t i = 0; i < len; i += step)
			loginscan_feed(
				&s, (struct sl_bytes){bytes + i, len - i < step ? len - i : step});
		if (step > 1 && (loginscan_end(&s).wiped != out.wiped ||
				 loginscan_end(&s).records != out.records ||
				 loginscan_end(&s).is_uneven != out.is_uneven))
			fail_msg("in pieces of %zu bytes it is another", step);
		out = loginscan_end(&s);
	}
	return out;
}

static void zeros_between_records_were_wiped(void **state)
{
	(void)state;
	assert_int_equal(of("x0x", 384, 0).wiped, 1);
	assert_int_equal(of("00xx0x", 384, 0).wiped, 3);
	assert_int_equal(of("x0x", 400, 0).wiped, 1);
	assert_int_equal(of("x0x", 400, 0).records, 3);
	assert_int_equal(of("xxx", 384, 0).wiped, 0);
	/* room that was never filled */
	assert_int_equal(of("xx00", 384, 0).wiped, 0);
	assert_int_equal(of("00", 384, 0).wiped, 0);
	assert_int_equal(of("", 384, 0).records, 0);
}

static void a_length_that_fits_no_record_is_uneven(void **state)
{
	(void)state;
	assert_true(of("xx", 384, 7).is_uneven);
	assert_false(of("xx", 384, 0).is_uneven);
	assert_false(of("xx", 400, 0).is_uneven);
}

static void only_the_two_logs_of_records_are_read(void **state)
{
	(void)state;
	assert_true(loginlog_is((struct sl_bytes){"var/log/wtmp", 12}));
	assert_true(loginlog_is((struct sl_bytes){"var/log/btmp", 12}));
	assert_false(loginlog_is((struct sl_bytes){"var/log/wtmp.1", 14}));
	assert_false(loginlog_is((struct sl_bytes){"run/utmp", 8}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_between_records_were_wiped),
		cmocka_unit_test(a_length_that_fits_no_record_is_uneven),
		cmocka_unit_test(only_the_two_logs_of_records_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
