/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar has the bytes of a file once, under its first name; the others are hard links. When a layer
 * is rebuilt from its directory, a name that is no longer a link of the first one is not read, and
 * whatever was put there would pass.
 */
#ifndef SNAPSHOT_LINKPROOF_H
#define SNAPSHOT_LINKPROOF_H

#include "snapshot/inodeset.h"
#include "snapshot/layerread.h"

/*
 * Where @item is a hard link to a file: are both names one file in the directory, or copies? If
 * not, the link's inode goes to @severed. That need not be tampering: a later entry of the tar may
 * have replaced either name. 0, or negative.
 */
int linkproof_item(struct inodeset *severed, int dir_fd, const struct layer_item *item,
		   struct sl_error *err);

#endif
