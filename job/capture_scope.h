/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the files a capture is to take: patterns of paths, and a size. What they leave out keeps
 * its record, without a payload, and is a gap that says which rule it was.
 */
#ifndef JOB_CAPTURE_SCOPE_H
#define JOB_CAPTURE_SCOPE_H

#include <strandline/entry.h>
#include <strandline/error.h>

/* As asked for; borrows everything. All zero: take everything. */
struct capture_scope {
	const char *const *include; /* patterns: one must fit; none: any path does */
	size_t include_count;
	const char *const *exclude; /* patterns: none may fit */
	size_t exclude_count;
	uint64_t max_file;  /* most bytes of one file; 0: any number */
	uint64_t max_bytes; /* of all payloads together; 0: any number */
	uint64_t max_holes; /* most bytes of holes that are hashed; 0: the writer's default */
};

/*
 * Compiled. A pattern (diff/glob.h) is of the whole path in the container, and one without a slash
 * of a name anywhere; a directory stands for everything in it.
 */
struct capture_filter;

/* -SL_EINVAL when a pattern can fit nothing. */
int capture_filter_new(struct capture_filter **out, const struct capture_scope *scope,
		       struct sl_error *err);
void capture_filter_free(struct capture_filter *f);

/* Why this regular file is left out, good until the next call; NULL: it is taken. */
const char *capture_filter_rule(struct capture_filter *f, const struct sl_entry *e);

#endif
