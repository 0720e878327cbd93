/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records put aside until their turn comes: in memory while they are few, then in an unlinked
 * temporary file. First in, first out.
 */
#ifndef REPORT_ROWSPOOL_H
#define REPORT_ROWSPOOL_H

#include <stdio.h>

#include <strandline/error.h>

#include "core/buf.h"

struct rowspool {
	size_t memory; /* most bytes kept in memory */
	struct buf held;
	FILE *file; /* NULL while memory was enough */
	uint64_t count;
	size_t read_at; /* in held, while there is no file */
};

#define ROWS_INIT(bytes) ((struct rowspool){.memory = (bytes), .held = BUF_INIT(SIZE_MAX / 16)})

int rowspool_put(struct rowspool *s, const void *record, size_t len, struct sl_error *err);
/* Start reading at the first record; nothing may be put after. */
int rowspool_rewind(struct rowspool *s, struct sl_error *err);
/* The next record into @out (replaced). 0; 1 at the end; negative. */
int rowspool_next(struct rowspool *s, struct buf *out, struct sl_error *err);
/* Forget all records and the file; it may be used again. */
void rowspool_clear(struct rowspool *s);

#endif
