/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures made by openssl, over the bytes "strandline\n". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/signchain.h"
#include "core/signpub.h"

#define MESSAGE "strandline\n"

static const char p256_key[] = "-----BEGIN PUBLIC KEY-----\n"
			       "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHzoaKF/XdH5PejqQyiIhlnyZw8d5\n"
			       "TNVIA9DWFOmg5jRIIcaWUzlNuOXRofNRyoKwT2+kNdh7Sv1U50Xmfdc1JQ==\n"
			       "-----END PUBLIC KEY-----\n";
static const char rsa_key[] = "-----BEGIN PUBLIC KEY-----\n"
			      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArIabk3NYIFI1dBLXVLTm\n"
			      "NZUymNyrO9gkNmfllLL8Q7NG1i1Ub1L/h46d6Iu+Uy1VSVoaRtlnRrOopdOvf3P7\n"
			      "Y1Y4onsElkS5nvYEzWKuZ8RI9x4kEjVNEYJ+77SR6eRdX+YfunrjiBloyVhHxDlq\n"
			      "kDpkxR8a3vpywiaT67BNIjbIlldwp+qbMBmM9qfKEb6S6CY49bONarYkvLtkEQBF\n"
			      "BpdzCQteYM51mulSfAKVWLnfS/0FsGPmM0O6ICwwJsuDA52q6sK6/JbgKTu8k/zH\n"
			      "ElDm3BejSHS/byXCPZOAr32HGphX1vCAreOPYNf2GxVTgf1q7USqCMR9dLXiE9To\n"
			      "9QIDAQAB\n"
			      "-----END PUBLIC KEY-----\n";
static const char ed_key[] = "-----BEGIN PUBLIC KEY-----\n"
			     "MCowBQYDK2VwAyEAoCCjuS1s6mLWLAinOVIP+a7SekWSq436Qfk/IYaCjR8=\n"
			     "-----END PUBLIC KEY-----\n";
static const char p256_id[] =
	"sha256:38edb05410b56dccf2f50b9dc955270513996d83d81372a55a6d7c1de4b71ce1";
static const char p256_der[] =
	"MEUCIQD03OWxXv8oiGT2ALRHwb6yHEUG3nlMsgC/I+m8BK1znwIgDQsCB5LlBG7I1KAMb1tinrca"
	"msKqAYNkUfbQaNZqKIg=";
static const char p256_raw[] =
	"9NzlsV7/KIhk9gC0R8G+shxFBt55TLIAvyPpvAStc58NCwIHkuUEbsjUoAxvW2KetxqawqoBg2RR"
	"9tBo1mooiA==";
static const char rsa_pkcs1[] =
	"WwOoaI6QndOXGbJSRjvl998huKj7n9NflAEvkzzH/aFOVTH8XYgKf3mzP6iZluvBZV5vWoMCBPEC"
	"RM5FYs1SzQ2ulTu/pyyTofeHVa9YN8IUWG06RFzomVJDg/5UmX4McwedF+O0OdHyn8qndcpeOxcX"
	"/5EOBqetcbPYSSUtR49EUhmSJq/OTqr5B84fIt+klbzEjYQgCB4abUS5xEa9E+FIiR/sVEv/HCC1"
	"iK0weTSXbh+Gtu+B0i99tLR8gwks8lIUzdqCNAzBCKHNhfBGWoXkRoCyrfIwQ7Q41YSYSoO9Lso9"
	"S6dkCNwNeH8PtMDX90BF3aQn0AMSA4bMOAMXVQ==";
static const char rsa_pss[] =
	"pGssLxDzrOBgTrGV5gkgFjFWoZYrHtkAdO2hWl5dnDWAAJBwpnrDlBc85PTbXKeVnEdepUXT84vK"
	"JkTqPPlDpH+SdBgV6mlm0abIeTSr7hd2K8o0ShgaijnVQXb8Klh08l4TtFrfvdpHMdsT9ZJvJq9K"
	"cN+2dMEYFYQYgNVTnKU6dl0krLAh7fo8F7fswYXAfcfVt/D5igxd663uvMGMwfMaZvSjI3rWTXyF"
	"7nm4XXuxjOX0RArqVAjb1H2bYLfnV8v/uFhh+WevdWwBZ7WL80w/YCU+3aih2o6/oEXYP6MPc7k9"
	"Lh85JJayueRvQE21Phhb6Ytd7mfn9eOmoTv0fA==";
static const char ed_sig[] =
	"IqJ6xwidSRWQm7qNHF3qX7lm5GTqqC9Dly60yA/DmT++1ToWHyoyOC5tpw7OJE+/QpgGKnAE9M9Y"
	"xFmj0KEMCg==";

static struct signpub *key_of(const char *pem)
{
	struct signpub *k = NULL;

	assert_int_equal(signpub_read(&k, pem, strlen(pem), NULL), 0);
	return k;
}

static int verify(const char *pem, enum signpub_form form, enum signpub_hash hash,
		  const char *message, const char *sig64)
{
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(4096);
	struct signpub *k = key_of(pem);
	int rc;

	assert_int_equal(base64_decode(&sig, sig64, strlen(sig64)), 0);
	rc = signpub_verify(k, form, hash, message, strlen(message), sig.data, sig.len, NULL);
	signpub_free(k);
	return rc;
}

static void each_form_is_good_for_its_own_bytes_only(void **state)
{
	static const struct {
		const char *what, *key, *sig;
		enum signpub_form form;
		enum signpub_hash hash;
	} rows[] = {
		{"ecdsa", p256_key, p256_der, SIGNPUB_ECDSA_DER, SIGNPUB_SHA256},
		{"ecdsa, raw", p256_key, p256_raw, SIGNPUB_ECDSA_RAW, SIGNPUB_SHA256},
		{"rsa, pkcs1", rsa_key, rsa_pkcs1, SIGNPUB_RSA_PKCS1, SIGNPUB_SHA256},
		{"rsa, pss", rsa_key, rsa_pss, SIGNPUB_RSA_PSS, SIGNPUB_SHA256},
		{"ed25519", ed_key, ed_sig, SIGNPUB_PURE, SIGNPUB_SHA256},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int good = verify(rows[i].key, rows[i].form, rows[i].hash, MESSAGE, rows[i].sig);
		int other = verify(rows[i].key, rows[i].form, rows[i].hash, "else", rows[i].sig);
		int empty = verify(rows[i].key, rows[i].form, rows[i].hash, "", rows[i].sig);

		if (good != 0 || other != -SL_EUNTRUSTED || empty != -SL_EUNTRUSTED)
			fail_msg("%s: %d, %d, %d", rows[i].what, good, other, empty);
	}
}

static void a_form_is_not_taken_for_another(void **state)
{
	(void)state;
	assert_int_equal(verify(p256_key, SIGNPUB_ECDSA_DER, SIGNPUB_SHA256, MESSAGE, p256_raw),
			 -SL_EUNTRUSTED);
	assert_int_equal(verify(p256_key, SIGNPUB_ECDSA_RAW, SIGNPUB_SHA256, MESSAGE, p256_der),
			 -SL_EUNTRUSTED);
	assert_int_equal(verify(p256_key, SIGNPUB_ECDSA_DER, SIGNPUB_SHA384, MESSAGE, p256_der),
			 -SL_EUNTRUSTED);
	assert_int_equal(verify(rsa_key, SIGNPUB_RSA_PSS, SIGNPUB_SHA256, MESSAGE, rsa_pkcs1),
			 -SL_EUNTRUSTED);
	assert_int_equal(verify(rsa_key, SIGNPUB_RSA_PKCS1, SIGNPUB_SHA256, MESSAGE, rsa_pss),
			 -SL_EUNTRUSTED);
	assert_int_equal(verify(rsa_key, SIGNPUB_RSA_PKCS1, SIGNPUB_SHA512, MESSAGE, rsa_pkcs1),
			 -SL_EUNTRUSTED);
	assert_int_equal(verify(ed_key, SIGNPUB_ECDSA_DER, SIGNPUB_SHA256, MESSAGE, ed_sig),
			 -SL_EINVAL);
	assert_int_equal(verify(p256_key, SIGNPUB_RSA_PSS, SIGNPUB_SHA256, MESSAGE, p256_der),
			 -SL_EINVAL);
	assert_int_equal(verify(rsa_key, SIGNPUB_PURE, SIGNPUB_SHA256, MESSAGE, rsa_pss),
			 -SL_EINVAL);
}

static void every_flipped_bit_is_seen(void **state)
{
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(4096);
	struct signpub *k = key_of(p256_key);

	(void)state;
	assert_int_equal(base64_decode(&sig, p256_raw, strlen(p256_raw)), 0);
	for (size_t bit = 0; bit < 8 * sig.len; bit++) {
		sig.data[bit / 8] = (char)(sig.data[bit / 8] ^ 1 << bit % 8);
		assert_int_equal(signpub_verify(k, SIGNPUB_ECDSA_RAW, SIGNPUB_SHA256, MESSAGE,
						strlen(MESSAGE), sig.data, sig.len, NULL),
				 -SL_EUNTRUSTED);
		sig.data[bit / 8] = (char)(sig.data[bit / 8] ^ 1 << bit % 8);
	}
	signpub_free(k);
}

/* r and s of 0 are the classic "psychic" signature; lengths beside the curve's are no signature. */
static void odd_raw_signatures_are_refused(void **state)
{
	static const size_t lengths[] = {0, 1, 63, 64, 65, 96, 4096};
	uint8_t zeros[4096] = {0};
	struct signpub *k = key_of(p256_key);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		assert_int_equal(signpub_verify(k, SIGNPUB_ECDSA_RAW, SIGNPUB_SHA256, MESSAGE,
						strlen(MESSAGE), zeros, lengths[i], NULL),
				 -SL_EUNTRUSTED);
	signpub_free(k);
}

static void the_id_is_the_digest_of_the_key(void **state)
{
	struct signpub *k = key_of(p256_key);
	uint8_t id[SL_SHA256_SIZE];
	char text[DIGEST_TEXT_SIZE];

	(void)state;
	signpub_id(k, id);
	digest_format(text, id);
	assert_string_equal(text, p256_id);
	assert_int_equal(signpub_type(k), SIGNPUB_P256);
	assert_int_equal(signpub_bits(k), 256);
	signpub_free(k);
}

static void what_is_no_key_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"hello",
		"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	};
	struct signpub *k = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(signpub_read(&k, texts[i], strlen(texts[i]), NULL), -SL_EFORMAT);
		assert_null(k);
	}
}

static void a_chain_needs_certificates(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct signroots *roots = NULL;
	struct signchain *chain = NULL;
	struct signpub *key = NULL;

	(void)state;
	assert_int_equal(signroots_new(&roots, NULL), 0);
	assert_int_equal(signchain_new(&chain, NULL), 0);
	assert_int_equal(signroots_add(roots, p256_key, strlen(p256_key), NULL), -SL_EFORMAT);
	assert_int_equal(signroots_add(roots, "", 0, NULL), -SL_EFORMAT);
	assert_int_equal(signroots_count(roots), 0);
	assert_int_equal(signchain_add(chain, "\x30\x00", 2, NULL), -SL_EFORMAT);
	assert_int_equal(signchain_key(chain, &key, NULL), -SL_EFORMAT);
	assert_int_equal(signchain_check(chain, roots, (struct sl_time){0}, &err), -SL_EUNTRUSTED);
	signchain_free(chain);
	signroots_free(roots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_good_for_its_own_bytes_only),
		cmocka_unit_test(a_form_is_not_taken_for_another),
		cmocka_unit_test(every_flipped_bit_is_seen),
		cmocka_unit_test(odd_raw_signatures_are_refused),
		cmocka_unit_test(the_id_is_the_digest_of_the_key),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(a_chain_needs_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
