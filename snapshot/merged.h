/* SPDX-License-Identifier: Apache-2.0 */
/* Several layers seen as one tree. */
#ifndef SNAPSHOT_MERGED_H
#define SNAPSHOT_MERGED_H

#include <strandline/source.h>
#include <strandline/stack.h>

/*
 * A k-way merge of layer sources, topmost first: whiteouts and opaque directories hide what is
 * below, the topmost object of a name wins, directories merge with the metadata of the topmost.
 * Entries carry the index of their layer. open() opens the winning layer's content. Takes over the
 * sources, also on failure.
 *
 * Directories that a layer renamed and files whose data is in a layer below are followed as the
 * kernel does (snapshot/redirection.h); what leads nowhere is a gap.
 */
int merged_open(struct sl_source **out, struct sl_source *const layers[], size_t count,
		struct sl_error *err);

/* The lower directories of a stack as they are on disk now, as one view. */
int merged_open_lowers(struct sl_source **out, const struct sl_stack *stack, struct sl_error *err);

/* All of it, the writable directory on top: the container's own tree as it is now. */
int merged_open_stack(struct sl_source **out, const struct sl_stack *stack, struct sl_error *err);

#endif
