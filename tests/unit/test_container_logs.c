/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "forensics/crilog.h"
#include "forensics/dockerlog.h"
#include "forensics/locallog.h"

struct row {
	const char *bytes;
	size_t len;
	int rc;
	int64_t sec;
	uint32_t nsec;
	const char *stream, *text;
};

#define ROW(bytes) (bytes), sizeof(bytes) - 1

static void check(const struct row *row,
		  int (*parse)(struct logline *, struct buf *, const char *, size_t))
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(64);
	struct logline line;

	assert_int_equal(parse(&line, &text, row->bytes, row->len), row->rc);
	if (row->rc != 0)
		return;
	assert_int_equal(line.time.sec, row->sec);
	assert_int_equal(line.time.nsec, row->nsec);
	assert_string_equal(line.stream, row->stream);
	assert_int_equal(text.len, strlen(row->text));
	if (text.len > 0)
		assert_memory_equal(text.data, row->text, text.len);
}

static void lines_of_kubernetes_say_time_stream_and_text(void **state)
{
	static const struct row rows[] = {
		{ROW("1970-01-01T00:00:01.5Z stdout F hello  you "), 0, 1, 500000000, "stdout",
		 "hello  you "},
		{ROW("1970-01-01T02:00:01+02:00 stderr P half"), 0, 1, 0, "stderr", "half"},
		{ROW("1970-01-01T00:00:01Z stdout F:tag x\r"), 0, 1, 0, "stdout", "x"},
		{ROW("1970-01-01T00:00:01Z stdout F "), 0, 1, 0, "stdout", ""},
		{ROW("1970-01-01T00:00:01Z stdout F"), 0, 1, 0, "stdout", ""},
		{ROW("1970-01-01T00:00:01Z stdin F x"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW("1970-01-01T00:00:01Z stdout Full x"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW("1970-01-01T00:00:01Z stdout  x"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW("yesterday stdout F x"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW("1970-01-01T00:00:01Z"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW(""), -SL_EFORMAT, 0, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i], crilog_parse);
}

static int parse_local(struct logline *out, struct buf *text, const char *bytes, size_t len)
{
	return locallog_parse(out, text, bytes, len);
}

static void messages_of_dockers_own_format_are_read(void **state)
{
	static const struct row rows[] = {
		{ROW("\x0a\x06stdout\x10\x81\xca\xb5\xee\x01\x1a\x02hi"), 0, 0, 500000001, "stdout",
		 "hi"},
		/* fields that are not known are passed over, whatever their kind */
		{ROW("\x20\x01\x2a\x02\x08\x01\x35"
		     "abcd\x39"
		     "abcdefgh\x10\x01\x1a\x01x"),
		 0, 0, 1, "", "x"},
		/* one nanosecond before 1970 */
		{ROW("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0, -1, 999999999, "", ""},
		{ROW("\x0a\x06stdout\x1a\x02hi"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW("\x10\x01\x1a\x05hi"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW("\x10\xff\xff"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), -SL_EFORMAT, 0, 0,
		 NULL, NULL},
		{ROW("\x10\x01\x0b\x0c"), -SL_EFORMAT, 0, 0, NULL, NULL},
		{ROW(""), -SL_EFORMAT, 0, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i], parse_local);
}

static void lengths_beyond_the_limit_are_no_lengths(void **state)
{
	(void)state;
	assert_int_equal(locallog_length("\x00\x00\x01\x02"), 258);
	assert_int_equal(locallog_length("\x00\x10\x00\x00"), 1u << 20);
	assert_int_equal(locallog_length("\x00\x10\x00\x01"), 0);
	assert_int_equal(locallog_length("\xff\xff\xff\xff"), 0);
}

static void texts_are_cut_at_what_the_buffer_takes(void **state)
{
	struct logline line;
	struct buf text = BUF_INIT(3);

	(void)state;
	assert_int_equal(crilog_parse(&line, &text, ROW("1970-01-01T00:00:01Z stdout F abcdef")),
			 0);
	assert_string_equal(text.data, "abc");
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_kubernetes_say_time_stream_and_text),
		cmocka_unit_test(messages_of_dockers_own_format_are_read),
		cmocka_unit_test(lengths_beyond_the_limit_are_no_lengths),
		cmocka_unit_test(texts_are_cut_at_what_the_buffer_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
