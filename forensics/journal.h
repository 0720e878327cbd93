/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a bundle being written: lines, hash chain and Merkle tree over the same bytes. */
#ifndef FORENSICS_JOURNAL_H
#define FORENSICS_JOURNAL_H

#include "core/buf.h"
#include "core/merkle.h"

/* A segment is closed before its journal grows beyond this. */
#define JOURNAL_SEGMENT_BYTES (8u << 20)
/* The members in front of a record's own, at most. */
#define JOURNAL_HEAD_BYTES 512

struct journal {
	struct sha256 *h;
	struct merkle tree; /* its size is the next sequence number */
	uint8_t prev[SL_SHA256_SIZE];
	struct buf lines; /* of the open segment */
	struct buf line;
	uint64_t segment_records;
};

int journal_init(struct journal *j, struct sl_error *err);
void journal_clear(struct journal *j);

/*
 * Append one record; @members is JSON text without braces, NULL or "" for none.
 * -SL_ELIMIT when the line is too long, -SL_EINVAL when @type or @members cannot stand in a line:
 * nothing was appended then.
 */
int journal_append(struct journal *j, const char *type, uint32_t target, const char *members,
		   struct sl_error *err);

/* The segment was sealed: its lines are forgotten. */
void journal_next_segment(struct journal *j);

#endif
