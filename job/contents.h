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

/*
 * All of it, appended to @out: -SL_ELIMIT when it is longer than @out may grow. Where @sha256 is
 * not NULL, other bytes than these are -SL_EUNTRUSTED.
 */
int contents_read(struct contents *c, enum contents_side side, struct sl_bytes path,
		  const uint8_t *sha256, struct buf *out, struct sl_error *err);

#endif
