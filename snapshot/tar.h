/* SPDX-License-Identifier: Apache-2.0 */
/* A tar stream as entries with their contents hashed. */
#ifndef SNAPSHOT_TAR_H
#define SNAPSHOT_TAR_H

#include "core/istream.h"
#include "snapshot/layerread.h"

/*
 * Read @in to its end, also what stands behind the end-of-archive blocks. Regular files are hashed
 * with both digests. @in is borrowed. *entries counts what was handed to @fn.
 */
int tar_read(struct istream *in, const struct sl_limits *limits, layer_item_fn fn, void *payload,
	     uint64_t *entries, struct sl_error *err);

/* Takes the next piece of a file's content, holes filled; negative ends the read. */
typedef int (*tar_content_fn)(void *payload, const uint8_t *bytes, size_t len,
			      struct sl_error *err);

/* The same, and the content of each file goes to @content, before the file itself goes to @fn. */
int tar_read_through(struct istream *in, const struct sl_limits *limits, layer_item_fn fn,
		     tar_content_fn content, void *payload, uint64_t *entries,
		     struct sl_error *err);

#endif
