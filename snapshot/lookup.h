/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about paths to a source that is walked only as far as they need. Questions that come
 * in canonical order are one forward walk, and one that lies between the last question and its
 * answer costs nothing.
 */
#ifndef SNAPSHOT_LOOKUP_H
#define SNAPSHOT_LOOKUP_H

#include <strandline/source.h>

#include "core/buf.h"

/* When loaded, head is the first entry at or after the cursor (strictly after it: after). */
struct lookup {
	struct sl_source *src; /* owned */
	struct buf cursor;
	bool after, loaded;
	const struct sl_entry *head; /* NULL at the end */
};

#define LOOKUP_INIT(source) ((struct lookup){.src = (source), .cursor = BUF_INIT((size_t)1 << 30)})

/* Ask for the first entry at or after @path, or strictly after it. Reads nothing, as a rule. */
int lookup_aim(struct lookup *l, struct sl_bytes path, bool after, struct sl_error *err);
/* Answer: l->head. */
int lookup_load(struct lookup *l, struct sl_error *err);
/* The head is done with, its children are not. There must be one. */
int lookup_step(struct lookup *l, struct sl_error *err);
/* What is at exactly @path; *out is borrowed until the next call, NULL when there is nothing. */
int lookup_find(struct lookup *l, struct sl_bytes path, const struct sl_entry **out,
		struct sl_error *err);
void lookup_clear(struct lookup *l);

#endif
