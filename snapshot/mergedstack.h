/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a stack, seen as one tree (snapshot/merged.h). */
#ifndef SNAPSHOT_MERGEDSTACK_H
#define SNAPSHOT_MERGEDSTACK_H

#include <strandline/source.h>
#include <strandline/stack.h>

/* The lower directories of a stack as they are on disk now, as one view. */
int mergedstack_open_lowers(struct sl_source **out, const struct sl_stack *stack,
			    struct sl_error *err);

/* All of it, the writable directory on top: the container's own tree as it is now. */
int mergedstack_open(struct sl_source **out, const struct sl_stack *stack, struct sl_error *err);

#endif
