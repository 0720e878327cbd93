/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/encode.h"
#include "core/note.h"

/* The example of golang.org/x/mod/sumdb/note, made and checked by another implementation. */
static const char go_note[] =
	"If you think cryptography is the answer to your problem,\n"
	"then you don't know what your problem is.\n"
	"\n"
	"\xe2\x80\x94 PeterNeumann "
	"x08go/ZJkuBS9UG/"
	"SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM"
	"=\n";
/* key: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW */
static const char go_key[] = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

static struct sign_key *new_key(uint8_t public[SIGN_PUBLIC_SIZE])
{
	struct sign_key *k = NULL;

	assert_int_equal(sign_key_generate(&k, NULL), 0);
	sign_key_public(k, public);
	return k;
}

static void a_note_from_another_implementation_verifies(void **state)
{
	uint8_t key[SIGN_PUBLIC_SIZE], id[NOTE_KEY_ID_SIZE];
	struct buf raw = BUF_INIT(64);
	struct note n;

	(void)state;
	assert_int_equal(base64_decode(&raw, go_key, strlen(go_key)), 0);
	assert_int_equal(raw.len, 1 + SIGN_PUBLIC_SIZE);
	assert_int_equal(raw.data[0], NOTE_KEY_ED25519);
	memcpy(key, raw.data + 1, sizeof(key));
	buf_clear(&raw);
	assert_int_equal(note_key_id("PeterNeumann", 12, key, id, NULL), 0);
	assert_memory_equal(id, "\xc7\x4f\x20\xa3", 4);
	assert_int_equal(note_parse(&n, go_note, strlen(go_note), NULL), 0);
	assert_int_equal(n.count, 1);
	assert_int_equal(note_verify(&n, "PeterNeumann", key, NULL), 0);
	assert_int_equal(note_verify(&n, "EnochRoot", key, NULL), 1);
}

static void a_signed_checkpoint_round_trips(void **state)
{
	uint8_t a[SIGN_PUBLIC_SIZE], b[SIGN_PUBLIC_SIZE], root[SL_SHA256_SIZE];
	struct sign_key *key_a = new_key(a), *key_b = new_key(b);
	struct buf note = BUF_INIT(NOTE_MAX_BYTES);
	struct checkpoint cp;
	struct note n;
	size_t text_len;

	(void)state;
	memset(root, 0x5a, sizeof(root));
	assert_int_equal(note_checkpoint(&note, "strandline/bundle/00", 42, root), 0);
	text_len = note.len;
	assert_int_equal(note_sign(&note, text_len, "name/a", key_a, NULL), 0);
	assert_int_equal(note_sign(&note, text_len, "name/b", key_b, NULL), 0);
	assert_int_equal(note_parse(&n, note.data, note.len, NULL), 0);
	assert_int_equal(n.count, 2);
	assert_int_equal(n.text.len, text_len);
	assert_int_equal(note_verify(&n, "name/a", a, NULL), 0);
	assert_int_equal(note_verify(&n, "name/b", b, NULL), 0);
	assert_int_equal(note_verify(&n, "name/a", b, NULL), 1);
	assert_int_equal(note_checkpoint_parse(&cp, n.text, NULL), 0);
	assert_int_equal(cp.size, 42);
	assert_int_equal(cp.origin.len, strlen("strandline/bundle/00"));
	assert_memory_equal(cp.origin.data, "strandline/bundle/00", cp.origin.len);
	assert_memory_equal(cp.root, root, sizeof(root));

	/* another size under the same signatures */
	note.data[21] = '9';
	assert_int_equal(note_parse(&n, note.data, note.len, NULL), 0);
	assert_int_equal(note_verify(&n, "name/a", a, NULL), -SL_EUNTRUSTED);
	buf_clear(&note);
	sign_key_free(key_a);
	sign_key_free(key_b);
}

#define SIG "\xe2\x80\x94 name AAAAAAAA\n"

static void what_is_no_note_is_refused(void **state)
{
	static const struct {
		const char *why, *text;
		int want;
	} rows[] = {
		{"the smallest note", "text\n\n" SIG, 0},
		{"nothing", "", -SL_EFORMAT},
		{"no signature", "text\n", -SL_EFORMAT},
		{"no signature after the empty line", "text\n\n", -SL_EFORMAT},
		{"no last line feed", "text\n\n\xe2\x80\x94 name AAAAAAAA", -SL_EFORMAT},
		{"a hyphen for the dash", "text\n\n- name AAAAAAAA\n", -SL_EFORMAT},
		{"no name", "text\n\n\xe2\x80\x94  AAAAAAAA\n", -SL_EFORMAT},
		{"a name with a plus", "text\n\n\xe2\x80\x94 na+me AAAAAAAA\n", -SL_EFORMAT},
		{"a name with a no-break space", "text\n\n\xe2\x80\x94 a\xc2\xa0z AAAAAAAA\n",
		 -SL_EFORMAT},
		{"a key id alone", "text\n\n\xe2\x80\x94 name AAAAAA==\n", -SL_EFORMAT},
		{"no base64", "text\n\n\xe2\x80\x94 name AAAA*AAA\n", -SL_EFORMAT},
		{"trailing words", "text\n\n\xe2\x80\x94 name AAAAAAAA x\n", -SL_EFORMAT},
		{"a control character", "te\x1bxt\n\n" SIG, -SL_EFORMAT},
		{"a carriage return", "text\r\n\n" SIG, -SL_EFORMAT},
		{"no UTF-8", "te\xffxt\n\n" SIG, -SL_EFORMAT},
		{"text after the signatures", "text\n\n" SIG "more\n", -SL_EFORMAT},
		{"seventeen signatures",
		 "text\n\n" SIG SIG SIG SIG SIG SIG SIG SIG SIG SIG SIG SIG SIG SIG SIG SIG SIG,
		 -SL_ELIMIT},
		{"an empty line in the text", "text\n\nmore\n\n" SIG, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct note n;
		int got = note_parse(&n, rows[i].text, strlen(rows[i].text), NULL);

		if (got != rows[i].want)
			fail_msg("%s: got %d", rows[i].why, got);
	}
}

static void a_note_longer_than_the_bound_is_refused(void **state)
{
	struct note n;
	char *text = malloc(NOTE_MAX_BYTES + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', NOTE_MAX_BYTES + 1);
	assert_int_equal(note_parse(&n, text, NOTE_MAX_BYTES + 1, NULL), -SL_ELIMIT);
	free(text);
}

#define ROOT "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n"

static void checkpoints_have_three_lines_and_plain_numbers(void **state)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{"origin\n7\n" ROOT, 0},
		{"origin\n0\n" ROOT, 0},
		{"origin\n18446744073709551615\n" ROOT, 0},
		{"origin\n18446744073709551616\n" ROOT, -SL_EFORMAT},
		{"origin\n07\n" ROOT, -SL_EFORMAT},
		{"origin\n-7\n" ROOT, -SL_EFORMAT},
		{"origin\n\n" ROOT, -SL_EFORMAT},
		{"\n7\n" ROOT, -SL_EFORMAT},
		{"origin\n7\n", -SL_EFORMAT},
		{"origin\n7\nWlpa\n", -SL_EFORMAT},
		{"origin\n7\n" ROOT "extension\n", -SL_EFORMAT},
		{"", -SL_EFORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct checkpoint cp;
		struct sl_bytes text = {rows[i].text, strlen(rows[i].text)};

		if (note_checkpoint_parse(&cp, text, NULL) != rows[i].want)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_from_another_implementation_verifies),
		cmocka_unit_test(a_signed_checkpoint_round_trips),
		cmocka_unit_test(what_is_no_note_is_refused),
		cmocka_unit_test(a_note_longer_than_the_bound_is_refused),
		cmocka_unit_test(checkpoints_have_three_lines_and_plain_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
