/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines of a text came and which went. */
#ifndef DIFF_LINEDIFF_H
#define DIFF_LINEDIFF_H

#include <strandline/finding.h>

/*
 * Compare two texts line by line; a line feed that is missing at the end is no difference. The
 * lines come in the order of the texts, those that went before those that came in their place, and
 * borrow from @before and @after. There are as few as possible, unless they are more than a few
 * hundred after the beginning and the end that both share: then everything between is listed.
 *
 * A pure function; free @out. 0, or -SL_ENOMEM.
 */
int linediff(struct sl_line **out, size_t *count, struct sl_bytes before, struct sl_bytes after,
	     struct sl_error *err);

#endif
