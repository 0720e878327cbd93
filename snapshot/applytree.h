/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree as it is so far while a layer is applied: its own rows on what the layers below show.
 *
 * Kept true throughout: every row's parents are directory rows of the same layer.
 */
#ifndef SNAPSHOT_APPLYTREE_H
#define SNAPSHOT_APPLYTREE_H

#include "snapshot/lowertree.h"

/* Bounds on hostile names; each is SL_ELIMIT by name. */
#define APPLYTREE_MAX_PARTS 4096            /* components of a path */
#define APPLYTREE_MAX_LINKS 40              /* links met on the way to one parent, as in Linux */
#define APPLYTREE_MAX_IMPLIED (32ull << 20) /* path bytes of parents without entries, a layer */

struct applytree {
	struct rows *rows;       /* borrowed */
	struct lowertree *lower; /* borrowed */
	int64_t layer;           /* staged layer being applied */
	struct buf last;         /* parent that was resolved last: a directory row, no links */
	bool has_last;
	struct buf todo, next; /* while resolving */
	bool met_lower_link;   /* the last applytree_resolve() followed a link of a lower layer */
	uint64_t implied_bytes;
};

void applytree_init(struct applytree *t, struct rows *rows, struct lowertree *lower, int64_t layer);
void applytree_clear(struct applytree *t);

/*
 * A name as tars spell them to a path: no empty or "." parts, ".." taken back. -SL_EFORMAT when it
 * climbs out of the root or holds NUL.
 */
int applytree_clean(struct buf *out, struct sl_bytes name, struct sl_error *err);

/*
 * Where the directory @dir (clean) really is, symbolic links of this and lower layers resolved
 * inside the root. Parts that do not exist are taken as directories. -SL_EFORMAT when one is no
 * directory in this layer, or links go in circles; a non-directory of a lower layer gives way.
 */
int applytree_resolve(struct applytree *t, struct sl_bytes dir, struct buf *out,
		      struct sl_error *err);

/* Make @dir (resolved) and its parents directory rows where they are not yet. */
int applytree_make_dirs(struct applytree *t, struct sl_bytes dir, struct sl_error *err);

/* What the tree shows at a resolved path: 0 and a row borrowed from rows; 1 for nothing. */
int applytree_find(struct applytree *t, struct sl_bytes path, struct row *out,
		   struct sl_error *err);

/* A directory row went away: what was remembered may be wrong. */
void applytree_forget(struct applytree *t);

#endif
