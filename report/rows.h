/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records put aside until their turn comes: in memory while they are few, then in an unlinked
 * temporary file. First in, first out.
 */
#ifndef REPORT_ROWS_H
#define REPORT_ROWS_H

#include <stdio.h>

#include <strandline/error.h>

#include "core/buf.h"

struct rows {
	size_t memory; /* most bytes kept in memory */
	struct buf held;
	FILE *file; /* NULL while memory was enough */
	uint64_t count;
	size_t read_at; /* in held, while there is no file */
};

#define ROWS_INIT(bytes) ((struct rows){.memory = (bytes), .held = BUF_INIT(SIZE_MAX / 16)})

int rows_put(struct rows *s, const void *record, size_t len, struct sl_error *err);
/* Start reading at the first record; nothing may be put after. */
int rows_rewind(struct rows *s, struct sl_error *err);
/* The next record into @out (replaced). 0; 1 at the end; negative. */
int rows_next(struct rows *s, struct buf *out, struct sl_error *err);
/* Forget all records and the file; it may be used again. */
void rows_clear(struct rows *s);

#endif
