/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories that a tree of paths in canonical order is in: what was printed beneath each,
 * and what was only counted because it would have been too much.
 */
#ifndef REPORT_TREESTACK_H
#define REPORT_TREESTACK_H

#include <strandline/change.h>

#include "core/buf.h"

/* Past so many lines, what is not severe is counted: directly in a directory, and beneath it. */
#define TREE_CHILDREN 32
#define TREE_LINES 256
#define TREE_LEVELS 32 /* deeper ones are not indented further */

struct tree_level {
	size_t path_len; /* of the directory, in the path of the stack */
	uint64_t children, lines;
	uint64_t counted[SL_CHANGE_KINDS]; /* left out here */
};

struct treestack {
	struct buf path; /* of the deepest level, bytes */
	struct tree_level *levels;
	size_t count, room; /* levels[0] is the root: never empty once begun */
};

#define TREESTACK_INIT ((struct treestack){.path = BUF_INIT(SIZE_MAX / 16)})

/* Forget everything; the root remains. 0, or -SL_ENOMEM. */
int treestack_begin(struct treestack *t);
/* The deepest level lies above @path. */
bool treestack_holds(const struct treestack *t, struct sl_bytes path);
struct tree_level *treestack_top(struct treestack *t);
/* NULL, or the level where one more line beneath the deepest level is only counted. */
struct tree_level *treestack_full(struct treestack *t);
/* A line was printed directly in the deepest level. */
void treestack_add_line(struct treestack *t);
/* Enter the directory with this path, which lies in the deepest level. 0, or -SL_ENOMEM. */
int treestack_push(struct treestack *t, struct sl_bytes path);
void treestack_pop(struct treestack *t);
void treestack_clear(struct treestack *t);

#endif
