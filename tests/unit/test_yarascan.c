/* SPDX-License-Identifier: Apache-2.0 */
/* YARA rules over bytes: matches, their metadata, bounds. */
#include "unit/cmocka_all.h"

#include <stdio.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/yarascan.h"

static const char rules_text[] =
	"rule plain { strings: $a = \"needle\" condition: $a }\n"
	"rule worded { meta: severity = \"low\" number = 3 strings: $a = \"needle\" condition: $a "
	"}\n"
	"rule numbered { meta: severity = 5 strings: $a = \"needle\" condition: $a }\n"
	"private rule hidden { condition: true }\n"
	"rule endless { condition: filesize == 7 and for any i in (1..100000000000) : "
	"(uint8(i % 5) == 1) }\n";

static char path[64];

static int setup(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct yarascan *y = NULL;
	FILE *f;
	int rc;

	(void)snprintf(path, sizeof(path), "test_yarascan.%d.yar", (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(rules_text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	rc = yarascan_open(&y, path, &err);
	if (rc < 0 && rc != -SL_EUNSUPPORTED)
		fail_msg("%s", sl_error_text(&err));
	*state = y;
	return 0;
}

static int teardown(void **state)
{
	yarascan_close(*state);
	return unlink(path);
}

static void what_matches_is_named_with_its_severity(void **state)
{
	struct yarascan_matches m;

	if (*state == NULL)
		skip();
	assert_int_equal(yarascan_count(*state), 5);
	assert_int_equal(yarascan_bytes(*state, "a needle", 8, 5, &m, NULL), 0);
	assert_int_equal(m.count, 3);
	assert_string_equal(m.items[0].rule, "plain");
	assert_null(m.items[0].severity);
	assert_string_equal(m.items[1].rule, "worded");
	assert_string_equal(m.items[1].severity, "low");
	assert_string_equal(m.items[2].rule, "numbered");
	assert_null(m.items[2].severity);
}

static void nothing_matches_nothing(void **state)
{
	struct yarascan_matches m;

	if (*state == NULL)
		skip();
	assert_int_equal(yarascan_bytes(*state, "", 0, 5, &m, NULL), 0);
	assert_int_equal(m.count, 0);
	assert_int_equal(yarascan_bytes(*state, "hay", 3, 5, &m, NULL), 0);
	assert_int_equal(m.count, 0);
}

static void a_rule_that_does_not_end_is_ended(void **state)
{
	struct yarascan_matches m;

	if (*state == NULL)
		skip();
	assert_int_equal(yarascan_bytes(*state, "7 bytes", 7, 1, &m, NULL), -SL_ELIMIT);
	/* and the next file is looked at as if nothing had been */
	assert_int_equal(yarascan_bytes(*state, "a needle", 8, 1, &m, NULL), 0);
	assert_int_equal(m.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_matches_is_named_with_its_severity, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_matches_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_rule_that_does_not_end_is_ended, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
