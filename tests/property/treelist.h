/* SPDX-License-Identifier: Apache-2.0 */
/* A source written out as sorted lines, for comparing trees in tests. */
#ifndef TESTS_TREELIST_H
#define TESTS_TREELIST_H

#include <stdio.h>

#include <strandline/source.h>

#include "core/digest.h"

struct treelist_row {
	char *path; /* as in the entry, NUL-terminated */
	size_t len;
	char *line; /* everything that a comparison looks at */
	uint32_t mode, flags, layer;
	bool redirected;
};

struct treelist {
	struct treelist_row *rows;
	size_t count, room;
	size_t gaps;
	char *gap; /* the last one, as text */
	int gap_errno;
};

/* What two trees must agree on about one entry, its content by SHA-256. Aborts on failure. */
char *treelist_line(struct sl_source *src, const struct sl_entry *e);
/* Read @src to its end and close it. A failed walk counts as a gap. */
void treelist_read(struct treelist *t, struct sl_source *src);
/* What a sparse source makes of the tree that it is about. */
void treelist_apply(struct treelist *out, const struct treelist *below,
		    const struct treelist *sparse);
void treelist_clear(struct treelist *t);

#endif
