/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/encode.h"
#include "core/sign.h"

/* RFC 8032, 7.1, test 3 */
static const char rfc_pem[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3\n"
			      "-----END PRIVATE KEY-----\n";
static const char rfc_public[] = "fc51cd8e6218a1a38da47ed00230f058"
				 "0816ed13ba3303ac5deb911548908025";
static const char rfc_signature[] =
	"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";

static struct sign_key *rfc_key(void)
{
	struct sign_key *k = NULL;

	assert_int_equal(sign_key_read(&k, rfc_pem, strlen(rfc_pem), NULL, NULL), 0);
	return k;
}

static void signs_as_rfc_8032_says(void **state)
{
	uint8_t want_public[SIGN_PUBLIC_SIZE], want[SIGN_SIZE], public[SIGN_PUBLIC_SIZE];
	uint8_t sig[SIGN_SIZE];
	struct sign_key *k = rfc_key();

	(void)state;
	assert_int_equal(hex_decode(want_public, 32, rfc_public, 64), 0);
	assert_int_equal(hex_decode(want, 64, rfc_signature, 128), 0);
	sign_key_public(k, public);
	assert_memory_equal(public, want_public, sizeof(public));
	assert_int_equal(sign_bytes(k, "\xaf\x82", 2, sig, NULL), 0);
	assert_memory_equal(sig, want, sizeof(sig));
	sign_key_free(k);
}

static void one_changed_bit_is_untrusted(void **state)
{
	uint8_t public[SIGN_PUBLIC_SIZE], sig[SIGN_SIZE];
	struct sl_error err = SL_ERROR_INIT;
	struct sign_key *k = NULL;

	(void)state;
	assert_int_equal(sign_key_generate(&k, NULL), 0);
	sign_key_public(k, public);
	assert_int_equal(sign_bytes(k, "message", 7, sig, NULL), 0);
	assert_int_equal(sign_verify(public, "message", 7, sig, &err), 0);
	assert_int_equal(sign_verify(public, "messagf", 7, sig, &err), -SL_EUNTRUSTED);
	sig[40] ^= 1;
	assert_int_equal(sign_verify(public, "message", 7, sig, &err), -SL_EUNTRUSTED);
	sig[40] ^= 1;
	public[3] ^= 1;
	assert_true(sign_verify(public, "message", 7, sig, &err) < 0);
	sl_error_clear(&err);
	sign_key_free(k);
}

static void key_files_round_trip(void **state)
{
	static const char *const passphrases[] = {NULL, "correct horse"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t a[SIGN_PUBLIC_SIZE], b[SIGN_PUBLIC_SIZE];
		struct sign_key *k = rfc_key(), *again = NULL;
		struct buf pem = BUF_INIT(4096);

		assert_int_equal(sign_key_write(k, passphrases[i], &pem, NULL), 0);
		if (passphrases[i] == NULL)
			assert_string_equal(pem.data, rfc_pem);
		else
			assert_non_null(strstr(pem.data, "BEGIN ENCRYPTED PRIVATE KEY"));
		assert_int_equal(sign_key_read(&again, pem.data, pem.len, passphrases[i], NULL), 0);
		sign_key_public(k, a);
		sign_key_public(again, b);
		assert_memory_equal(a, b, sizeof(a));
		sign_key_free(k);
		sign_key_free(again);
		buf_clear(&pem);
	}
}

static void a_wrong_or_missing_passphrase_fails_without_asking(void **state)
{
	struct sign_key *k = rfc_key(), *again = NULL;
	struct sl_error err = SL_ERROR_INIT;
	struct buf pem = BUF_INIT(4096);

	(void)state;
	assert_int_equal(sign_key_write(k, "right", &pem, NULL), 0);
	assert_int_equal(sign_key_read(&again, pem.data, pem.len, "wrong", &err), -SL_EFORMAT);
	assert_null(again);
	assert_int_equal(sign_key_read(&again, pem.data, pem.len, NULL, &err), -SL_EFORMAT);
	assert_null(again);
	sl_error_clear(&err);
	buf_clear(&pem);
	sign_key_free(k);
}

static void other_keys_and_noise_are_refused(void **state)
{
	/* X25519 has the same shape under another object identifier */
	static const char x25519[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VuBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3\n"
		"-----END PRIVATE KEY-----\n";
	struct sign_key *k = NULL;

	(void)state;
	assert_int_equal(sign_key_read(&k, x25519, strlen(x25519), NULL, NULL), -SL_EUNSUPPORTED);
	assert_int_equal(sign_key_read(&k, "noise", 5, NULL, NULL), -SL_EFORMAT);
	assert_int_equal(sign_key_read(&k, "", 0, NULL, NULL), -SL_EFORMAT);
	assert_int_equal(sign_key_read(&k, rfc_pem, 1u << 20, NULL, NULL), -SL_ELIMIT);
	assert_null(k);
}

static void public_forms_round_trip(void **state)
{
	static const char want[] = "-----BEGIN PUBLIC KEY-----\n"
				   "MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=\n"
				   "-----END PUBLIC KEY-----\n";
	uint8_t public[SIGN_PUBLIC_SIZE], spki[SIGN_SPKI_SIZE], back[SIGN_PUBLIC_SIZE];
	struct sign_key *k = rfc_key();
	struct buf pem = BUF_INIT(4096);

	(void)state;
	sign_key_public(k, public);
	assert_int_equal(sign_public_pem(public, &pem), 0);
	assert_string_equal(pem.data, want);
	assert_int_equal(sign_public_pem_parse(pem.data, pem.len, back, NULL), 0);
	assert_memory_equal(public, back, sizeof(back));

	sign_spki(public, spki);
	memset(back, 0, sizeof(back));
	assert_int_equal(sign_spki_parse(spki, sizeof(spki), back), 0);
	assert_memory_equal(public, back, sizeof(back));
	assert_int_equal(sign_spki_parse(spki, sizeof(spki) - 1, back), -SL_EFORMAT);
	spki[8] ^= 1;
	assert_int_equal(sign_spki_parse(spki, sizeof(spki), back), -SL_EFORMAT);
	assert_true(sign_public_pem_parse(rfc_pem, strlen(rfc_pem), back, NULL) < 0);
	buf_clear(&pem);
	sign_key_free(k);
}

static void a_forked_child_cannot_sign(void **state)
{
	struct sign_key *k = rfc_key();
	uint8_t sig[SIGN_SIZE];
	int status = -1;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(sign_bytes(k, "x", 1, sig, NULL) == -SL_EINVAL ? 0 : 1);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(sign_bytes(k, "x", 1, sig, NULL), 0);
	sign_key_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_as_rfc_8032_says),
		cmocka_unit_test(one_changed_bit_is_untrusted),
		cmocka_unit_test(key_files_round_trip),
		cmocka_unit_test(a_wrong_or_missing_passphrase_fails_without_asking),
		cmocka_unit_test(other_keys_and_noise_are_refused),
		cmocka_unit_test(public_forms_round_trip),
		cmocka_unit_test(a_forked_child_cannot_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
