/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zstd stream taken apart into its frames: where each begins and ends in the file, and whether
 * the stream ended well, was cut, or was changed. Belongs to the zstream family.
 *
 * Frames are decompressed ahead by worker threads and lent in order. Memory is bounded by the
 * number of threads and the largest frame, never by what a header claims. Whoever wants a frame for
 * longer than it is lent holds it, and reading goes on with what is left.
 */
#ifndef CORE_ZFRAMES_H
#define CORE_ZFRAMES_H

#include "core/rfile.h"

/* Largest decompressed frame, and largest window, that is read. */
#define ZFRAMES_MAX_PLAIN (4u << 20)
#define ZFRAMES_MAX_WINDOW (8u << 20)
/* Largest content of a skippable frame that is lent; a larger one is passed over. */
#define ZFRAMES_MAX_SKIPPABLE (16u << 20)
/* Magic number of the skippable frame that holds a seek table. */
#define ZFRAMES_SEEK_TABLE 0x184D2A5Eu

struct zframes;

struct zframe_view {
	uint64_t index;  /* counts frames of both kinds from 0 */
	uint64_t offset; /* of its first byte */
	uint64_t size;   /* compressed bytes, header and checksum included */
	uint32_t magic;
	bool is_skippable;
	uint32_t checksum; /* as it stands at the end of a data frame */
	/* Plain bytes of a data frame, content of a skippable one (NULL when too large). */
	const uint8_t *bytes;
	size_t len;
};

enum zframes_end {
	ZFRAMES_END_BOUNDARY, /* the last frame was whole */
	ZFRAMES_END_CUT,      /* the file ends inside a frame */
	/* It seems to end inside a frame, but a seek table that accounts for the whole file stands
	 * at its end: nothing is missing, a length was changed. */
	ZFRAMES_END_CONTRADICTED,
};

/* Read @file, borrowed until close, from its beginning. @threads may be 0. */
int zframes_open(struct zframes **out, struct rfile *file, unsigned int threads,
		 struct sl_error *err);
/* Nothing may be held any more. */
void zframes_close(struct zframes *z);

/*
 * The next frame, borrowed until the next call. 0; 1 at the end; -SL_EFORMAT when bytes are no
 * frame, fail their checksum or pass the limits; -SL_EIO.
 */
int zframes_next(struct zframes *z, const struct zframe_view **out, struct sl_error *err);

/*
 * The frame lent last, until it was released as often as it was held. One thread holds, any thread
 * releases. While all frames but the one lent are held, zframes_next() waits.
 */
const struct zframe_view *zframes_hold(struct zframes *z);
void zframes_release(struct zframes *z, const struct zframe_view *frame);

/* After zframes_next() returned 1. */
enum zframes_end zframes_end(const struct zframes *z);
/* Where the frame that failed or was cut begins; the end of the file after a good end. */
uint64_t zframes_offset(const struct zframes *z);

#endif
