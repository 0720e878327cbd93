/* SPDX-License-Identifier: Apache-2.0 */
/* Short lists for people: rows are collected, then written with aligned columns. */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include "core/buf.h"
#include "core/ostream.h"

#define COLUMNS_MAX 12

struct columns {
	size_t count;               /* columns */
	size_t column;              /* that the next cell belongs to */
	size_t widths[COLUMNS_MAX]; /* widest cell so far */
	bool optional[COLUMNS_MAX]; /* left out where no row has anything in it */
	bool filled[COLUMNS_MAX];
	struct buf cells; /* quoted cells, each ended by NUL, row after row */
};

/* Start with the headings. */
void columns_init(struct columns *c, const char *const *headings, size_t count);
/* The column with this heading is left out when every cell in it is empty. */
void columns_optional(struct columns *c, const char *heading);
/* Add the next cell; evidence bytes are quoted here. NULL is "-". */
void columns_cell(struct columns *c, const char *text);
int columns_write(struct columns *c, struct ostream *to, struct sl_error *err);
void columns_clear(struct columns *c);

#endif
