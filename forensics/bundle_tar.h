/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tar headers of a bundle, byte by byte. libarchive is not used here: its writer buffers, so that
 * nobody knows in which frame a member began, and it decides by itself when a pax header is needed.
 */
#ifndef FORENSICS_BUNDLE_TAR_H
#define FORENSICS_BUNDLE_TAR_H

#include <strandline/error.h>

#define TAR_BLOCK 512
#define TAR_NAME_MAX 256

/* One block, or three where the name needs a pax header. */
struct tar_header {
	uint8_t bytes[3 * TAR_BLOCK];
	size_t len;
};

/*
 * A regular file, mode 0440, owner 0:0. @mtime_sec is bent into what the field holds: the truth
 * about times stands in the records. -SL_ELIMIT when name or size do not fit.
 */
int tar_header(struct tar_header *out, const char *name, uint64_t size, int64_t mtime_sec);

/* Zero bytes after a content of this size. */
size_t tar_padding(uint64_t size);

#endif
