/* SPDX-License-Identifier: Apache-2.0 */
/* What a source could not read, waiting for whoever walks it to ask. */
#ifndef SNAPSHOT_GAPS_H
#define SNAPSHOT_GAPS_H

#include <strandline/source.h>

struct gap_node;

/* Zero is empty. */
struct gaps {
	struct gap_node *first, *last;
	struct gap_node *lent; /* what gaps_next() returned last */
};

/* Queue a gap about a path of the tree; @what is copied, @why is static text. 0, -SL_ENOMEM */
int gaps_add(struct gaps *g, struct sl_bytes what, const char *why, int sys, bool below,
	     struct sl_error *err);
/* Borrowed until the next call; NULL when there is none. */
const struct sl_gap *gaps_next(struct gaps *g);
void gaps_clear(struct gaps *g);

#endif
