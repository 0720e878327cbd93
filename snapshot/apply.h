/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a layer's tar means: entries in the order of the tar become the rows of the layer.
 *
 *  - `.wh.NAME` deletes NAME from the layers below, `.wh..wh..opq` everything that its directory
 *    shows of them, wherever in the tar they stand; an entry of the same layer survives. Other
 *    names in `.wh..wh.` are AUFS bookkeeping and left out, except as hard link targets. Names are
 *    markers whatever kind of object bears them.
 *  - A later entry replaces an earlier one of the same path; a directory over a directory only
 *    renews its metadata and adds to its attributes, anything else over a directory removes what is
 *    beneath it.
 *  - Parents without an entry are implied. A parent that is a symbolic link, in this layer or
 * below, is followed inside the root. Engines that unpack each layer by itself follow only the
 * layer's own links, and put a directory over one of a lower layer: what went through one is
 * flagged. (Tars made from a container's layer have none to follow.) A parent that is anything else
 * in this layer is an error, as it is for those who unpack; below, it is replaced.
 *  - A hard link is a copy of its target as it was at that point, found in this layer or below.
 *    What its own entry says of owner, mode, time and attributes holds for both names (restamp.h),
 *    and is flagged where it differs.
 *  - 0:0 devices and overlay attributes inside a tar are data, and flagged; so is an entry with
 *    attributes that engines do not read (tarpax.h).
 */
#ifndef SNAPSHOT_APPLY_H
#define SNAPSHOT_APPLY_H

#include "snapshot/applytree.h"
#include "snapshot/layerread.h"

struct layer_apply;

/*
 * Apply one layer on @lowers (bottom first). Its rows are staged under @layer, which must be
 * positive and empty. Borrows @rows.
 */
int layer_apply_new(struct layer_apply **out, struct rows *rows, int64_t layer,
		    const struct row_at *lowers, size_t lower_count, struct sl_error *err);

/* From here on no name is a marker and nothing is ambiguous: the tar of a whole tree. */
void layer_apply_plain(struct layer_apply *a);

/*
 * True when something was put through a link of a lower layer: a directory into which an engine
 * unpacked this layer by itself has it elsewhere.
 */
bool layer_apply_strays(const struct layer_apply *a);

/* A layer_item_fn; @apply is the struct layer_apply. */
int layer_apply_item(void *apply, const struct layer_item *item, struct sl_error *err);

/* NULL is fine. */
void layer_apply_free(struct layer_apply *a);

#endif
