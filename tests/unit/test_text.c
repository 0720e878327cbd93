/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: quoting, hexadecimal, base64, UTF-8. */
#include "unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include <strandline/error.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"

static void quoting_leaves_nothing_that_a_terminal_obeys(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *want;
	} rows[] = {
		{"plain name", 10, "plain name"},
		{"tab\there", 8, "tab\\x09here"},
		{"two\nlines", 9, "two\\x0alines"},
		{"\x1b[31mred", 8, "\\x1b[31mred"},
		{"back\\slash", 10, "back\\\\slash"},
		{"bad\xffutf", 7, "bad\\xffutf"},
		{"nul\0in", 6, "nul\\x00in"},
		{"caf\xc3\xa9", 5, "caf\xc3\xa9"},
		{"\xe2\x80\xae"
		 "gpj.exe",
		 10, "\\u{202e}gpj.exe"},
		{"zero\xe2\x80\x8bwidth", 12, "zero\\u{200b}width"},
		{"\xc2\x9b"
		 "31m",
		 5, "\\u{9b}31m"},
		{"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
		{"\xc0\xaf", 2, "\\xc0\\xaf"},
		{"", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE char *got = quote_dup(rows[i].bytes, rows[i].len);

		assert_non_null(got);
		assert_string_equal(got, rows[i].want);
	}
}

static void width_counts_columns_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(quote_width("abc", 3), 3);
	assert_int_equal(quote_width("caf\xc3\xa9", 5), 4);
	assert_int_equal(quote_width("\xe6\xbc\xa2\xe5\xad\x97", 6), 4);
}

static void a_digest_has_exactly_one_spelling(void **state)
{
	static const char good[] =
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	uint8_t digest[SL_SHA256_SIZE];
	char text[DIGEST_TEXT_SIZE], upper[sizeof(good)], other[sizeof(good)];

	(void)state;
	assert_int_equal(digest_parse(digest, good, strlen(good)), 0);
	digest_format(text, digest);
	assert_string_equal(text, good);
	assert_int_equal(digest_parse(digest, good, strlen(good) - 1), -SL_EFORMAT);
	memcpy(upper, good, sizeof(good));
	upper[7] = 'E';
	assert_int_equal(digest_parse(digest, upper, strlen(upper)), -SL_EFORMAT);
	memcpy(other, good, sizeof(good));
	other[3] = '5';
	assert_int_equal(digest_parse(digest, other, strlen(other)), -SL_EFORMAT);
	assert_int_equal(digest_parse(digest, NULL, 0), -SL_EFORMAT);
}

static void base64_follows_the_test_vectors_of_rfc_4648(void **state)
{
	static const char *const rows[][2] = {{"", ""},
					      {"f", "Zg=="},
					      {"fo", "Zm8="},
					      {"foo", "Zm9v"},
					      {"foob", "Zm9vYg=="},
					      {"fooba", "Zm9vYmE="},
					      {"foobar", "Zm9vYmFy"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf out = BUF_INIT(64), back = BUF_INIT(64);

		assert_int_equal(base64_encode(&out, rows[i][0], strlen(rows[i][0])), 0);
		assert_int_equal(out.len, strlen(rows[i][1]));
		assert_int_equal(base64_decode(&back, rows[i][1], strlen(rows[i][1])), 0);
		assert_int_equal(back.len, strlen(rows[i][0]));
		assert_memory_equal(back.len ? back.data : "", rows[i][0], back.len);
		buf_clear(&out);
		buf_clear(&back);
	}
}

static void base64_has_64_digits_and_no_more(void **state)
{
	(void)state;
	for (unsigned int c = 0; c < 256; c++) {
		const char text[] = {'A', (char)c, 'A', 'A'};
		CLEANUP(buf_clear) struct buf out = BUF_INIT(64), again = BUF_INIT(64);
		bool is_digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
				(c >= '0' && c <= '9') || c == '+' || c == '/';

		assert_int_equal(base64_decode(&out, text, 4), is_digit ? 0 : -SL_EFORMAT);
		if (!is_digit)
			continue;
		assert_int_equal(base64_encode(&again, out.data, out.len), 0);
		assert_memory_equal(again.data, text, 4);
	}
}

static void base64_refuses_what_is_not_canonical(void **state)
{
	static const char *const rows[] = {
		"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zm 9v", "Zg==Zg==", "Zm-v"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf out = BUF_INIT(64);

		if (base64_decode(&out, rows[i], strlen(rows[i])) != -SL_EFORMAT)
			fail_msg("'%s' was accepted", rows[i]);
		buf_clear(&out);
	}
}

static void a_buffer_never_passes_its_maximum_and_remembers_it(void **state)
{
	struct buf b = BUF_INIT(4);

	(void)state;
	assert_int_equal(buf_append(&b, "abcd", 4), 0);
	assert_int_equal(buf_append(&b, "e", 1), -SL_ELIMIT);
	assert_int_equal(buf_append(&b, "", 0), -SL_ELIMIT);
	assert_string_equal(b.data, "abcd");
	buf_reset(&b);
	assert_int_equal(buf_append(&b, "x", 1), 0);
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoting_leaves_nothing_that_a_terminal_obeys),
		cmocka_unit_test(width_counts_columns_not_bytes),
		cmocka_unit_test(a_digest_has_exactly_one_spelling),
		cmocka_unit_test(base64_follows_the_test_vectors_of_rfc_4648),
		cmocka_unit_test(base64_has_64_digits_and_no_more),
		cmocka_unit_test(base64_refuses_what_is_not_canonical),
		cmocka_unit_test(a_buffer_never_passes_its_maximum_and_remembers_it),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
