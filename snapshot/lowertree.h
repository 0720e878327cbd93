/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the layers below show at one path: point look-ups for the few paths that a new layer leaves
 * to them (parents without an entry of their own, hard link targets). Answers are remembered, with
 * a bound; the layers do not change meanwhile. Links are not followed here.
 */
#ifndef SNAPSHOT_LOWERTREE_H
#define SNAPSHOT_LOWERTREE_H

#include "snapshot/rows.h"

struct lowertree;

enum lower_kind { LOWER_ABSENT, LOWER_DIR, LOWER_LINK, LOWER_OTHER };

/* Bottom first; borrows @rows, copies @layers. */
int lowertree_new(struct lowertree **out, struct rows *rows, const struct row_at *layers,
		  size_t count, struct sl_error *err);
void lowertree_free(struct lowertree *t);

int lowertree_kind(struct lowertree *t, struct sl_bytes path, enum lower_kind *out,
		   struct sl_error *err);
/* 0 and the topmost row that shows, borrowed from rows; 1 when nothing does. */
int lowertree_get(struct lowertree *t, struct sl_bytes path, struct row *out, struct sl_error *err);

#endif
