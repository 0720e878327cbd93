/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs on their way from the walk through the hashing threads: they come out in the order they
 * went in, with gaps between them where they belong. A bounded number is under way.
 */
#ifndef DIFF_LANE_H
#define DIFF_LANE_H

#include <strandline/source.h>

#include "diff/reading.h"

/* What a pair has to do with other names of its file (diff/links.h). */
enum link_part { LINK_NONE, LINK_READS, LINK_SHARES };

/* One path on its way. Entries are owned copies; either may be NULL. */
struct pair {
	struct sl_entry *before, *after;
	struct sl_bytes path; /* of either */
	struct reading before_read, after_read;
	uint64_t signals; /* what the walk saw already */
	enum link_part link;
};

/* Allocate, copying the entries (one of them may be NULL). NULL when memory ran out. */
struct pair *pair_new(const struct sl_entry *before, const struct sl_entry *after);
/* NULL is fine. */
void pair_free(struct pair *p);

struct lane_options {
	unsigned int jobs;                 /* hashing threads; 0: serial */
	const volatile sig_atomic_t *stop; /* readings end early when it is set; or NULL */
	uint64_t deadline_ns;              /* of clock_boot_ns(): they end early then; 0: never */
	/* Called on the thread of the caller, in order; negative ends the work. Borrow. */
	int (*pair)(void *payload, struct pair *p, struct sl_error *err);
	int (*gap)(void *payload, const struct sl_gap *gap, struct sl_error *err);
	void *payload;
};

struct lane;

int lane_new(struct lane **out, const struct lane_options *options, struct sl_error *err);
/* Takes over the pair, also on failure. May call back for earlier ones. */
int lane_add_pair(struct lane *l, struct pair *p, struct sl_error *err);
int lane_add_gap(struct lane *l, const struct sl_gap *gap, struct sl_error *err);
/* Wait for everything under way and call back for it. */
int lane_finish(struct lane *l, struct sl_error *err);
/* Drops what is under way. NULL is fine. */
void lane_free(struct lane *l);

#endif
