/* SPDX-License-Identifier: Apache-2.0 */
/* One content on its way into members, shared by writer_payload.c and writer_sparse.c. */
#ifndef FORENSICS_WRITER_PAYLOAD_H
#define FORENSICS_WRITER_PAYLOAD_H

#include "forensics/bundle_writer.h"

/* Bytes of a part that stand together in the file. */
struct payload_run {
	uint64_t at, len;
};

struct payload {
	struct sl_tap tap;
	struct sl_bundle_writer *w;
	const struct sl_bundle_file *file;
	const struct buf *path;
	struct buf name;
	struct payload_result *out;
	uint64_t promised; /* bytes that the record will have, if they come */
	uint64_t done;     /* bytes that came and were stored, or are holes */
	uint64_t beside;
	bool in_parts;
	bool is_open;         /* a member was begun and not ended */
	bool is_overfull;     /* more bytes came than were promised */
	bool is_unhashed;     /* too much of it is holes */
	const uint8_t *known; /* the digest of all of it, which came in one piece; or NULL */
	uint64_t member_size, member_left;
	const struct payload_run *runs; /* sparse: of the open part; borrowed */
	size_t run_count;
};

/* Nothing was written when this fails for lack of room. */
int payload_begin(struct payload *p, uint64_t size, struct sl_error *err);
/* With zeros up to its size; in parts, with its record. */
int payload_end(struct payload *p, struct sl_error *err);
/* An early end of reading (@rc) as a result, when the bundle is whole and has some of it. */
int payload_settle(struct payload *p, int rc, struct sl_error *why);

/* ---- writer_sparse.c ---- */

/* Read what is stored of it; where the holes are goes into the parts' records. */
int payload_read_sparse(struct payload *p, struct sl_error *err);

#endif
