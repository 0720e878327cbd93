/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of age files that must not open, each with a MAC that is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/agewrap.h"
#include "core/cleanup.h"
#include "unit/age_keys.h"

static const uint8_t file_key[AGE_FILE_KEY_SIZE] = "sixteen bytes..";

/* The stanza of our recipient. */
static char *good_stanza(void)
{
	struct buf header = BUF_INIT(AGE_HEADER_MAX);
	struct age_recipients *r;
	char *text, *first;

	assert_int_equal(age_recipients_new(&r, NULL), 0);
	assert_int_equal(age_recipients_add(r, RECIPIENT, strlen(RECIPIENT), NULL), 0);
	assert_int_equal(age_wrap(&header, r, file_key, NULL), 0);
	age_recipients_free(r);
	first = strchr(header.data, '\n') + 1;
	*strstr(first, "---") = '\0';
	text = strdup(first);
	buf_clear(&header);
	return text;
}

static int unwrap(const char *text, size_t len)
{
	struct age_identities *ids = our_identity();
	uint8_t key[AGE_FILE_KEY_SIZE] = {0};
	int rc = age_unwrap(text, len, ids, key, NULL);

	if (rc == 0)
		assert_memory_equal(key, file_key, sizeof(key));
	age_identities_free(ids);
	return rc;
}

static int unwrap_stanzas(const char *before, const char *good, const char *after)
{
	CLEANUP(buf_clear) struct buf header = BUF_INIT(2 * AGE_HEADER_MAX);
	size_t len = 0;

	(void)age_header_begin(&header);
	(void)buf_printf(&header, "%s%s%s", before, good, after);
	assert_int_equal(age_header_finish(&header, file_key, NULL), 0);
	if (age_header_length(header.data, header.len, &len, NULL) < 0)
		return -SL_EFORMAT;
	return unwrap(header.data, len);
}

#define B32 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY"
#define B64 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2"

static void a_header_is_read_strictly(void **state)
{
	static const struct {
		const char *what, *stanza;
		int rc;
	} rows[] = {
		{"another stanza", "-> other\n\n", 0},
		{"with arguments and a body", "-> other a b c d e !~\n" B32 "\n", 0},
		{"with a body of whole lines", "-> other\n" B64 "\n" B64 "\n\n", 0},
		{"whose body does not end", "-> other\n" B64 "\n", -SL_EFORMAT},
		{"without a body", "-> other\n", -SL_EFORMAT},
		{"a line of 65", "-> other\n" B64 "A\n\n", -SL_EFORMAT},
		{"a line of 68", "-> other\n" B64 "AAAA\n\n", -SL_EFORMAT},
		{"a short line inside", "-> other\nQUJD\nQUJD\n", -SL_EFORMAT},
		{"padding", "-> other\nQUI=\n", -SL_EFORMAT},
		{"bits left over", "-> other\nQUK\n", -SL_EFORMAT},
		{"one character more", "-> other\nQUJDR\n", -SL_EFORMAT},
		{"another alphabet", "-> other\nQU_-\n", -SL_EFORMAT},
		{"a blank in the body", "-> other\nQUJD \n", -SL_EFORMAT},
		{"CRLF", "-> other\r\n\r\n", -SL_EFORMAT},
		{"CRLF in the body", "-> other\nQUJD\r\n", -SL_EFORMAT},
		{"no type", "-> \n\n", -SL_EFORMAT},
		{"no blank", "->other\n\n", -SL_EFORMAT},
		{"two blanks", "-> other  a\n\n", -SL_EFORMAT},
		{"a blank in front", "->  other\n\n", -SL_EFORMAT},
		{"a blank behind", "-> other \n\n", -SL_EFORMAT},
		{"a control byte", "-> other \x7f\n\n", -SL_EFORMAT},
		{"a byte past ASCII", "-> other \xc3\xa4\n\n", -SL_EFORMAT},
		{"an empty line", "\n", -SL_EFORMAT},
		{"a comment", "# comment\n", -SL_EFORMAT},
		{"X25519 for somebody else", "-> X25519 " B32 "\n" B32 "\n", 0},
		{"X25519 without a share", "-> X25519\n" B32 "\n", -SL_EFORMAT},
		{"X25519 with one more", "-> X25519 " B32 " a\n" B32 "\n", -SL_EFORMAT},
		{"X25519 with a short share", "-> X25519 QUJD\n" B32 "\n", -SL_EFORMAT},
		{"X25519 with a long share", "-> X25519 " B64 "\n" B32 "\n", -SL_EFORMAT},
		{"X25519 with a padded share", "-> X25519 " B32 "=\n" B32 "\n", -SL_EFORMAT},
		{"X25519 with a short body", "-> X25519 " B32 "\nQUJD\n", -SL_EFORMAT},
		{"X25519 with a long body", "-> X25519 " B32 "\n" B64 "\n\n", -SL_EFORMAT},
		{"X25519 of low order",
		 "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" B32 "\n", -SL_EFORMAT},
		{"x25519 in lower case is another", "-> x25519 a\n\n", 0},
		{"a passphrase beside", "-> scrypt QUJDREVGR0hJSktMTU5PUA 10\n" B32 "\n",
		 -SL_EFORMAT},
		{"scrypt without work", "-> scrypt QUJDREVGR0hJSktMTU5PUA\n" B32 "\n", -SL_EFORMAT},
	};
	AUTO_FREE char *good = good_stanza();

	(void)state;
	assert_int_equal(unwrap_stanzas("", good, ""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int before = unwrap_stanzas(rows[i].stanza, good, "");
		int after = unwrap_stanzas("", good, rows[i].stanza);

		if (before != rows[i].rc || after != rows[i].rc)
			print_message("%s: %d before, %d after\n", rows[i].what, before, after);
		assert_int_equal(before, rows[i].rc);
		assert_int_equal(after, rows[i].rc);
	}
	assert_int_equal(unwrap_stanzas("", "", ""), -SL_EFORMAT);
	assert_int_equal(unwrap_stanzas("-> other\n\n", "", ""), -SL_ENOTFOUND);
}

static void the_cost_of_a_passphrase_is_judged_first(void **state)
{
	static const struct {
		const char *work;
		int rc;
	} rows[] = {
		{"10", -SL_ENOTFOUND}, {"23", -SL_ELIMIT},   {"63", -SL_ELIMIT},
		{"99", -SL_ELIMIT},    {"100", -SL_EFORMAT}, {"010", -SL_EFORMAT},
		{"0", -SL_EFORMAT},    {"", -SL_EFORMAT},    {"+9", -SL_EFORMAT},
		{"-1", -SL_EFORMAT},   {"0x", -SL_EFORMAT},  {"18446744073709551617", -SL_EFORMAT},
	};
	struct age_identities *ids;

	(void)state;
	assert_int_equal(age_identities_new(&ids, NULL), 0);
	assert_int_equal(age_identities_passphrase(ids, "x", 1, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(buf_clear) struct buf header = BUF_INIT(AGE_HEADER_MAX);
		uint8_t key[AGE_FILE_KEY_SIZE];

		(void)age_header_begin(&header);
		(void)buf_printf(&header, "-> scrypt QUJDREVGR0hJSktMTU5PUA %s\n" B32 "\n",
				 rows[i].work);
		assert_int_equal(age_header_finish(&header, file_key, NULL), 0);
		assert_int_equal(age_unwrap(header.data, header.len, ids, key, NULL), rows[i].rc);
	}
	age_identities_free(ids);
}

static void the_mac_line_is_strict_too(void **state)
{
	CLEANUP(buf_clear) struct buf header = BUF_INIT(AGE_HEADER_MAX);
	AUTO_FREE char *good = good_stanza();
	char changed[2048];
	size_t len;

	(void)state;
	(void)age_header_begin(&header);
	(void)buf_append_str(&header, good);
	assert_int_equal(age_header_finish(&header, file_key, NULL), 0);
	len = header.len;
	assert_true(len + 2 < sizeof(changed));
	assert_int_equal(unwrap(header.data, len), 0);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(unwrap(header.data, cut), -SL_EFORMAT);
	memcpy(changed, header.data, len);
	memcpy(changed + len, "\n", 2);
	assert_int_equal(unwrap(changed, len + 1), -SL_EFORMAT);
	/* another MAC; one that is not the only way to write its bytes; a padded one */
	changed[len - 10] = changed[len - 10] == 'A' ? 'B' : 'A';
	assert_int_equal(unwrap(changed, len), -SL_EUNTRUSTED);
	memcpy(changed, header.data, len);
	changed[len - 2] ^= 1;
	assert_int_equal(unwrap(changed, len), -SL_EFORMAT);
	memcpy(changed, header.data, len);
	memcpy(changed + len - 1, "=\n", 3);
	assert_int_equal(unwrap(changed, len + 1), -SL_EFORMAT);
	memcpy(changed, header.data, len);
	changed[20] = '2'; /* the version */
	assert_int_equal(unwrap(changed, len), -SL_EFORMAT);
	assert_int_equal(age_header_length(changed, len, &len, NULL), -SL_EFORMAT);
}

static void a_header_without_end_is_not_read_for_ever(void **state)
{
	CLEANUP(buf_clear) struct buf header = BUF_INIT(2 * AGE_HEADER_MAX);
	size_t len = 0;

	(void)state;
	(void)age_header_begin(&header);
	assert_int_equal(age_header_length(header.data, header.len, &len, NULL), 1);
	while (header.len < AGE_HEADER_MAX)
		(void)buf_append_str(&header, "-> other\n\n");
	assert_int_equal(age_header_length(header.data, header.len, &len, NULL), -SL_EFORMAT);
	assert_int_equal(age_header_length("age-encr", 8, &len, NULL), 1);
	assert_int_equal(age_header_length("age-xncr", 8, &len, NULL), -SL_EFORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_strictly),
		cmocka_unit_test(the_cost_of_a_passphrase_is_judged_first),
		cmocka_unit_test(the_mac_line_is_strict_too),
		cmocka_unit_test(a_header_without_end_is_not_read_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
