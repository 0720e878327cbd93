/* SPDX-License-Identifier: Apache-2.0 */
/* What makes one object of a layer directory another than the layer's. Contents are not read here.
 */
#ifndef SNAPSHOT_CHECKDIFF_H
#define SNAPSHOT_CHECKDIFF_H

#include "snapshot/checkitem.h"
#include "snapshot/checkowner.h"
#include "snapshot/lowertree.h"

struct checkdiff {
	struct lowertree *lower;        /* what the layers below show; NULL for the bottom one */
	const struct checkowner *owner; /* how owners were moved as a whole, or NULL */
};

/* Compare two entries of the same path, notes into @it. 0, or negative. */
int checkdiff_entry(const struct checkdiff *c, struct checkitem *it, const struct sl_entry *disk,
		    const struct sl_entry *stored, struct sl_error *err);

/* The row says less than an object: contents are worth comparing, metadata not. */
bool checkdiff_is_guess(const struct sl_entry *stored);

/* "file", "directory"... of an entry; "whiteout". Static. */
const char *checkdiff_type(const struct sl_entry *e);

/* "file, mode 04755, owner 0:0, 12 bytes": an object in one line, owned. */
char *checkdiff_describe(const struct sl_entry *e);

#endif
