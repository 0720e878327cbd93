/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "host/toml.h"

static int on_value(void *payload, const struct toml_value *v, struct sl_error *err)
{
	static const char *const kinds[] = {"string", "item", "word"};

	(void)err;
	return buf_printf(payload, "%s/%s %s %s\n", v->table, v->key, kinds[v->kind], v->text);
}

static const struct good {
	const char *text, *want;
} goods[] = {
	{"", ""},
	{"\xef\xbb\xbf# nothing\n\n", ""},
	{"a = 1", "/a word 1\n"},
	{"a=true # yes\r\n\tb = -2.5e3\n", "/a word true\n/b word -2.5e3\n"},
	{"[ storage . \"x y\" ]\nk.l = 'a\\b'\n", "storage.x y/k.l string a\\b\n"},
	{"a = \"\\\"\\\\\\t\\u00e9\\U0001F600\"", "/a string \"\\\t\xc3\xa9\xf0\x9f\x98\x80\n"},
	{"a = \"\"\nb = ''", "/a string \n/b string \n"},
	{"l = [ \"x\", # one\n\n 'y' ,\n]\n", "/l item x\n/l item y\n"},
	{"l = [[\"deep\"], \"flat\", {k = \"in a table\"}]", "/l item flat\n"},
	{"t = { a = \"x\", b = [1, 2] }\n[[array.of]]\nz = 1", "array.of/z word 1\n"},
	{"d = 2026-01-02T03:04:05.6+07:00", "/d word 2026-01-02T03:04:05.6+07:00\n"},
};

static void what_engines_write_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(goods); i++) {
		CLEANUP(buf_clear) struct buf log = BUF_INIT(65536);
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

		if (toml_read(goods[i].text, strlen(goods[i].text), on_value, &log, &err) != 0)
			fail_msg("'%s': %s", goods[i].text, sl_error_text(&err));
		assert_string_equal(log.data != NULL ? log.data : "", goods[i].want);
	}
}

static const struct bad {
	const char *text, *why;
} bads[] = {
	{"a", "line 1: a key without a value"},
	{"a = ", "line 1: a value that is not understood"},
	{"\n\na = \"x", "line 3: a string does not end"},
	{"a = \"x\ny\"", "line 1: a string does not end"},
	{"a = \"\"\"x\"\"\"", "line 1: a string of several lines, which is not understood here"},
	{"a = \"\\q\"", "line 1: a bad escape in a string"},
	{"a = \"\\u0000\"", "line 1: a bad escape in a string"},
	{"a = \"\\ud800\"", "line 1: a bad escape in a string"},
	{"a = \"\\u12", "line 1: a bad escape in a string"},
	{"a = 1 2", "line 1: something follows that is not understood"},
	{"a = \"x\" b = 1", "line 1: something follows that is not understood"},
	{"[a", "line 1: a table's name does not end"},
	{"[[a]", "line 1: a table's name does not end"},
	{"[]", "line 1: neither a table nor a key"},
	{"a = [1, 2", "line 1: a value that is not understood"},
	{"a = [1}", "line 1: brackets do not match"},
	{"= 1", "line 1: neither a table nor a key"},
	{"a\rb = 1", "line 1: a key without a value"},
};

static void anything_else_is_refused_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bads); i++) {
		CLEANUP(buf_clear) struct buf log = BUF_INIT(65536);
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

		assert_int_equal(
			toml_read(bads[i].text, strlen(bads[i].text), on_value, &log, &err),
			-SL_EFORMAT);
		assert_string_equal(sl_error_text(&err), bads[i].why);
	}
}

static void a_nul_is_nowhere_let_through(void **state)
{
	CLEANUP(buf_clear) struct buf log = BUF_INIT(65536);

	(void)state;
	assert_int_equal(toml_read("a = \"x\0y\"", 9, on_value, &log, NULL), -SL_EFORMAT);
	assert_int_equal(toml_read("a\0 = 1", 6, on_value, &log, NULL), -SL_EFORMAT);
	assert_int_equal(toml_read("a = 1\0", 6, on_value, &log, NULL), -SL_EFORMAT);
}

static void depth_is_bounded(void **state)
{
	char text[256] = "a = ";

	(void)state;
	memset(text + 4, '[', 200);
	assert_int_equal(toml_read(text, 204, on_value, NULL, NULL), -SL_ELIMIT);
}

static int stop(void *payload, const struct toml_value *v, struct sl_error *err)
{
	(void)v;
	(void)err;
	++*(int *)payload;
	return 7;
}

static void the_caller_ends_the_walk(void **state)
{
	int calls = 0;

	(void)state;
	assert_int_equal(toml_read("a = ['x', 'y']\nb = 1", 20, stop, &calls, NULL), 7);
	assert_int_equal(calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_engines_write_is_read),
		cmocka_unit_test(anything_else_is_refused_with_its_line),
		cmocka_unit_test(a_nul_is_nowhere_let_through),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(the_caller_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
