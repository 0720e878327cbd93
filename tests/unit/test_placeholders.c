/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders that got values, and texts that got more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/placeholders.h"

static struct sl_bytes bytes(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static const struct row {
	const char *before, *after;
	bool is_filled;
} rows[] = {
	{"api = \"__API_URL__\";", "api = \"https://shop.example:8443/v1\";", true},
	{"api = \"__API_URL__/v1\"; b", "api = \"https://shop.example/v1\"; b", true},
	{"a=\"${API_URL}\" b=\"${API_URL}\" c", "a=\"/api\" b=\"/api\" c", true},
	{"a %API_URL% b", "a x.example b", true},
	{"a {{API_URL}} b", "a x b", true},
	{"a @VERSION@ b", "a 1.2.3 b", true},
	{"a $NAME b", "a shop b", true},
	{"REACT_APP_API", "REACT", true},
	{"a __NAME__", "a ", true},
	{"\"__A_NAME__\",\"__B_NAME__\"", "\"__A\",\"B_\"", true},
	/* nothing was filled in */
	{"a __NAME__ b", "a __NAME__ b", false},
	{"", "", false},
	/* what stands around it differs, too */
	{"a __NAME__ b", "a x b;", false},
	{"a __NAME__ b", "b x b", false},
	{"a __NAME__ b", "a x ", false},
	{"a __NAME__ b", "x", false},
	{"a ${NAME b", "a x b", false},
	{"a %NAME b", "a x b", false},
	/* no placeholder */
	{"a = Name", "a = shop", false},
	{"a = NAME", "a = shop", false},
	{"a = X_1", "a = shop", false},
	/* a value that could be more */
	{"a = \"__NAME__\";", "a = \"x\";f(\"\";", false},
	{"a = __NAME__;", "a = eval(x);", false},
	{"<p>__NAME__</p>", "<p><script></p>", false},
	{"a = __NAME__;", "a = b c;", false},
	{"a = __NAME__;", "a = b\nc;", false},
	{"a = __NAME__;", "a = `b`;", false},
};

static void values_stand_where_placeholders_were_and_nowhere_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (placeholders_filled_in(bytes(rows[i].before), bytes(rows[i].after)) !=
		    rows[i].is_filled)
			fail_msg("'%s' -> '%s'", rows[i].before, rows[i].after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_stand_where_placeholders_were_and_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
