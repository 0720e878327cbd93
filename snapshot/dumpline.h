/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row as one line of text, for people, for comparison, and for the digest of a tree: SHA-256 over
 * the lines of its rows in canonical order.
 *
 *	./usr/bin/ping type=file mode=0755 uid=0 gid=0 size=90568 time=1676222000.000000000
 *		sha256=HEX xxh3=HEX xattr.security.capability=BASE64 state=coarse
 *	./etc/motd type=whiteout state=hides
 *
 * (one line each). Words are separated by one space and stand in this order; they are mtree(5)'s
 * where it has one:
 *
 *   path     "." for the root, else "./" and the path
 *   type     file, dir, link, char, block, fifo, socket; whiteout is a name without an object
 *   mode     four octal digits          } these are always there, but for whiteouts, which have
 *   uid, gid decimal                    } nothing but path, type and state
 *   size     of a file; of another object when it is not 0
 *   time     seconds, '.', nine digits to add to them (-1.900000000 is 0.1 s before the epoch)
 *   link     target of a symbolic link
 *   device   linux,MAJOR,MINOR of a device; of another object when they are not 0
 *   sha256, xxh3   of the content, lower case
 *   xattr.NAME     value as base64, in the order of the names' bytes
 *   state    what the layer says beside the object, comma-separated, in this order: hides (nothing
 *            of the layers below shines through the name), implied, coarse (whole seconds are all
 *            that is known of the time), unresolved, ambiguous (entry.h), xattrs-unknown
 *
 * A word whose field was not read is left out. In names every byte that is not printable ASCII, and
 * of those space, '#', '=', '*', '?', '[' and the backslash, is a backslash and three octal digits,
 * as mtree reads them. So a line is printable ASCII, one row has one line, and no line depends on
 * which version of the program wrote it.
 */
#ifndef SNAPSHOT_DUMPLINE_H
#define SNAPSHOT_DUMPLINE_H

#include "snapshot/rows.h"

/* A line of the largest row that tars can make: 1 MiB each of path, target and attributes. */
#define DUMPLINE_MAX ((size_t)16 << 20)

/* Append the row's line and a newline. -SL_EFORMAT when it is no row that we write. */
int dumpline_format(struct buf *out, const struct row *row, struct sl_error *err);

/* Memory that a parsed row borrows. */
struct dumpline {
	struct row_reader row;
	struct buf again;
};

#define DUMPLINE_INIT ((struct dumpline){.row = ROW_READER_INIT, .again = BUF_INIT(DUMPLINE_MAX)})

/*
 * The row of a line without its newline, borrowed until the next call on @d. Accepted is exactly
 * what dumpline_format() writes, of canonical paths; else -SL_EFORMAT, -SL_ELIMIT past
 * DUMPLINE_MAX.
 */
int dumpline_parse(struct dumpline *d, const char *line, size_t len, struct row *out,
		   struct sl_error *err);
void dumpline_clear(struct dumpline *d);

#endif
