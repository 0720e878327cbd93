/* SPDX-License-Identifier: Apache-2.0 */
/* What entry points write of their environment, and what else might stand there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/environmentlines.h"

static char shop[] = "SHOP", python[] = "PYTHONPATH", loader[] = "LD_LIBRARY_PATH";
static char *names[] = {shop, python, loader};
static char code[] = "PYTHONPATH=/app";
static char *kept[] = {code};

static const struct row {
	const char *line;
	char sign;
	bool is_own;
} rows[] = {
	{"SHOP=towels and more", '+', true},
	{"HOSTNAME=3f2a9b1c7d10", '+', true},
	{"PYTHONPATH=/app", '+', true},
	{"PATH=/usr/local/bin:/usr/bin:/bin", '+', true},
	{"PATH=\"/usr/bin\"", '+', true},
	{"PATH=/opt/venv/bin:/usr/bin", '+', true},
	{"PATH=/usr/bin:/home/a/bin", '+', false},
	{"PATH=\"/usr/local/sbin:/usr/bin\"", '-', true},
	{"", '-', true},
	/* never given, given with another value, given with a value that nobody kept */
	{"OTHER=1", '+', false},
	{"PYTHONPATH=/tmp", '+', false},
	{"LD_LIBRARY_PATH=/opt/lib", '+', false},
	{"LD_PRELOAD=/tmp/x.so", '+', false},
	{"BASH_ENV=/tmp/x", '+', false},
	{"PATH=/tmp:/usr/bin", '+', false},
	{"PATH=/usr/bin:", '+', false},
	{"PATH=:/usr/bin", '+', false},
	{"PATH=/usr/bin/../../tmp", '+', false},
	/* no variable */
	{"* * * * * root id", '+', false},
	{"=x", '+', false},
	{"", '+', false},
	{"SHOP=towels", '-', false},
};

static void only_what_the_container_was_given_is_its_own(void **state)
{
	struct sl_settings s = {.code_variables = kept, .code_variable_count = ARRAY_SIZE(kept)};

	(void)state;
	s.values[SL_SETTING_ENVIRONMENT] = (struct sl_setting_value){
		.is_known = true, .items = names, .count = ARRAY_SIZE(names)};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct sl_line lines[] = {
			{.sign = '+', .text = {"SHOP=x", 6}},
			{.sign = rows[i].sign, .text = {rows[i].line, strlen(rows[i].line)}}};

		if (environmentlines_only(lines, 2, &s) != rows[i].is_own)
			fail_msg("%c%s", rows[i].sign, rows[i].line);
	}
	assert_false(environmentlines_only(NULL, 0, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_the_container_was_given_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
