/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys of others, of the kinds that sign images: ECDSA, RSA, Ed25519. They verify, nothing
 * else. Which algorithm is used follows from the key and from the caller, never from signed data.
 */
#ifndef CORE_SIGNPUB_H
#define CORE_SIGNPUB_H

#include <strandline/error.h>

struct signpub;

enum signpub_type {
	SIGNPUB_P256,
	SIGNPUB_P384,
	SIGNPUB_P521,
	SIGNPUB_RSA, /* of 2048 to 8192 bits */
	SIGNPUB_ED25519,
};

enum signpub_form {
	SIGNPUB_ECDSA_DER, /* SEQUENCE of r and s, as openssl and cosign write it */
	SIGNPUB_ECDSA_RAW, /* r and s at the curve's full width, as JOSE has it (RFC 7518, 3.4) */
	SIGNPUB_RSA_PKCS1,
	SIGNPUB_RSA_PSS, /* salt as long as the digest, MGF1 with the same digest */
	SIGNPUB_PURE,    /* Ed25519, which hashes by itself */
};

enum signpub_hash { SIGNPUB_SHA256, SIGNPUB_SHA384, SIGNPUB_SHA512 };

/*
 * One PEM "PUBLIC KEY" (SubjectPublicKeyInfo). -SL_EFORMAT; -SL_EUNSUPPORTED for another kind of
 * key, a short one, or a curve that is spelled out instead of named.
 */
int signpub_read(struct signpub **out, const char *pem, size_t len, struct sl_error *err);
void signpub_free(struct signpub *k);

enum signpub_type signpub_type(const struct signpub *k);
unsigned int signpub_bits(const struct signpub *k);
/* SHA-256 of the DER SubjectPublicKeyInfo. */
void signpub_id(const struct signpub *k, uint8_t out[SL_SHA256_SIZE]);

/* 0; -SL_EUNTRUSTED when it is not this key's signature; -SL_EINVAL when the key has no such form.
 */
int signpub_verify(const struct signpub *k, enum signpub_form form, enum signpub_hash hash,
		   const void *bytes, size_t len, const void *sig, size_t sig_len,
		   struct sl_error *err);

#endif
