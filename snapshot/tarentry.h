/* SPDX-License-Identifier: Apache-2.0 */
/* What the headers of a tar member say of the object: all but path, links and content. */
#ifndef SNAPSHOT_TARENTRY_H
#define SNAPSHOT_TARENTRY_H

#include <strandline/entry.h>

#include "snapshot/tarspecial.h"

/* The type bits of a mode, 0 for a hard link. @name as it stands in the tar. -SL_EUNSUPPORTED. */
int tarentry_type(const struct tarhead *head, struct sl_bytes name, uint32_t *out);

/*
 * Mode (below the type, which @e has already), owner, times, device and attributes, which are lent
 * by @s. -SL_EFORMAT when a number fits no file system.
 */
int tarentry_describe(struct sl_entry *e, const struct tarhead *head, const struct tarspecial *s,
		      struct sl_error *err);

#endif
