/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a zstd stream as they lie in a file, one after another: found, held against the limits,
 * not yet decompressed. The inner half of core/zframes.h, whose words are used here.
 */
#ifndef CORE_ZFRAMEREAD_H
#define CORE_ZFRAMEREAD_H

#include "core/zframes.h"

/* Bytes of a skippable frame before its content. */
#define ZFRAME_SKIP_HEADER 8

/* One frame, or what was read of it. */
struct zframe_packed {
	struct zframe_view view; /* without the plain bytes of a data frame */
	uint8_t *bytes;          /* as it lies in the file; of a skippable frame, what is kept */
	size_t len, cap;
	size_t content; /* size that its header promises */
};

struct zframe_reader {
	struct rfile *file; /* borrowed */
	uint64_t taken;     /* bytes taken from the file so far */
	uint8_t *input;
	size_t input_pos, input_len;
	bool is_eof;
	uint64_t offset; /* bytes handed out of input so far */
	uint64_t index;
	enum zframes_end end; /* how the file ended; after zframe_read() returned 1 */
};

int zframe_reader_init(struct zframe_reader *r, struct rfile *file, struct sl_error *err);
void zframe_reader_clear(struct zframe_reader *r);

/*
 * Fill @f with the next frame. 0; 1 at the end of the file, whole or cut; -SL_EFORMAT when bytes
 * are no frame or pass the limits of core/zframes.h; -SL_EIO.
 */
int zframe_read(struct zframe_reader *r, struct zframe_packed *f, struct sl_error *err);

#endif
