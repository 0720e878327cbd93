/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <errno.h>

#include <strandline/error.h>

static void an_error_reads_from_the_outside_in(void **state)
{
	struct sl_error err = SL_ERROR_INIT;
	int rc = sl_fail(&err, SL_EIO, EACCES, "open '%s'", "etc/shadow");

	(void)state;
	rc = sl_wrap(&err, rc, "baseline '%s'", "web");
	assert_int_equal(rc, -SL_EIO);
	assert_int_equal(err.sys, EACCES);
	assert_string_equal(err.msg, "baseline 'web': open 'etc/shadow': Permission denied");
	sl_error_clear(&err);
	sl_error_clear(&err);
	assert_null(err.msg);
}

static void a_caller_without_an_error_object_still_gets_the_code(void **state)
{
	(void)state;
	assert_int_equal(sl_fail(NULL, SL_ELIMIT, 0, "x"), -SL_ELIMIT);
	assert_int_equal(sl_wrap(NULL, -SL_ELIMIT, "x"), -SL_ELIMIT);
}

static void a_new_failure_may_quote_the_old_one(void **state)
{
	struct sl_error err = SL_ERROR_INIT;

	(void)state;
	(void)sl_fail(&err, SL_EFORMAT, 0, "first");
	(void)sl_fail(&err, SL_EIO, 0, "second after %s", err.msg);
	assert_string_equal(sl_error_text(&err), "second after first");
	sl_error_clear(&err);
}

static void an_error_without_text_names_its_code(void **state)
{
	struct sl_error err = {.code = SL_EUNTRUSTED};

	(void)state;
	assert_string_equal(sl_error_text(&err), "does not match its digest or signature");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_reads_from_the_outside_in),
		cmocka_unit_test(a_caller_without_an_error_object_still_gets_the_code),
		cmocka_unit_test(a_new_failure_may_quote_the_old_one),
		cmocka_unit_test(an_error_without_text_names_its_code),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
