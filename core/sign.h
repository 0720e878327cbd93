/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 keys (RFC 8032) over OpenSSL. Private keys are locked in memory and wiped on free. */
#ifndef CORE_SIGN_H
#define CORE_SIGN_H

#include <strandline/error.h>

#include "core/buf.h"

#define SIGN_PUBLIC_SIZE 32
#define SIGN_SIZE 64
#define SIGN_SPKI_SIZE 44 /* DER SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) */

struct sign_key; /* private half inside */

int sign_key_generate(struct sign_key **out, struct sl_error *err);
/* PKCS#8 PEM, unencrypted or with a passphrase (NULL for none). */
int sign_key_read(struct sign_key **out, const char *pem, size_t len, const char *passphrase,
		  struct sl_error *err);
int sign_key_write(const struct sign_key *k, const char *passphrase, struct buf *pem,
		   struct sl_error *err);
void sign_key_public(const struct sign_key *k, uint8_t out[SIGN_PUBLIC_SIZE]);
int sign_bytes(const struct sign_key *k, const void *bytes, size_t len, uint8_t out[SIGN_SIZE],
	       struct sl_error *err);
/* Wipes. NULL is fine. */
void sign_key_free(struct sign_key *k);

/* 0 when the signature is good; -SL_EUNTRUSTED when it is not. */
int sign_verify(const uint8_t key[SIGN_PUBLIC_SIZE], const void *bytes, size_t len,
		const uint8_t sig[SIGN_SIZE], struct sl_error *err);

void sign_spki(const uint8_t key[SIGN_PUBLIC_SIZE], uint8_t out[SIGN_SPKI_SIZE]);
/* -SL_EFORMAT unless exactly that form. */
int sign_spki_parse(const uint8_t *der, size_t len, uint8_t out[SIGN_PUBLIC_SIZE]);
/* "3f2a-...": half its SHA-256 in eight groups, short enough to be written down. */
#define SIGN_FINGERPRINT_SIZE 40
int sign_fingerprint(const uint8_t key[SIGN_PUBLIC_SIZE], char out[SIGN_FINGERPRINT_SIZE],
		     struct sl_error *err);
int sign_public_pem(const uint8_t key[SIGN_PUBLIC_SIZE], struct buf *out);
int sign_public_pem_parse(const char *pem, size_t len, uint8_t out[SIGN_PUBLIC_SIZE],
			  struct sl_error *err);

#endif
