/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's directory held against the layer itself: containers show the directory. */
#ifndef SNAPSHOT_LAYERCHECK_H
#define SNAPSHOT_LAYERCHECK_H

#include <strandline/source.h>

#include "snapshot/lowertree.h"

/*
 * Walk the directory @disk beside what the layer's tar says, @recorded: no name more, no name less,
 * and each of the same type, mode, owner, size, link target, device number and capability, without
 * attributes or markers that the tar does not have. @lower is what the layers below show, NULL for
 * the bottom one. Contents were proven when the tar was rebuilt; times are not compared, since
 * builders round them.
 *
 * 0; -SL_EUNTRUSTED naming the first difference; -SL_EUNSUPPORTED naming an attribute that a build
 * may have left as well as an attacker; -SL_EIO naming what could not be read.
 */
int layer_check(struct sl_source *disk, struct sl_source *recorded, struct lowertree *lower,
		struct sl_error *err);

#endif
