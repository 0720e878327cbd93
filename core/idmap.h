/* SPDX-License-Identifier: Apache-2.0 */
/* Shifts of user and group ids, and who owns their ranges. */
#ifndef CORE_IDMAP_H
#define CORE_IDMAP_H

#include <strandline/error.h>
#include <strandline/image.h>

/* A copy with ranges of its own, for idmap_clear(); on failure *out is empty. -SL_ENOMEM. */
int idmap_copy(struct sl_idmap *out, const struct sl_idmap *map, struct sl_error *err);
void idmap_clear(struct sl_idmap *map);

#endif
