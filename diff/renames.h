/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which changes are two ends of one renaming: what overlay itself says (redirects), and files that
 * are gone from one path and have come, the same bytes by SHA-256, at another.
 */
#ifndef DIFF_RENAMES_H
#define DIFF_RENAMES_H

#include "core/buf.h"
#include "diff/spool.h"

/* Most ends of either kind that are remembered: beyond, no renaming is looked for at all. */
#define RENAMES_MAX ((size_t)64 << 10)

/* Seen while the spool was filled: is there anything to look for? */
struct renames_hint {
	bool has_gone, has_left, has_come, has_redirect;
};

struct renames {
	struct renames_pair *pairs; /* sorted by the place in the spool */
	size_t count;
	bool too_many;       /* nothing was looked for */
	struct buf from, to; /* of the change told last */
};

#define RENAMES_INIT                                                                               \
	((struct renames){.from = BUF_INIT((size_t)1 << 20), .to = BUF_INIT((size_t)1 << 20)})

void renames_note(struct renames_hint *hint, const struct sl_change *c);

/*
 * Read the filled spool, which has to be rewound after, and pair. Where several have the same
 * bytes, the same last component decides, then, where one is left on either side, that one;
 * nothing is guessed.
 */
int renames_find(struct renames *r, struct spool *s, const struct renames_hint *hint, size_t most,
		 struct sl_error *err);

/*
 * Add to the change that stands at @at in the spool what is known, and take back what turned out to
 * be a link. It borrows until the next call.
 */
int renames_apply(struct renames *r, struct spool *s, uint64_t at, struct sl_change *c,
		  struct sl_error *err);
void renames_clear(struct renames *r);

#endif
