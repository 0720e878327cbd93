/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who had a piece of evidence, when, and what for: lines of NAME.custody.jsonl (docs/custody.md).
 * Each line is a DSSE envelope, signed by whoever acts; its payload names the line before it by
 * SHA-256, so that nothing can be taken out, put in between or changed. The end can be cut off:
 * keep the digest of the last line elsewhere.
 */
#ifndef FORENSICS_CUSTODY_H
#define FORENSICS_CUSTODY_H

#include <strandline/error.h>

#include "core/dsse.h"
#include "core/json.h"

#define CUSTODY_TYPE "application/vnd.strandline.custody+json"
#define CUSTODY_LINE_BYTES ((size_t)64 << 10)
#define CUSTODY_TEXT_MAX ((size_t)4096)

/* Order of the words, of the command line, too. */
enum custody_action {
	CUSTODY_ACQUIRED,
	CUSTODY_TRANSFERRED, /* by the giver; waits for the one who receives */
	CUSTODY_RECEIVED,
	CUSTODY_ACCESSED,
	CUSTODY_VERIFIED,
	CUSTODY_COPIED,
	CUSTODY_REDACTED,
	CUSTODY_HELD, /* a legal hold */
	CUSTODY_RELEASED,
	CUSTODY_EXTENDED, /* kept longer */
	CUSTODY_DISPOSED,
};
#define CUSTODY_ACTIONS 11

/* The words in that order, NULL-terminated. */
extern const char *const custody_action_words[];

struct custody_file {
	const char *name; /* for people; NULL when it is no text */
	uint64_t bytes;
	uint8_t sha256[SL_SHA256_SIZE];
};

/* One event. Texts are borrowed, and NULL when absent. */
struct custody_event {
	uint64_t seq;
	uint8_t prev[SL_SHA256_SIZE]; /* of the line before, zeros for the first */
	struct sl_time t;             /* by the clock of who signs */
	enum custody_action action;
	uint8_t key[SIGN_PUBLIC_SIZE]; /* of who signs */
	const char *by, *from, *to, *purpose, *place, *seal;
	const char *matter;       /* of a hold */
	struct custody_file file; /* the evidence as it was at that moment */
	bool matches;             /* it still was what the first line recorded */
	struct custody_file made; /* the copy, or the redacted file */
	bool has_made;
	bool has_to_key, has_answers, has_until;
	uint8_t to_key[SL_SHA256_SIZE];  /* who shall receive: SHA-256 of the SPKI */
	uint8_t answers[SL_SHA256_SIZE]; /* the line that is received */
	struct sl_time until;            /* kept at least so long */
	/* what a verification of the bundle said; NULL without one */
	const char *verdict, *bundle_id;
	uint64_t records;
	uint8_t root[SL_SHA256_SIZE];
	/* a line that was cut off while it was written, and taken away before this one */
	uint64_t torn_bytes;
	uint8_t torn_sha256[SL_SHA256_SIZE];
	/* observed, not declared */
	const char *host;
	uint64_t uid;
};

/* ---- lines ---- */

/* Append a whole line with its line feed: the payload, signed by @key, which must be e->key. */
int custody_write(struct buf *out, const struct custody_event *e, const struct sign_key *key,
		  struct sl_error *err);

/* A line that was read. Clear it also on failure. */
struct custody_line {
	struct dsse envelope;
	struct jval *payload;
	struct custody_event event;   /* borrows from payload */
	uint8_t hash[SL_SHA256_SIZE]; /* of the line with its line feed */
};

/*
 * Take a line apart (@len with its line feed) and check its signature. -SL_EFORMAT, -SL_ELIMIT;
 * -SL_EUNTRUSTED when the signature is not by the key that it names.
 */
int custody_read(struct custody_line *out, const char *line, size_t len, struct sl_error *err);
void custody_line_clear(struct custody_line *l);

#endif
