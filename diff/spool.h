/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes and gaps between the walk and the enrichers, in path order. Kept in memory up to a bound,
 * then in an unlinked temporary file: memory does not grow with their number.
 */
#ifndef DIFF_SPOOL_H
#define DIFF_SPOOL_H

#include <strandline/change.h>

#include "core/buf.h"

#define SPOOL_MEMORY ((size_t)4 << 20)
/* Longest single record: a path, a target and all attributes of both sides. */
#define SPOOL_RECORD ((size_t)32 << 20)

struct spool;

/* What comes back: one of the two is set. Borrowed until the call after the next one. */
struct spool_record {
	const struct sl_change *change;
	const struct sl_gap *gap;
	uint64_t at; /* where it stands, for spool_path() */
};

/* @memory: bytes before a file is used; 0 for SPOOL_MEMORY. */
int spool_new(struct spool **out, size_t memory, struct sl_error *err);

/* -SL_ELIMIT when it is longer than SPOOL_RECORD; nothing is kept of it then. */
int spool_add_change(struct spool *s, const struct sl_change *c, struct sl_error *err);
int spool_add_gap(struct spool *s, const struct sl_gap *gap, struct sl_error *err);

/* Ends writing; reading starts at the first record, each time. */
int spool_rewind(struct spool *s, struct sl_error *err);
/*
 * 0 and a record; 1 at the end. The record before stays valid, so that a reader can look one
 * ahead.
 */
int spool_next(struct spool *s, struct spool_record *out, struct sl_error *err);

/* Append the path of the change that stands at @at to @out. Where reading stands stays. */
int spool_path(struct spool *s, uint64_t at, struct buf *out, struct sl_error *err);

/* True when a file had to be used. */
bool spool_has_file(const struct spool *s);

/* NULL is fine. */
void spool_free(struct spool *s);

#endif
