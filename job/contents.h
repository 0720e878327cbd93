/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of single files once more, for what looks into a few of them after the walk: before, as
 * the layers on disk show them, and after, as the container shows them. Evidence may have changed
 * since it was compared: who says something about a finding holds what is read against the digests
 * of its entries, where these are known.
 */
#ifndef JOB_CONTENTS_H
#define JOB_CONTENTS_H

#include "core/buf.h"
#include "job/comparison.h"

struct contents;

/* Borrows the comparison's container. */
int contents_open(struct contents **out, const struct comparison *comparison, struct sl_error *err);
void contents_free(struct contents *c); /* NULL is fine */

enum contents_side { CONTENTS_BEFORE, CONTENTS_AFTER };

/*
 * The content of the regular file at @path, relative to the root and without links in it. Close it
 * with sl_content_close().
 * -SL_ENOTFOUND: there is no regular file, or no directory that shows that side
 */
int contents_get(struct contents *c, enum contents_side side, struct sl_bytes path,
		 struct sl_content **out, struct sl_error *err);

/* What is at @path: 0 and the entry, borrowed until the next call; 1: nothing. */
int contents_find(struct contents *c, enum contents_side side, struct sl_bytes path,
		  const struct sl_entry **out, struct sl_error *err);

/*
 * Everything that lies directly in the directory @dir, in canonical order: @each (borrows @e) may
 * open the content of a regular file with contents_take(), and ends the walk by returning anything
 * but 0. After @max names -SL_ELIMIT. 1: there is no such directory.
 */
int contents_list(struct contents *c, enum contents_side side, struct sl_bytes dir, size_t max,
		  int (*each)(void *payload, const struct sl_entry *e, struct sl_error *err),
		  void *payload, struct sl_error *err);
int contents_take(struct contents *c, enum contents_side side, struct sl_content **out,
		  struct sl_error *err);

/* Does the comparison have this side on disk at all? */
bool contents_has(const struct contents *c, enum contents_side side);

/*
 * All of it, appended to @out: -SL_ELIMIT when it is longer than @out may grow. Where @sha256 is
 * not NULL, other bytes than these are -SL_EUNTRUSTED.
 */
int contents_read(struct contents *c, enum contents_side side, struct sl_bytes path,
		  const uint8_t *sha256, struct buf *out, struct sl_error *err);

#endif
