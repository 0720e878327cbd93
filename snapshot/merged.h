/* SPDX-License-Identifier: Apache-2.0 */
/* Several layers seen as one tree. */
#ifndef SNAPSHOT_MERGED_H
#define SNAPSHOT_MERGED_H

#include <strandline/source.h>

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

/* The last @data_only of them hold nothing but data that files above point to. */
int merged_open_with_data(struct sl_source **out, struct sl_source *const layers[], size_t count,
			  size_t data_only, struct sl_error *err);

#endif
