/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a dump, one after the other, and the rows of a layer among them: what reading a dump
 * (snapshot/dump.h) and reading a signed file of baselines (snapshot/import.h) have in common.
 */
#ifndef SNAPSHOT_DUMPREAD_H
#define SNAPSHOT_DUMPREAD_H

#include <strandline/image.h>

#include "core/istream.h"
#include "core/lines.h"
#include "snapshot/dumpline.h"

struct dumpread {
	struct lines lines;
	struct sl_bytes line; /* read last, not used yet */
	struct dumpline parsed;
	struct rows *rows;
	struct sha256 *hash;
	struct buf dir;  /* the directory row met last: every row's parent is it or above it */
	struct buf path; /* of the row before */
	const volatile int *stop; /* borrowed, or NULL */
};

/* What the line '#layer' says. */
struct dumpread_layer {
	uint8_t chain_id[SL_SHA256_SIZE], diff_id[SL_SHA256_SIZE];
	uint8_t tree[SL_SHA256_SIZE];
	uint64_t entries, bytes;
};

/* Borrows @in and @stop, which may be NULL. Rows are staged in @db. Clear it also on failure. */
int dumpread_init(struct dumpread *r, struct db *db, struct istream *in, const volatile int *stop,
		  struct sl_error *err);
void dumpread_clear(struct dumpread *r);
/* No rows are read any more: prepared statements would hold on to an older view of @db. */
void dumpread_rows_end(struct dumpread *r);

/* The next line into r->line. There must be one. */
int dumpread_next(struct dumpread *r, struct sl_error *err);
bool dumpread_is(const struct dumpread *r, const char *line);

/* Cut what is expected off the front of the line; false, and the line as it was, when it is not. */
bool dumpread_text(struct sl_bytes *line, const char *text);
bool dumpread_number(struct sl_bytes *line, const char *before, uint64_t *out);

/* r->line is '#image'. It and the line '#config' behind it go into @image. */
int dumpread_image(struct dumpread *r, struct sl_image *image, struct sl_error *err);
/* r->line is '#layer'. */
int dumpread_head(const struct dumpread *r, struct dumpread_layer *out, struct sl_error *err);
/*
 * The lines behind it: exactly layer->entries rows, which hash to its tree digest. They are staged
 * as layer @staged; 0: only checked. Afterwards r->line is the line behind them.
 */
int dumpread_rows(struct dumpread *r, const struct dumpread_layer *layer, int64_t staged,
		  struct sl_error *err);

#endif
