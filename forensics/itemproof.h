/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One item of a bundle with all that proves it, as text (docs/bundle-format.md section 11): the
 * open record, the epoch records up to the item's segment, each under the checkpoint of its own
 * segment, and the item's record under its segment's checkpoint and under the last one.
 *
 * Why a chain: a checkpoint proves what its key signed, and key k is tied to the fingerprint only
 * by checkpoints 0 to k-1, each of which covers the record that names the next key. Epoch records
 * that are merely included under a later checkpoint prove nothing: whoever holds a later key can
 * build a tree that holds the true open record and invented epoch records.
 */
#ifndef FORENSICS_ITEMPROOF_H
#define FORENSICS_ITEMPROOF_H

#include <strandline/bundle.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/rfile.h"

/* 1.6 KiB a segment at most: a bundle of hundreds of gigabytes. */
#define ITEMPROOF_MAX_BYTES (64u << 20)
/* What a proof is called: the item's name with this behind it. */
#define ITEMPROOF_SUFFIX ".tlog-proof"

/*
 * Append the proof of record @seq, which must have content. Reads all records. -SL_ENOTFOUND;
 * -SL_EUNTRUSTED when the bundle does not hold up to that record.
 */
int itemproof_write(struct rfile *bundle, uint64_t seq, struct buf *out, struct sl_error *err);

/* What a record says of its content. */
struct item_content {
	uint64_t bytes;
	uint64_t read; /* so many are covered by the digest; zeros behind them */
	uint8_t sha256[SL_SHA256_SIZE];
};

/*
 * A line with or without its line feed. -SL_ENOTFOUND when the record holds no content,
 * -SL_EUNSUPPORTED when no digest covers all of it.
 */
int item_content_of(const char *line, size_t len, struct item_content *out, struct sl_error *err);

/* What a proof turned out to say. Free with item_clear(). */
struct item {
	enum sl_verdict verdict;
	bool anchored_fingerprint, anchored_key, anchored_note;
	uint64_t seq, segment;
	uint64_t links;     /* checkpoints from key 0 to the item's, with it */
	uint64_t note_size; /* records that the item's checkpoint covers */
	char bundle_id[33];
	char fingerprint[64];
	struct item_content content;
	struct buf line; /* the item's record, with its line feed */
	char *fault;     /* when broken: one line; owned */
	/* while the content passes */
	struct sha256 *hash;
	uint64_t seen;
	bool has_rest; /* bytes that are not zero where zeros should be */
};

/*
 * Judge a proof by itself and against what the user brought (options->threads is not used). 0 with
 * a verdict, which may be SL_VERDICT_BROKEN; negative when there can be none. The content follows,
 * piece by piece; only item_end() gives the verdict on both.
 */
int item_begin(struct item *item, const char *proof, size_t len,
	       const struct sl_verify_options *options, struct sl_error *err);
void item_data(struct item *item, const void *bytes, size_t len);
int item_end(struct item *item, struct sl_error *err);
void item_clear(struct item *item);

#endif
