/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cryptography under the age format, over OpenSSL: X25519 (RFC 7748), HKDF and HMAC with
 * SHA-256 (RFC 5869), scrypt (RFC 7914), ChaCha20-Poly1305 (RFC 8439) in numbered chunks.
 */
#ifndef CORE_AGESEAL_H
#define CORE_AGESEAL_H

#include <strandline/error.h>

#define AGE_KEY_SIZE 32
#define AGE_TAG_SIZE 16

/* A fresh secret and its public half. */
int age_x25519_generate(uint8_t secret[AGE_KEY_SIZE], struct sl_error *err);
int age_x25519_public(const uint8_t secret[AGE_KEY_SIZE], uint8_t out[AGE_KEY_SIZE],
		      struct sl_error *err);
/* -SL_EFORMAT when the point is of low order: the result would be zero for every secret. */
int age_x25519(const uint8_t secret[AGE_KEY_SIZE], const uint8_t point[AGE_KEY_SIZE],
	       uint8_t out[AGE_KEY_SIZE], struct sl_error *err);

int age_hmac(const void *key, size_t key_len, const void *bytes, size_t len,
	     uint8_t out[AGE_KEY_SIZE], struct sl_error *err);
int age_hkdf(const void *secret, size_t secret_len, const void *salt, size_t salt_len,
	     const char *info, uint8_t out[AGE_KEY_SIZE], struct sl_error *err);
/* r = 8, p = 1; takes 1 KiB of memory times 2^@log_n. */
int age_scrypt(const char *passphrase, size_t len, const void *salt, size_t salt_len,
	       unsigned int log_n, uint8_t out[AGE_KEY_SIZE], struct sl_error *err);
int age_random(void *out, size_t len, struct sl_error *err);

/* Chunks under one key; the nonce is 11 bytes of big-endian number, and 1 in the last chunk. */
struct age_chunks;

int age_chunks_new(struct age_chunks **out, const uint8_t key[AGE_KEY_SIZE], bool encrypt,
		   struct sl_error *err);
void age_chunks_free(struct age_chunks *c);
/* @out holds @len + AGE_TAG_SIZE bytes. */
int age_chunks_seal(struct age_chunks *c, uint64_t number, bool is_last, const uint8_t *plain,
		    size_t len, uint8_t *out, struct sl_error *err);
/*
 * @len with its tag, at least AGE_TAG_SIZE; @out holds @len - AGE_TAG_SIZE bytes. 0; 1 when it does
 * not authenticate: then @out holds nothing of it.
 */
int age_chunks_open(struct age_chunks *c, uint64_t number, bool is_last, const uint8_t *sealed,
		    size_t len, uint8_t *out, struct sl_error *err);
/* Each once, with the zero nonce. */
int age_seal_once(const uint8_t key[AGE_KEY_SIZE], const uint8_t *plain, size_t len, uint8_t *out,
		  struct sl_error *err);
int age_open_once(const uint8_t key[AGE_KEY_SIZE], const uint8_t *sealed, size_t len, uint8_t *out,
		  struct sl_error *err);

#endif
