/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer's table of contents (eStargz, zstd:chunked) held against its tar, entry by entry, while
 * the tar passes. Engines that pull single files show what the table says and never look at the
 * tar; all others do the opposite. So the two must say the same: names, types, modes, owners,
 * sizes, devices, link targets, attributes, digests of files and of their chunks, in the tar's
 * order. Times are not compared.
 */
#ifndef SNAPSHOT_TOC_H
#define SNAPSHOT_TOC_H

#include "snapshot/layerread.h"
#include "snapshot/tocfind.h"

struct toc;

/* 0; 1 and *out NULL when the blob has none. */
int toc_open(struct toc **out, const struct toc_blob *blob, const struct sl_toc_claim *claim,
	     const struct sl_limits *limits, struct sl_error *err);
/* NULL is fine. */
void toc_close(struct toc *t);

/* What the tar holds, in its order: the content of a file in pieces, then the file. */
int toc_content(struct toc *t, const uint8_t *bytes, size_t len, struct sl_error *err);
/* -SL_EUNTRUSTED names the entry that is not in both alike. */
int toc_item(struct toc *t, const struct layer_item *item, struct sl_error *err);
/* The tar has ended: so must the table, and have the digest that the annotations claim. */
int toc_end(struct toc *t, struct sl_error *err);

#endif
