/* SPDX-License-Identifier: Apache-2.0 */
/* Where a blob's table of contents lies, by its footer and by its descriptor's annotations. */
#ifndef SNAPSHOT_TOCFIND_H
#define SNAPSHOT_TOCFIND_H

#include <strandline/image.h>

/* A blob: @size bytes of the file from @offset on. */
struct toc_blob {
	int fd; /* borrowed; readable */
	uint64_t offset, size;
};

struct toc_place {
	enum sl_toc_kind kind;
	uint64_t offset, size; /* of the compressed table, counted from the blob's start */
	uint64_t plain_size;   /* zstd:chunked: of its JSON */
};

/*
 * 0 and a place inside the blob; 1 when it has no table, or has it elsewhere (an eStargz image may
 * keep it in an image of its own). -SL_EUNTRUSTED when the annotations promise another one than is
 * there; -SL_EFORMAT when a footer is there and is malformed: an engine may read it all the same.
 */
int toc_find(struct toc_place *out, const struct toc_blob *blob, const struct sl_toc_claim *claim,
	     struct sl_error *err);

#endif
