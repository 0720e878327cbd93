/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an image layout, whether they lie in a directory or in an archive of it. */
#ifndef SNAPSHOT_BLOBS_H
#define SNAPSHOT_BLOBS_H

#include <strandline/error.h>
#include <strandline/image.h>

#include "core/buf.h"

struct tarball;

/* One of the two; borrowed. */
struct blobs {
	int dir_fd; /* or -1 */
	const struct tarball *archive;
};

/* An open file: @size bytes of @fd from @offset on. */
struct blob {
	int fd; /* owned by whoever opened it */
	uint64_t offset, size;
	bool in_archive; /* fd holds more than this */
};

/* Open a regular file; links are followed inside. -SL_ENOTFOUND. */
int blobs_open(const struct blobs *b, const char *path, struct blob *out, struct sl_error *err);

/* Open and read a file of at most out->max bytes. */
int blobs_read(const struct blobs *b, const char *path, struct buf *out, struct sl_error *err);
/* The same for one that is open. */
int blob_read(const struct blob *blob, struct buf *out, struct sl_error *err);

/* Make it the blob of a layer, which takes over the descriptor. */
void blob_give(struct blob *blob, struct sl_layer *layer);

#endif
