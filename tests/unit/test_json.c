/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"

static void a_document_is_read_exactly(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[1,\"two\",true,9223372036854775807]}}";
	const struct jval *list;
	struct jval *doc;
	int64_t n;
	bool b;

	(void)state;
	assert_int_equal(jval_parse(&doc, text, strlen(text), NULL), 0);
	list = jval_path(doc, "a", "b", NULL);
	assert_int_equal(jval_len(list), 4);
	assert_int_equal(jval_i64(jval_at(list, 0), &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(jval_str(jval_at(list, 1)), "two");
	assert_int_equal(jval_bool(jval_at(list, 2), &b), 0);
	assert_true(b);
	assert_int_equal(jval_i64(jval_at(list, 3), &n), 0);
	assert_true(n == INT64_MAX);
	assert_null(jval_at(list, 4));
	assert_null(jval_path(doc, "a", "x", "y", NULL));
	assert_int_equal(jval_i64(jval_at(list, 1), &n), -SL_EFORMAT);
	jval_free(doc);
}

static void what_two_readers_could_read_differently_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *why;
	} rows[] = {
		{"{\"a\":1,\"a\":2}", 13, "duplicate key"},
		{"{\"a\":\"\xff\"}", 9, "invalid UTF-8"},
		{"{\"a\":\"\\u0000\"}", 14, "syntax error"},
		{"{} {}", 5, "syntax error"},
		{"{\"a\":", 5, "unexpected end"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_error err = SL_ERROR_INIT;
		struct jval *doc = NULL;

		assert_int_equal(jval_parse(&doc, rows[i].text, rows[i].len, &err), -SL_EFORMAT);
		if (strstr(sl_error_text(&err), rows[i].why) == NULL)
			fail_msg("row %zu: %s", i, sl_error_text(&err));
		sl_error_clear(&err);
	}
}

static void a_document_of_too_many_values_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t values;
	} rows[] = {
		{"1", 1},
		{"[]", 2},
		{"[1,2,3]", 4},
		{"{\"a\":[{},\"b\"]}", 5},
		{"\",,,[[[{{{\"", 1},
		{"[\"\\\",[\",\"\\\\\",[]]", 5},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].text);
		struct jval *doc = NULL;

		if (jval_parse_bounded(&doc, rows[i].text, len, rows[i].values, NULL) != 0)
			fail_msg("%s", rows[i].text);
		jval_free(doc);
		if (jval_parse_bounded(&doc, rows[i].text, len, rows[i].values - 1, NULL) !=
		    -SL_ELIMIT)
			fail_msg("%s", rows[i].text);
	}
}

static void a_member_is_found_in_the_bytes_or_left_to_the_parser(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *found;
	} rows[] = {
		{"{\"a\":1,\"k\":\"web\"}", 0, "web"},
		{" {\n\"k\" :\t\"\" , \"z\":null } \n", 0, ""},
		{"{\"x\":\"\\\"k\\\\\",\"k\":\"/{[\"}", 0, "/{["},
		{"{\"o\":{\"k\":\"inner\"},\"l\":[\"k\",{\"k\":\"in\"}],\"k\":\"out\"}", 0, "out"},
		{"{}", 1, NULL},
		{"{\"K\":\"x\",\"kk\":\"y\",\"v\":\"k\"}", 1, NULL},
		{"{\"o\":{\"k\":\"inner\"}}", 1, NULL},
		/* only a parser knows */
		{"{\"k\":\"caf\xc3\xa9\"}", -SL_EFORMAT, NULL},
		{"{\"k\":\"a\\u0062\"}", -SL_EFORMAT, NULL},
		{"{\"\\u006b\":\"x\"}", -SL_EFORMAT, NULL},
		{"{\"k\":\"a\",\"k\":\"b\"}", -SL_EFORMAT, NULL},
		{"{\"k\":17}", -SL_EFORMAT, NULL},
		{"{\"k\":", -SL_EFORMAT, NULL},
		{"{\"k\":\"a\"", -SL_EFORMAT, NULL},
		{"{\"k\":\"a\"} x", -SL_EFORMAT, NULL},
		{"{\"k\":\"a\\", -SL_EFORMAT, NULL},
		{"[\"k\",\"a\"]", -SL_EFORMAT, NULL},
		{"", -SL_EFORMAT, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_bytes out;
		int rc = json_scan_text(rows[i].text, strlen(rows[i].text), "k", &out);

		if (rc != rows[i].rc)
			fail_msg("%s: %d", rows[i].text, rc);
		if (rc == 0 && (out.len != strlen(rows[i].found) ||
				memcmp(out.data, rows[i].found, out.len) != 0))
			fail_msg("%s: %.*s", rows[i].text, (int)out.len, out.data);
	}
}

static void written_values_read_back_equal(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct jout j;

	(void)state;
	jout_begin(&j, &out);
	jout_object(&j);
	jout_key_str(&j, "text", "a\"b\\c\nd\x01\x7f\xc3\xa9");
	jout_key_str(&j, "acts",
		     "\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x94\xf0\x9f\x8c\x8a");
	jout_key_str(&j, "null", NULL);
	jout_key(&j, "id");
	jout_id(&j, UINT64_MAX);
	jout_key(&j, "list");
	jout_array(&j);
	jout_i64(&j, -1);
	jout_bool(&j, false);
	jout_array(&j);
	jout_array_end(&j);
	jout_mode(&j, 0104755);
	jout_array_end(&j);
	jout_bytes(&j, "path", "/", (struct sl_bytes){"etc/x", 5});
	jout_bytes(&j, "odd", "/", (struct sl_bytes){"\xff", 1});
	jout_object_end(&j);
	assert_int_equal(jout_end(&j), 0);
	assert_string_equal(
		out.data,
		"{\"text\":\"a\\\"b\\\\c\\nd\\u0001\\u007f\xc3\xa9\",\"acts\":"
		"\"\\u009b\\u2028\\u202e\\u2066\xe2\x80\x94\xf0\x9f\x8c\x8a\",\"null\":null,"
		"\"id\":\"18446744073709551615\",\"list\":[-1,false,[],\"04755\"],"
		"\"path\":\"/etc/x\",\"odd_b64\":\"L/8=\"}");
	buf_clear(&out);
}

static void an_unfinished_document_is_noticed(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct jout j;

	(void)state;
	jout_begin(&j, &out);
	jout_object(&j);
	assert_int_equal(jout_end(&j), -SL_EINVAL);
	buf_reset(&out);
	jout_begin(&j, &out);
	for (int i = 0; i < JOUT_MAX_DEPTH + 1; i++)
		jout_array(&j);
	assert_int_equal(jout_end(&j), -SL_ELIMIT);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_read_exactly),
		cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
		cmocka_unit_test(a_document_of_too_many_values_is_refused),
		cmocka_unit_test(a_member_is_found_in_the_bytes_or_left_to_the_parser),
		cmocka_unit_test(written_values_read_back_equal),
		cmocka_unit_test(an_unfinished_document_is_noticed),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
