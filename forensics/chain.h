/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ties the segments of a bundle together: records in a row, their Merkle tree, one key after
 * the other. Fed with segments in order; says what is wrong with the first that does not fit.
 */
#ifndef FORENSICS_CHAIN_H
#define FORENSICS_CHAIN_H

#include "core/merkle.h"
#include "core/sign.h"
#include "forensics/record.h"
#include "forensics/segment.h"

#define CHAIN_BUNDLE_DIGITS 32

/* A checkpoint that someone kept: compared when the tree has that size. */
struct chain_anchor {
	char bundle[CHAIN_BUNDLE_DIGITS + 1];
	uint64_t size;
	uint8_t root[SL_SHA256_SIZE];
};

struct chain {
	struct sha256 *hash; /* owned */
	struct merkle tree;
	uint64_t segments, attested, gaps, payloads, payload_bytes;
	uint64_t attested_payloads, attested_payload_bytes; /* of records under a checkpoint */
	uint8_t last_line[SL_SHA256_SIZE]; /* what the next record must call prev */
	char bundle[CHAIN_BUNDLE_DIGITS + 1];
	char fingerprint[SIGN_FINGERPRINT_SIZE];
	uint8_t first_key[SIGN_PUBLIC_SIZE]; /* of segment 0, as the open record says */
	uint8_t epoch_key[SIGN_PUBLIC_SIZE]; /* of the next segment, as the last record says */
	bool has_cert;
	uint8_t long_key[SIGN_PUBLIC_SIZE];
	uint8_t readme[SL_SHA256_SIZE], script[SL_SHA256_SIZE]; /* as the open record says */
	uint64_t signed_notes;
	uint8_t root[SL_SHA256_SIZE]; /* of the last checkpoint */
	uint8_t note_sha256[SL_SHA256_SIZE];
	bool has_long_signature; /* on the last checkpoint */
	bool is_closed;          /* a close record ended the last segment */
	enum sl_bundle_status status;
	const struct chain_anchor *anchor; /* borrowed, or NULL */
	bool anchor_met;
	bool anchor_failed;  /* it contradicts: nothing here is to be trusted */
	bool judge_payloads; /* compare payload digests with the records */
	/* payloads that are missing or changed are no fault of the records: none is counted then */
	bool forgive_payloads;
	/* where the fault is, after a failure: file offset when known */
	uint64_t fault_offset;
};

int chain_init(struct chain *c, struct sl_error *err);
void chain_clear(struct chain *c);

/*
 * Check a segment and go on to the next. 0; -SL_EFORMAT or -SL_EUNTRUSTED when it contradicts
 * itself or what went before; other codes when checking failed.
 */
int chain_add(struct chain *c, struct segment *g, struct sl_error *err);

/* The close statement of the segment added last. */
int chain_check_close(const struct chain *c, const struct segment *g, struct sl_error *err);

#endif
