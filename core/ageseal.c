/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ageseal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "core/cleanup.h"

#define NONCE_SIZE 12
#define SCRYPT_R 8
#define SCRYPT_P 1

static void free_pkey(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void free_pkey_ctx(EVP_PKEY_CTX **p)
{
	EVP_PKEY_CTX_free(*p);
}

#define AUTO_PKEY CLEANUP(free_pkey) EVP_PKEY
#define AUTO_PKEY_CTX CLEANUP(free_pkey_ctx) EVP_PKEY_CTX

static int crypto_fail(struct sl_error *err, const char *what)
{
	ERR_clear_error();
	return sl_fail(err, SL_ENOMEM, 0, "OpenSSL could not %s", what);
}

/* ---- keys ---- */

int age_random(void *out, size_t len, struct sl_error *err)
{
	return RAND_priv_bytes(out, (int)len) == 1 ? 0 : crypto_fail(err, "make random bytes");
}

int age_x25519_generate(uint8_t secret[AGE_KEY_SIZE], struct sl_error *err)
{
	return age_random(secret, AGE_KEY_SIZE, err);
}

int age_x25519_public(const uint8_t secret[AGE_KEY_SIZE], uint8_t out[AGE_KEY_SIZE],
		      struct sl_error *err)
{
	AUTO_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, AGE_KEY_SIZE);
	size_t len = AGE_KEY_SIZE;

	if (key == NULL || EVP_PKEY_get_raw_public_key(key, out, &len) != 1 || len != AGE_KEY_SIZE)
		return crypto_fail(err, "compute an X25519 key");
	return 0;
}

int age_x25519(const uint8_t secret[AGE_KEY_SIZE], const uint8_t point[AGE_KEY_SIZE],
	       uint8_t out[AGE_KEY_SIZE], struct sl_error *err)
{
	static const uint8_t zero[AGE_KEY_SIZE];
	AUTO_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, AGE_KEY_SIZE);
	AUTO_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, AGE_KEY_SIZE);
	AUTO_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
	size_t len = AGE_KEY_SIZE;

	if (peer == NULL || ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, peer) != 1)
		return crypto_fail(err, "use an X25519 key");
	if (EVP_PKEY_derive(ctx, out, &len) != 1 || len != AGE_KEY_SIZE ||
	    CRYPTO_memcmp(out, zero, AGE_KEY_SIZE) == 0) {
		ERR_clear_error();
		return sl_fail(err, SL_EFORMAT, 0, "X25519 key of low order");
	}
	return 0;
}

int age_hmac(const void *key, size_t key_len, const void *bytes, size_t len,
	     uint8_t out[AGE_KEY_SIZE], struct sl_error *err)
{
	/* OpenSSL takes a NULL key for "the one before" */
	const void *at = key_len == 0 ? "" : key;

	return HMAC(EVP_sha256(), at, (int)key_len, bytes, len, out, NULL) != NULL
		       ? 0
		       : crypto_fail(err, "compute HMAC-SHA-256");
}

int age_hkdf(const void *secret, size_t secret_len, const void *salt, size_t salt_len,
	     const char *info, uint8_t out[AGE_KEY_SIZE], struct sl_error *err)
{
	uint8_t extracted[AGE_KEY_SIZE], expand[64];
	size_t len = strlen(info);
	int rc;

	if (len >= sizeof(expand))
		return sl_fail(err, SL_EINVAL, 0, "HKDF: info of %zu bytes", len);
	memcpy(expand, info, len);
	expand[len] = 1; /* 32 bytes are one block */
	rc = age_hmac(salt, salt_len, secret, secret_len, extracted, err);
	if (rc == 0)
		rc = age_hmac(extracted, sizeof(extracted), expand, len + 1, out, err);
	OPENSSL_cleanse(extracted, sizeof(extracted));
	return rc;
}

int age_scrypt(const char *passphrase, size_t len, const void *salt, size_t salt_len,
	       unsigned int log_n, uint8_t out[AGE_KEY_SIZE], struct sl_error *err)
{
	uint64_t n = UINT64_C(1) << log_n;

	if (EVP_PBE_scrypt(passphrase, len, salt, salt_len, n, SCRYPT_R, SCRYPT_P,
			   128 * (uint64_t)SCRYPT_R * n + (1u << 20), out, AGE_KEY_SIZE) == 1)
		return 0;
	ERR_clear_error();
	return sl_fail(err, SL_ENOMEM, 0, "scrypt with %llu MiB of memory",
		       (unsigned long long)(n >> 10));
}

/* ---- chunks ---- */

struct age_chunks {
	EVP_CIPHER_CTX *ctx;
};

int age_chunks_new(struct age_chunks **out, const uint8_t key[AGE_KEY_SIZE], bool encrypt,
		   struct sl_error *err)
{
	struct age_chunks *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "cipher");
	c->ctx = EVP_CIPHER_CTX_new();
	if (c->ctx == NULL || EVP_CipherInit_ex(c->ctx, EVP_chacha20_poly1305(), NULL, key, NULL,
						encrypt ? 1 : 0) != 1) {
		age_chunks_free(c);
		return crypto_fail(err, "start ChaCha20-Poly1305");
	}
	*out = c;
	return 0;
}

/* OpenSSL wipes the key schedule. */
void age_chunks_free(struct age_chunks *c)
{
	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->ctx);
	free(c);
}

static void set_nonce(uint8_t nonce[NONCE_SIZE], uint64_t number, bool is_last)
{
	memset(nonce, 0, NONCE_SIZE);
	for (unsigned int i = 0; i < 8; i++)
		nonce[NONCE_SIZE - 2 - i] = (uint8_t)(number >> (8 * i));
	nonce[NONCE_SIZE - 1] = is_last ? 1 : 0;
}

int age_chunks_seal(struct age_chunks *c, uint64_t number, bool is_last, const uint8_t *plain,
		    size_t len, uint8_t *out, struct sl_error *err)
{
	uint8_t nonce[NONCE_SIZE];
	int n = 0, rest = 0;

	set_nonce(nonce, number, is_last);
	if (EVP_CipherInit_ex(c->ctx, NULL, NULL, NULL, nonce, -1) != 1 ||
	    EVP_CipherUpdate(c->ctx, out, &n, plain, (int)len) != 1 || (size_t)n != len ||
	    EVP_CipherFinal_ex(c->ctx, out + len, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, AGE_TAG_SIZE, out + len) != 1)
		return crypto_fail(err, "encrypt");
	return 0;
}

int age_chunks_open(struct age_chunks *c, uint64_t number, bool is_last, const uint8_t *sealed,
		    size_t len, uint8_t *out, struct sl_error *err)
{
	uint8_t nonce[NONCE_SIZE], tag[AGE_TAG_SIZE];
	size_t plain = len - AGE_TAG_SIZE;
	int n = 0, rest = 0;

	set_nonce(nonce, number, is_last);
	memcpy(tag, sealed + plain, sizeof(tag));
	if (EVP_CipherInit_ex(c->ctx, NULL, NULL, NULL, nonce, -1) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, AGE_TAG_SIZE, tag) != 1 ||
	    EVP_CipherUpdate(c->ctx, out, &n, sealed, (int)plain) != 1 || (size_t)n != plain)
		return crypto_fail(err, "decrypt");
	if (EVP_CipherFinal_ex(c->ctx, out + plain, &rest) == 1)
		return 0;
	ERR_clear_error();
	OPENSSL_cleanse(out, plain);
	return 1;
}

int age_seal_once(const uint8_t key[AGE_KEY_SIZE], const uint8_t *plain, size_t len, uint8_t *out,
		  struct sl_error *err)
{
	struct age_chunks *c = NULL;
	int rc = age_chunks_new(&c, key, true, err);

	if (rc == 0)
		rc = age_chunks_seal(c, 0, false, plain, len, out, err);
	age_chunks_free(c);
	return rc;
}

int age_open_once(const uint8_t key[AGE_KEY_SIZE], const uint8_t *sealed, size_t len, uint8_t *out,
		  struct sl_error *err)
{
	struct age_chunks *c = NULL;
	int rc = age_chunks_new(&c, key, false, err);

	if (rc == 0)
		rc = age_chunks_open(c, 0, false, sealed, len, out, err);
	age_chunks_free(c);
	return rc;
}
