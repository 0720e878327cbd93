/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file with many names is read once: a hundred thousand hard links of one large file cost an
 * attacker nothing, and whoever hashed each of them days.
 */
#ifndef DIFF_LINKS_H
#define DIFF_LINKS_H

#include "diff/lane.h"

/* Files that are remembered at a time; a later one takes the place of one that nobody waits for. */
#define LINKS_MAX 16384

struct links;

int links_new(struct links **out, struct sl_error *err);
/* NULL is fine. */
void links_free(struct links *l);

/*
 * Before the content of @p is opened: true when another name of it is read already, and @p must not
 * be. Each pair that was asked about goes to links_settle() or to links_drop(), in order.
 */
bool links_share(struct links *l, struct pair *p);
/* It was read: keep what was found, or take it from the pair that was read. */
void links_settle(struct links *l, struct pair *p);
/* It will never be read. */
void links_drop(struct links *l, struct pair *p);

#endif
