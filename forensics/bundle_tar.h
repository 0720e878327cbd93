/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar stream of a bundle, written by libarchive without a buffer of its own: what a call
 * produces has been handed on when it returns, so that the place of every member is known.
 */
#ifndef FORENSICS_BUNDLE_TAR_H
#define FORENSICS_BUNDLE_TAR_H

#include <strandline/error.h>

#define TAR_BLOCK 512

struct bundle_tar;

/* Where the bytes go. Negative ends the call that produced them with that code. */
typedef int (*bundle_tar_write_fn)(void *payload, const void *bytes, size_t len,
				   struct sl_error *err);

int bundle_tar_new(struct bundle_tar **out, bundle_tar_write_fn write, void *payload,
		   struct sl_error *err);

/*
 * Begin a regular file, mode 0440, owner 0:0, with a pax header where the name needs one. The time
 * is bent into what the field holds: the truth about times stands in the records.
 */
int bundle_tar_begin(struct bundle_tar *t, const char *name, uint64_t size, int64_t mtime_sec,
		     struct sl_error *err);
int bundle_tar_data(struct bundle_tar *t, const void *bytes, size_t len, struct sl_error *err);
/* Pad to the block. All of the size must have come. */
int bundle_tar_end(struct bundle_tar *t, struct sl_error *err);

/* The two blocks of zeros that end the archive. */
int bundle_tar_finish(struct bundle_tar *t, struct sl_error *err);
/* Writes nothing. NULL is fine. */
void bundle_tar_free(struct bundle_tar *t);

#endif
