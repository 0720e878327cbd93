/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes and checkpoints as in C2SP (signed-note, tlog-checkpoint): a text of whole lines, an
 * empty line, then a line for each signature: "— NAME BASE64(keyid || signature)".
 */
#ifndef CORE_NOTE_H
#define CORE_NOTE_H

#include <strandline/error.h>

#include "core/buf.h"
#include "core/sign.h"

#define NOTE_MAX_BYTES (64u << 10)
#define NOTE_MAX_SIGNATURES 16
#define NOTE_KEY_ID_SIZE 4
#define NOTE_KEY_ED25519 0x01

/* The first bytes of SHA-256(name || LF || 0x01 || public key). */
int note_key_id(const char *name, size_t name_len, const uint8_t key[SIGN_PUBLIC_SIZE],
		uint8_t out[NOTE_KEY_ID_SIZE], struct sl_error *err);

/* ---- writing ---- */

/* Append the three lines of a checkpoint: the text of a note, still unsigned. */
int note_checkpoint(struct buf *out, const char *origin, uint64_t size,
		    const uint8_t root[SL_SHA256_SIZE]);

/*
 * Append a signature by @k over the first @text_len bytes of @note, which must be text that ends
 * with a line feed. The first signature also appends the empty line.
 */
int note_sign(struct buf *note, size_t text_len, const char *name, const struct sign_key *k,
	      struct sl_error *err);

/* ---- reading: everything is borrowed from the parsed bytes ---- */

struct note_signature {
	struct sl_bytes name; /* not NUL-terminated */
	uint8_t key_id[NOTE_KEY_ID_SIZE];
	struct sl_bytes base64; /* key id and signature; not NUL-terminated */
};

struct note {
	struct sl_bytes text; /* with its last line feed, without the empty line */
	struct note_signature signatures[NOTE_MAX_SIGNATURES];
	size_t count;
};

/*
 * Take a note apart; nothing is verified. Strict: UTF-8 without control characters, at least one
 * signature line, nothing after the last. -SL_EFORMAT; -SL_ELIMIT beyond the bounds above.
 */
int note_parse(struct note *out, const char *bytes, size_t len, struct sl_error *err);

/*
 * Check every signature that carries this name and key id.
 * 0 when there is one and all are good; 1 when there is none; -SL_EUNTRUSTED when one is bad.
 */
int note_verify(const struct note *n, const char *name, const uint8_t key[SIGN_PUBLIC_SIZE],
		struct sl_error *err);

struct checkpoint {
	struct sl_bytes origin; /* borrowed; not NUL-terminated */
	uint64_t size;
	uint8_t root[SL_SHA256_SIZE];
};

/* A note's text as a checkpoint of exactly three lines. -SL_EFORMAT otherwise. */
int note_checkpoint_parse(struct checkpoint *out, struct sl_bytes text, struct sl_error *err);

#endif
