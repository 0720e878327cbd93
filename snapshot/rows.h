/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of layers in the database: one a path. A layer is written into a temporary table first
 * ("staged") and moves to the shared one when its whole image is proven.
 *
 * A path is stored with '/' as byte 0x00: then the order of the bytes is the canonical order, and
 * everything beneath a directory is one range.
 */
#ifndef SNAPSHOT_ROWS_H
#define SNAPSHOT_ROWS_H

#include <strandline/entry.h>
#include <strandline/error.h>

#include "core/buf.h"
#include "core/db.h"

/* Which layer, in which table. */
struct row_at {
	int64_t layer;
	bool is_staged;
};

/*
 * An entry as it is stored, with the one thing a layer says of the name itself: nothing of the
 * layers below shines through it. Without an object (mode 0) that is a whiteout, on a directory it
 * is opaque, on anything else it means nothing until a directory takes the name over.
 */
struct row {
	struct sl_entry entry;
	bool hides;
};

/* Columns of both tables, in the order of row_reader_read(). */
#define ROW_COLUMNS                                                                                \
	"path, mode, uid, gid, size, mtime, mtime_ns, target, rdev, state, digests, xattrs"

/* Their definition; the primary key makes the table an ordered list of paths per layer. */
#define ROW_TABLE                                                                                  \
	"(layer INTEGER NOT NULL, path BLOB NOT NULL, mode INTEGER NOT NULL, uid INTEGER NOT "     \
	"NULL, gid INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, mtime_ns "     \
	"INTEGER NOT NULL, target BLOB, rdev INTEGER NOT NULL, state INTEGER NOT NULL, digests "   \
	"BLOB, xattrs BLOB, PRIMARY KEY (layer, path)) WITHOUT ROWID"

/* Memory that a decoded row borrows. */
struct row_reader {
	struct buf path, target, packed;
	struct sl_xattr *xattrs;
	size_t xattr_cap;
};

#define ROW_READER_INIT                                                                            \
	((struct row_reader){.path = BUF_INIT(1 << 24),                                            \
			     .target = BUF_INIT(1 << 24),                                          \
			     .packed = BUF_INIT(1 << 24)})

/*
 * Decode the row that a statement selecting ROW_COLUMNS stands on. Borrows from @r until its next
 * call. -SL_EFORMAT when it is not one that we wrote.
 */
int row_reader_read(struct row_reader *r, struct db_stmt *s, struct row *out, struct sl_error *err);
void row_reader_clear(struct row_reader *r);
/* Append an attribute to the row being made in @r; what it points to is not copied. */
int row_reader_add_xattr(struct row_reader *r, struct sl_entry *e, const struct sl_xattr *x);

/* A path as a key, '/' as 0x00, replacing what is in @out. */
int row_key(struct buf *out, struct sl_bytes path);

/* Point access to rows; makes the temporary table. */
struct rows;

int rows_new(struct rows **out, struct db *db, struct sl_error *err);
void rows_free(struct rows *r);

/* 0 and the row, borrowed until the next call on @r; 1 when there is none. */
int rows_get(struct rows *r, struct row_at at, struct sl_bytes path, struct row *out,
	     struct sl_error *err);
/* Insert or replace in the staged layer @layer. The path is @path, not the entry's own. */
int rows_put(struct rows *r, int64_t layer, struct sl_bytes path, const struct sl_entry *e,
	     bool hides, struct sl_error *err);
/* The same, but only where there is no row yet: 0; 1 when there is one, which stays. */
int rows_add(struct rows *r, int64_t layer, struct sl_bytes path, const struct sl_entry *e,
	     struct sl_error *err);
/* Remove everything beneath @path, not @path itself, from the staged layer. */
int rows_remove_below(struct rows *r, int64_t layer, struct sl_bytes path, struct sl_error *err);

#endif
