/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the private half lives: its 32 bytes stand on a page of their own, locked against swapping
 * (best effort: RLIMIT_MEMLOCK may forbid it), left out of core dumps, and zero in a forked child,
 * where signing then fails. OpenSSL sees it only while a signature is made; its copy is a
 * short-lived heap block that OpenSSL cleanses when it frees the key. Not achieved: a debugger,
 * /proc/PID/mem or root can read the page while the key lives, and registers or stack may hold
 * traces for a moment.
 */
#include "core/sign.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/secret.h"

/* PEM texts are short: a longer one is not a key. */
#define PEM_MAX_BYTES (64u << 10)
#define SEED_SIZE 32
/* scrypt cost of encrypted keys, what `openssl pkcs8 -scrypt` takes: 16 MiB for a moment */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 1

/* What stands on the page. */
struct secret {
	uint8_t seed[SEED_SIZE];
	uint8_t alive; /* zero after a fork */
};

struct sign_key {
	uint8_t public[SIGN_PUBLIC_SIZE];
	struct secret *secret;
};

static const uint8_t spki_prefix[SIGN_SPKI_SIZE - SIGN_PUBLIC_SIZE] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
};

static void free_pkey(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void free_bio(BIO **p)
{
	BIO_free(*p);
}

static void free_md(EVP_MD_CTX **p)
{
	EVP_MD_CTX_free(*p);
}

static void free_info(PKCS8_PRIV_KEY_INFO **p)
{
	PKCS8_PRIV_KEY_INFO_free(*p);
}

static void free_sig(X509_SIG **p)
{
	X509_SIG_free(*p);
}

#define AUTO_PKEY CLEANUP(free_pkey) EVP_PKEY
#define AUTO_BIO CLEANUP(free_bio) BIO
#define AUTO_MD CLEANUP(free_md) EVP_MD_CTX

/* OpenSSL's own words, and its error queue left empty for the next caller on this thread. */
static int crypto_fail(struct sl_error *err, enum sl_code code, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	int rc = reason != NULL ? sl_fail(err, code, 0, "%s: %s", what, reason)
				: sl_fail(err, code, 0, "%s", what);

	ERR_clear_error();
	return rc;
}

/* Move the private half from OpenSSL's memory to ours. */
static int adopt(struct sign_key **out, EVP_PKEY *pkey, struct sl_error *err)
{
	size_t seed_len = SEED_SIZE, public_len = SIGN_PUBLIC_SIZE;
	struct sign_key *k = calloc(1, sizeof(*k));

	if (k == NULL || (k->secret = secret_new(sizeof(*k->secret))) == NULL) {
		sign_key_free(k);
		return sl_fail(err, SL_ENOMEM, 0, "private key memory");
	}
	/* not EVP_PKEY_get_raw_private_key(): that leaves a copy behind, on the heap */
	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, k->secret->seed,
					    SEED_SIZE, &seed_len) != 1 ||
	    EVP_PKEY_get_raw_public_key(pkey, k->public, &public_len) != 1 ||
	    seed_len != SEED_SIZE || public_len != SIGN_PUBLIC_SIZE) {
		sign_key_free(k);
		return crypto_fail(err, SL_EFORMAT, "private key");
	}
	k->secret->alive = 1;
	*out = k;
	return 0;
}

/* OpenSSL's view of the key, for the time of one operation. */
static EVP_PKEY *lend(const struct sign_key *k, struct sl_error *err)
{
	EVP_PKEY *pkey = NULL;

	if (k->secret->alive == 0) {
		(void)sl_fail(err, SL_EINVAL, 0, "the private key does not outlive a fork");
		return NULL;
	}
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->secret->seed, SEED_SIZE);
	if (pkey == NULL)
		(void)crypto_fail(err, SL_ENOMEM, "private key");
	return pkey;
}

static int lend_code(const struct sign_key *k)
{
	return k->secret->alive == 0 ? -SL_EINVAL : -SL_ENOMEM;
}

int sign_key_generate(struct sign_key **out, struct sl_error *err)
{
	AUTO_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	*out = NULL;
	if (pkey == NULL)
		return crypto_fail(err, SL_ENOMEM, "generate an Ed25519 key");
	return adopt(out, pkey, err);
}

/* Instead of OpenSSL's own callback, which would ask on the terminal. */
static int passphrase_given(char *out, int size, int writing, void *payload)
{
	const char *passphrase = payload;
	size_t len;

	(void)writing;
	if (passphrase == NULL)
		return -1;
	len = strlen(passphrase);
	if (size < 0 || len > (size_t)size)
		return -1;
	memcpy(out, passphrase, len);
	return (int)len;
}

/* A passphrase as the callback's payload, which is not const but is never written to. */
static void *as_payload(const char *passphrase)
{
	union {
		const char *in;
		void *out;
	} u = {.in = passphrase};

	return u.out;
}

int sign_key_read(struct sign_key **out, const char *pem, size_t len, const char *passphrase,
		  struct sl_error *err)
{
	AUTO_BIO *bio = NULL;
	AUTO_PKEY *pkey = NULL;

	*out = NULL;
	if (len > PEM_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "private key: more than %u bytes", PEM_MAX_BYTES);
	bio = BIO_new_mem_buf(pem, (int)len);
	if (bio == NULL)
		return crypto_fail(err, SL_ENOMEM, "private key");
	pkey = PEM_read_bio_PrivateKey(bio, NULL, passphrase_given, as_payload(passphrase));
	if (pkey == NULL)
		return crypto_fail(err, SL_EFORMAT,
				   passphrase == NULL ? "private key (no passphrase given)"
						      : "private key (passphrase given)");
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "private key: not an Ed25519 key");
	return adopt(out, pkey, err);
}

/* PKCS#8 under scrypt: the default of PEM_write_bio_PKCS8PrivateKey is 2,048 rounds of PBKDF2. */
static int write_encrypted(BIO *bio, EVP_PKEY *pkey, const char *passphrase, struct sl_error *err)
{
	CLEANUP(free_info) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	CLEANUP(free_sig) X509_SIG *sealed = NULL;
	X509_ALGOR *pbe = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N,
						SCRYPT_R, SCRYPT_P);

	if (info == NULL || pbe == NULL) {
		X509_ALGOR_free(pbe);
		return crypto_fail(err, SL_ENOMEM, "encrypt the private key");
	}
	/* on success the result owns pbe */
	sealed = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), info, pbe);
	if (sealed == NULL) {
		X509_ALGOR_free(pbe);
		return crypto_fail(err, SL_ENOMEM, "encrypt the private key");
	}
	if (PEM_write_bio_PKCS8(bio, sealed) != 1)
		return crypto_fail(err, SL_ENOMEM, "write the private key");
	return 0;
}

int sign_key_write(const struct sign_key *k, const char *passphrase, struct buf *pem,
		   struct sl_error *err)
{
	AUTO_PKEY *pkey = lend(k, err);
	AUTO_BIO *bio = BIO_new(BIO_s_mem()); /* cleansed when freed */
	char *text = NULL;
	long len;
	int rc;

	if (pkey == NULL)
		return lend_code(k);
	if (bio == NULL)
		return crypto_fail(err, SL_ENOMEM, "write the private key");
	if (passphrase != NULL && strlen(passphrase) > 1024)
		return sl_fail(err, SL_ELIMIT, 0, "passphrase: more than 1024 bytes");
	if (passphrase != NULL) {
		rc = write_encrypted(bio, pkey, passphrase, err);
		if (rc < 0)
			return rc;
	} else if (PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
		return crypto_fail(err, SL_ENOMEM, "write the private key");
	}
	len = BIO_get_mem_data(bio, &text);
	/* one reservation: growing would leave copies of the text on the heap */
	if (len < 0 || buf_reserve(pem, (size_t)len) < 0 || buf_append(pem, text, (size_t)len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "private key text");
	return 0;
}

void sign_key_public(const struct sign_key *k, uint8_t out[SIGN_PUBLIC_SIZE])
{
	memcpy(out, k->public, SIGN_PUBLIC_SIZE);
}

int sign_bytes(const struct sign_key *k, const void *bytes, size_t len, uint8_t out[SIGN_SIZE],
	       struct sl_error *err)
{
	AUTO_PKEY *pkey = lend(k, err);
	AUTO_MD *ctx = EVP_MD_CTX_new();
	size_t sig_len = SIGN_SIZE;

	if (pkey == NULL)
		return lend_code(k);
	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) != 1 ||
	    EVP_DigestSign(ctx, out, &sig_len, bytes, len) != 1 || sig_len != SIGN_SIZE)
		return crypto_fail(err, SL_ENOMEM, "sign");
	return 0;
}

void sign_key_free(struct sign_key *k)
{
	if (k == NULL)
		return;
	secret_free(k->secret, sizeof(*k->secret));
	free(k);
}

int sign_verify(const uint8_t key[SIGN_PUBLIC_SIZE], const void *bytes, size_t len,
		const uint8_t sig[SIGN_SIZE], struct sl_error *err)
{
	AUTO_PKEY *pkey =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, SIGN_PUBLIC_SIZE);
	AUTO_MD *ctx = EVP_MD_CTX_new();

	if (pkey == NULL || ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) != 1)
		return crypto_fail(err, SL_ENOMEM, "verify");
	if (EVP_DigestVerify(ctx, sig, SIGN_SIZE, bytes, len) != 1) {
		ERR_clear_error();
		return sl_fail(err, SL_EUNTRUSTED, 0, "signature does not match");
	}
	return 0;
}

void sign_spki(const uint8_t key[SIGN_PUBLIC_SIZE], uint8_t out[SIGN_SPKI_SIZE])
{
	memcpy(out, spki_prefix, sizeof(spki_prefix));
	memcpy(out + sizeof(spki_prefix), key, SIGN_PUBLIC_SIZE);
}

int sign_fingerprint(const uint8_t key[SIGN_PUBLIC_SIZE], char out[SIGN_FINGERPRINT_SIZE],
		     struct sl_error *err)
{
	uint8_t spki[SIGN_SPKI_SIZE], digest[SL_SHA256_SIZE];
	char *p = out;
	int rc;

	sign_spki(key, spki);
	rc = sha256_once(spki, sizeof(spki), digest, err);
	for (size_t i = 0; rc == 0 && i < 16; i += 2) {
		if (i > 0)
			*p++ = '-';
		hex_encode(p, digest + i, 2);
		p += 4;
	}
	return rc;
}

int sign_spki_parse(const uint8_t *der, size_t len, uint8_t out[SIGN_PUBLIC_SIZE])
{
	if (len != SIGN_SPKI_SIZE || memcmp(der, spki_prefix, sizeof(spki_prefix)) != 0)
		return -SL_EFORMAT;
	memcpy(out, der + sizeof(spki_prefix), SIGN_PUBLIC_SIZE);
	return 0;
}

/* The 44 bytes fit one line of base64: this is what OpenSSL writes, byte for byte. */
int sign_public_pem(const uint8_t key[SIGN_PUBLIC_SIZE], struct buf *out)
{
	uint8_t spki[SIGN_SPKI_SIZE];

	sign_spki(key, spki);
	(void)buf_append_str(out, "-----BEGIN PUBLIC KEY-----\n");
	(void)base64_encode(out, spki, sizeof(spki));
	return buf_append_str(out, "\n-----END PUBLIC KEY-----\n");
}

int sign_public_pem_parse(const char *pem, size_t len, uint8_t out[SIGN_PUBLIC_SIZE],
			  struct sl_error *err)
{
	AUTO_BIO *bio = NULL;
	AUTO_PKEY *pkey = NULL;
	size_t out_len = SIGN_PUBLIC_SIZE;

	if (len > PEM_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "public key: more than %u bytes", PEM_MAX_BYTES);
	bio = BIO_new_mem_buf(pem, (int)len);
	if (bio == NULL)
		return crypto_fail(err, SL_ENOMEM, "public key");
	pkey = PEM_read_bio_PUBKEY(bio, NULL, passphrase_given, NULL);
	if (pkey == NULL)
		return crypto_fail(err, SL_EFORMAT, "public key");
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_public_key(pkey, out, &out_len) != 1 || out_len != SIGN_PUBLIC_SIZE) {
		ERR_clear_error();
		return sl_fail(err, SL_EUNSUPPORTED, 0, "public key: not an Ed25519 key");
	}
	return 0;
}
