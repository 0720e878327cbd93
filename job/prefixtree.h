/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as part of another, such as the one that it is mounted in: a source with longer paths. */
#ifndef JOB_PREFIXTREE_H
#define JOB_PREFIXTREE_H

#include <strandline/source.h>

/*
 * Everything of @inner (taken over, also on failure) beneath @prefix, a path without a slash in
 * front. Gaps at paths of which @is_known (may be NULL) says so are left out: what is mounted there
 * is known.
 * Only for reading once from start to end.
 */
int prefixtree_new(struct sl_source **out, struct sl_source *inner, const char *prefix,
		   bool (*is_known)(void *payload, const char *path), void *payload,
		   struct sl_error *err);

#endif
