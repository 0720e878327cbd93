/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and signatures of a bundle being written: a fresh key for each segment, wiped as soon as its
 * segment is signed, and perhaps a long-term key that certifies the first and signs the last.
 */
#ifndef FORENSICS_SEAL_H
#define FORENSICS_SEAL_H

#include <strandline/bundle.h>

#include "core/json.h"
#include "core/merkle.h"
#include "core/sign.h"

#define SEAL_ID_SIZE 33
/* Note, key and close statement with their tar headers, epoch record: never more than this. */
#define SEAL_BYTES (32u << 10)

struct seal {
	char id[SEAL_ID_SIZE];
	char fingerprint[SIGN_FINGERPRINT_SIZE];
	char origin[64]; /* "strandline/bundle/ID" */
	uint64_t epoch;
	struct sign_key *key;       /* of this epoch */
	struct sign_key *next;      /* of the next, from seal_epoch() to seal_advance() */
	struct sign_key *long_term; /* or NULL */
};

int seal_init(struct seal *s, const char *key_pem, const char *passphrase, struct sl_error *err);
void seal_clear(struct seal *s);

/* The members of the `open` record that speak of keys. */
int seal_open(const struct seal *s, struct jout *j, struct sl_error *err);
/* Make the next key; append the members of the `epoch` record. */
int seal_epoch(struct seal *s, struct buf *members, struct sl_error *err);
/* The signed checkpoint over the tree; the last one is signed by the long-term key too. */
int seal_note(const struct seal *s, const struct merkle *tree, bool is_last, struct buf *note,
	      struct sl_error *err);
int seal_public_pem(const struct seal *s, struct buf *pem, struct sl_error *err);
/* What the close statement says. */
struct statement {
	const char *bundle;
	const uint8_t *root, *note_sha256; /* SL_SHA256_SIZE bytes each */
	enum sl_bundle_status status;
	uint64_t records;
	struct sl_time finished;
};

/* Append its one form (bundle format, section 6). */
int seal_statement(const struct statement *s, struct buf *out, struct sl_error *err);
/* The close statement about the tree and its last @note, in its envelope. */
int seal_close(const struct seal *s, const struct merkle *tree, const struct buf *note,
	       enum sl_bundle_status status, struct buf *out, struct sl_error *err);
/* Wipe this epoch's key and go on with the next, if there is one. */
void seal_advance(struct seal *s);

#endif
