/* SPDX-License-Identifier: Apache-2.0 */
/* A tar stream as entries with their contents hashed. */
#ifndef SNAPSHOT_TAR_H
#define SNAPSHOT_TAR_H

#include "core/istream.h"
#include "snapshot/layerread.h"

/* Takes the next piece of a file's content, holes filled; negative ends the read. */
typedef int (*tar_content_fn)(void *payload, const uint8_t *bytes, size_t len,
			      struct sl_error *err);

struct tar_options {
	const struct sl_limits *limits;
	/*
	 * An archive that stops at an entry's end, without its closing zero blocks, is cut off.
	 * Some layers never had them, and their digest says that nothing is missing; where no
	 * digest is known, only these blocks do.
	 */
	bool must_close;
	/*
	 * The tar comes from a directory: a sparse file's content is there as it unpacked, not as
	 * it was stored, so that its layer cannot be rebuilt. -SL_EUNSUPPORTED.
	 */
	bool is_rebuilt;
	/* Contents pass unhashed: files have a size and no digest. */
	bool no_digests;
	layer_item_fn item;
	tar_content_fn content; /* of each file, before the file itself goes to @c item; or NULL */
	void *payload;          /* of both */
};

/*
 * Read @in to its end, also what stands behind the end-of-archive blocks. Regular files are hashed
 * with both digests, unless that is not wanted. @in is borrowed. *entries counts what was handed to
 * the receiver.
 */
int tar_read(struct istream *in, const struct tar_options *options, uint64_t *entries,
	     struct sl_error *err);

#endif
