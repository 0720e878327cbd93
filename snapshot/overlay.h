/* SPDX-License-Identifier: Apache-2.0 */
/* What a container sees that its image does not: the upper directory interpreted on its lowers. */
#ifndef SNAPSHOT_OVERLAY_H
#define SNAPSHOT_OVERLAY_H

#include <strandline/source.h>

/*
 * A sparse source (source.h) made of the upper layer's own entries. Whiteouts come out as bare
 * whiteout entries; opaque directories, directories that replace something else or have no lower
 * counterpart, and redirected ones carry SL_ENTRY_COMPLETE, and the lower children that a redirect
 * brings along are yielded too, taken from @lower. Metacopy files get size and digest (or the
 * content) of their lower object; where that cannot be found, a gap. A redirect is told from the
 * root of the lower view.
 *
 * @upper is a layer source with markers, @lower a merged view of everything below, used by this
 * source alone. Both are taken over, also on failure.
 */
int overlay_open(struct sl_source **out, struct sl_source *upper, struct sl_source *lower,
		 struct sl_error *err);

#endif
