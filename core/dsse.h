/* SPDX-License-Identifier: Apache-2.0 */
/* DSSE envelopes (secure-systems-lab/dsse v1) signed with Ed25519. */
#ifndef CORE_DSSE_H
#define CORE_DSSE_H

#include <strandline/error.h>

#include "core/buf.h"
#include "core/sign.h"

#define DSSE_MAX_SIGNATURES 16
#define DSSE_INTOTO_TYPE "application/vnd.in-toto+json"
#define DSSE_KEY_ID_SIZE 65 /* SHA-256 of the SPKI in hexadecimal, and NUL */

int dsse_key_id(const uint8_t key[SIGN_PUBLIC_SIZE], char out[DSSE_KEY_ID_SIZE],
		struct sl_error *err);

/* "DSSEv1 LEN TYPE LEN BODY": what is signed. */
int dsse_pae(struct buf *out, const char *type, size_t type_len, const void *body, size_t len);

/* Append the envelope, one signature for each key, without a line feed at the end. */
int dsse_write(struct buf *out, const char *type, const void *body, size_t len,
	       const struct sign_key *const keys[], size_t count, struct sl_error *err);

struct dsse_signature {
	char keyid[DSSE_KEY_ID_SIZE]; /* "" when there is none or it is no SHA-256 */
	uint8_t sig[SIGN_SIZE];
	bool is_ed25519; /* false: of another size, never good */
};

struct dsse {
	char *type;         /* owned */
	struct buf payload; /* owned */
	struct dsse_signature signatures[DSSE_MAX_SIGNATURES];
	size_t count;
};

/*
 * Take an envelope of at most @max_bytes apart; nothing is verified. Clear it also on failure.
 * -SL_EFORMAT; -SL_ELIMIT.
 */
int dsse_parse(struct dsse *out, const char *text, size_t len, size_t max_bytes,
	       struct sl_error *err);
void dsse_clear(struct dsse *d);

/* Append the one form that dsse_write() has for it. */
int dsse_text(struct buf *out, const struct dsse *d, struct sl_error *err);

/*
 * Check every signature that carries this key's id.
 * 0 when there is one and all are good; 1 when there is none; -SL_EUNTRUSTED when one is bad.
 */
int dsse_verify(const struct dsse *d, const uint8_t key[SIGN_PUBLIC_SIZE], struct sl_error *err);

#endif
