/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signpub.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/signpub_key.h"

#define PEM_MAX_BYTES (64u << 10)
#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192 /* what one verification may cost */
#define SIGNATURE_MAX_BYTES (RSA_MAX_BITS / 8)

struct signpub {
	EVP_PKEY *pkey;
	enum signpub_type type;
	uint8_t id[SL_SHA256_SIZE];
};

static void free_bio(BIO **p)
{
	BIO_free(*p);
}

static void free_md(EVP_MD_CTX **p)
{
	EVP_MD_CTX_free(*p);
}

static void free_der(unsigned char **p)
{
	OPENSSL_free(*p);
}

static void free_ecdsa(ECDSA_SIG **p)
{
	ECDSA_SIG_free(*p);
}

static int crypto_fail(struct sl_error *err, enum sl_code code, const char *what)
{
	ERR_clear_error();
	return sl_fail(err, code, 0, "%s", what);
}

/* Curves by name only: spelled-out parameters can be made to fit any signature (CVE-2020-0601). */
static int curve_type(const EVP_PKEY *pkey, enum signpub_type *out, struct sl_error *err)
{
	static const struct {
		const char *group;
		enum signpub_type type;
	} curves[] = {
		{"prime256v1", SIGNPUB_P256},
		{"secp384r1", SIGNPUB_P384},
		{"secp521r1", SIGNPUB_P521},
	};
	char group[32] = "";
	size_t len;
	int is_explicit = 1;

	if (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
				   &is_explicit) != 1 ||
	    is_explicit != 0 || EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1)
		return crypto_fail(err, SL_EUNSUPPORTED, "public key: a curve without a name");
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (strcmp(curves[i].group, group) == 0) {
			*out = curves[i].type;
			return 0;
		}
	return sl_fail(err, SL_EUNSUPPORTED, 0,
		       "public key: a curve other than P-256, P-384, P-521");
}

static int key_type(const EVP_PKEY *pkey, enum signpub_type *out, struct sl_error *err)
{
	int bits = EVP_PKEY_get_bits(pkey);

	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_EC:
		return curve_type(pkey, out, err);
	case EVP_PKEY_ED25519:
		*out = SIGNPUB_ED25519;
		return 0;
	case EVP_PKEY_RSA:
		*out = SIGNPUB_RSA;
		if (bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS)
			return 0;
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "public key: RSA of %d bits, accepted are %d to %d", bits,
			       RSA_MIN_BITS, RSA_MAX_BITS);
	default:
		return sl_fail(err, SL_EUNSUPPORTED, 0, "public key: not ECDSA, RSA or Ed25519");
	}
}

int signpub_from(struct signpub **out, EVP_PKEY *pkey, struct sl_error *err)
{
	unsigned char *der CLEANUP(free_der) = NULL;
	struct signpub *k = calloc(1, sizeof(*k));
	int len, rc;

	*out = NULL;
	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return sl_fail(err, SL_ENOMEM, 0, "public key");
	}
	k->pkey = pkey;
	rc = key_type(pkey, &k->type, err);
	if (rc == 0) {
		len = i2d_PUBKEY(pkey, &der);
		rc = len > 0 ? sha256_once(der, (size_t)len, k->id, err)
			     : crypto_fail(err, SL_ENOMEM, "public key");
	}
	if (rc < 0) {
		signpub_free(k);
		return rc;
	}
	*out = k;
	return 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter) the type is OpenSSL's */
int signpub_no_passphrase(char *out, int size, int writing, void *payload)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)payload;
	return -1;
}

int signpub_read(struct signpub **out, const char *pem, size_t len, struct sl_error *err)
{
	BIO *bio CLEANUP(free_bio) = NULL;
	EVP_PKEY *pkey;

	*out = NULL;
	if (len > PEM_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "public key: more than %u bytes", PEM_MAX_BYTES);
	bio = BIO_new_mem_buf(len > 0 ? pem : "", (int)len);
	if (bio == NULL)
		return crypto_fail(err, SL_ENOMEM, "public key");
	pkey = PEM_read_bio_PUBKEY(bio, NULL, signpub_no_passphrase, NULL);
	if (pkey == NULL)
		return crypto_fail(err, SL_EFORMAT, "no public key in PEM");
	return signpub_from(out, pkey, err);
}

void signpub_free(struct signpub *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

enum signpub_type signpub_type(const struct signpub *k)
{
	return k->type;
}

unsigned int signpub_bits(const struct signpub *k)
{
	return (unsigned int)EVP_PKEY_get_bits(k->pkey);
}

void signpub_id(const struct signpub *k, uint8_t out[SL_SHA256_SIZE])
{
	memcpy(out, k->id, SL_SHA256_SIZE);
}

/* ---- verification ---- */

static bool has_form(enum signpub_type type, enum signpub_form form)
{
	switch (form) {
	case SIGNPUB_ECDSA_DER:
	case SIGNPUB_ECDSA_RAW:
		return type == SIGNPUB_P256 || type == SIGNPUB_P384 || type == SIGNPUB_P521;
	case SIGNPUB_RSA_PKCS1:
	case SIGNPUB_RSA_PSS:
		return type == SIGNPUB_RSA;
	case SIGNPUB_PURE:
		return type == SIGNPUB_ED25519;
	}
	return false;
}

static const EVP_MD *digest_of(enum signpub_form form, enum signpub_hash hash)
{
	if (form == SIGNPUB_PURE)
		return NULL;
	switch (hash) {
	case SIGNPUB_SHA384:
		return EVP_sha384();
	case SIGNPUB_SHA512:
		return EVP_sha512();
	case SIGNPUB_SHA256:
		break;
	}
	return EVP_sha256();
}

/* r and s side by side to DER. NULL when they are not of the curve's width. */
static unsigned char *der_of_raw(const struct signpub *k, const uint8_t *raw, size_t raw_len,
				 int *len)
{
	size_t width = (signpub_bits(k) + 7) / 8;
	ECDSA_SIG *sig CLEANUP(free_ecdsa) = ECDSA_SIG_new();
	unsigned char *der = NULL;
	BIGNUM *r, *s;

	if (sig == NULL || raw_len != 2 * width)
		return NULL;
	r = BN_bin2bn(raw, (int)width, NULL);
	s = BN_bin2bn(raw + width, (int)width, NULL);
	if (r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return NULL;
	}
	*len = i2d_ECDSA_SIG(sig, &der);
	return *len > 0 ? der : NULL;
}

static bool is_good(const struct signpub *k, enum signpub_form form, enum signpub_hash hash,
		    const void *bytes, size_t len, const void *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx CLEANUP(free_md) = EVP_MD_CTX_new();
	const EVP_MD *md = digest_of(form, hash);
	EVP_PKEY_CTX *how = NULL;

	if (ctx == NULL || EVP_DigestVerifyInit(ctx, &how, md, NULL, k->pkey) != 1)
		return false;
	if (form == SIGNPUB_RSA_PKCS1 && EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PADDING) != 1)
		return false;
	if (form == SIGNPUB_RSA_PSS &&
	    (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1 ||
	     EVP_PKEY_CTX_set_rsa_mgf1_md(how, md) != 1))
		return false;
	return EVP_DigestVerify(ctx, sig, sig_len, bytes, len) == 1;
}

int signpub_verify(const struct signpub *k, enum signpub_form form, enum signpub_hash hash,
		   const void *bytes, size_t len, const void *sig, size_t sig_len,
		   struct sl_error *err)
{
	unsigned char *der CLEANUP(free_der) = NULL;
	int der_len = 0;

	if (!has_form(k->type, form))
		return sl_fail(err, SL_EINVAL, 0, "the key makes no such signatures");
	if (sig_len == 0 || sig_len > SIGNATURE_MAX_BYTES)
		return sl_fail(err, SL_EUNTRUSTED, 0, "signature does not match");
	if (form == SIGNPUB_ECDSA_RAW) {
		der = der_of_raw(k, sig, sig_len, &der_len);
		sig = der;
		sig_len = (size_t)der_len;
	}
	if (sig == NULL || !is_good(k, form, hash, len > 0 ? bytes : "", len, sig, sig_len))
		return crypto_fail(err, SL_EUNTRUSTED, "signature does not match");
	return 0;
}
