/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single items without reading the whole bundle, by j/index and the seek table (bundle format,
 * section 7). Nobody vouches for either: all they give is a place to look at. What is found there
 * is taken only with the record of its segment that names it and its digest.
 */
#ifndef FORENSICS_BUNDLEINDEX_H
#define FORENSICS_BUNDLEINDEX_H

#include <strandline/error.h>

#include "core/buf.h"
#include "core/rfile.h"
#include "core/zseek.h"
#include "forensics/bundle_read.h"

/* A larger index is not used: 1.4 million files. */
#define BUNDLEINDEX_MAX_BYTES (64u << 20)
/* Containers of one bundle that a path is looked for in. */
#define BUNDLEINDEX_TARGETS 64

struct bundleindex {
	struct rfile *file; /* borrowed */
	struct zseek seek;
	struct buf text; /* the lines, without the first */
};

struct bundleplace {
	uint64_t hash, seq, frame, offset;
};

/* 0; 1 when the bundle has no index that can be used. Clear it also then. */
int bundleindex_read(struct bundleindex *ix, struct rfile *file, struct sl_error *err);
void bundleindex_clear(struct bundleindex *ix);

/* One line without its line feed. 0 or -SL_EFORMAT. */
int bundleindex_line(struct bundleplace *out, const char *line, size_t len);

/* 0, or 1 when there is none. */
int bundleindex_find_seq(const struct bundleindex *ix, uint64_t seq, struct bundleplace *out);
/*
 * The last file of this role at this path, which begins with '/', of container @target (0: of any).
 * 1 also when several containers have one.
 */
int bundleindex_find_path(const struct bundleindex *ix, const char *role, uint32_t target,
			  struct sl_bytes path, struct bundleplace *out, struct sl_error *err);

/*
 * Go to the place: hand the content of the member there to @take (may be NULL), then append the
 * line of its record out of the journal of that segment, without line feed. 0; 1 when the place is
 * not a payload of that record: nothing was handed on then; negative.
 */
int bundleindex_visit(const struct bundleindex *ix, const struct bundleplace *place,
		      bundle_data_fn take, void *payload, struct buf *line, struct sl_error *err);

#endif
