/* SPDX-License-Identifier: Apache-2.0 */
/* Compression: the only file family that knows zstd, ISA-L, zlib, liblzma and libbz2. */
#ifndef CORE_ZSTREAM_H
#define CORE_ZSTREAM_H

#include "core/istream.h"
#include "core/ostream.h"

enum zkind { ZKIND_NONE, ZKIND_GZIP, ZKIND_ZSTD, ZKIND_XZ, ZKIND_BZIP2 };

/* What the first bytes say (zstd skippable frames included). */
enum zkind zkind_sniff(const uint8_t *bytes, size_t len);

/*
 * Inflate gzip, all members, as one stream: ISA-L where built with it, else zlib. Trailing bytes
 * that are no further member, a bad CRC or length, and a cut stream are -SL_EFORMAT.
 */
int istream_gzip(struct istream **out, struct istream *inner, struct sl_error *err);

/*
 * @max_window of the next ones is what a stream may look back at, at most, in bytes: memory is
 * given to a zstd window or an xz dictionary no larger than that. A larger one is -SL_ELIMIT.
 */

/* Decompress zstd, all frames, skippable ones skipped; a dictionary is -SL_EUNSUPPORTED. */
int istream_zstd(struct istream **out, struct istream *inner, uint64_t max_window,
		 struct sl_error *err);

/* Decompress xz, all streams and their padding; bytes behind them are -SL_EFORMAT. */
int istream_xz(struct istream **out, struct istream *inner, uint64_t max_window,
	       struct sl_error *err);

/* Decompress bzip2, all streams; bytes behind them are -SL_EFORMAT. */
int istream_bzip2(struct istream **out, struct istream *inner, struct sl_error *err);

/* Put what undoes @kind around *in, taking it over on success; ZKIND_NONE leaves *in alone. */
int istream_unpack(struct istream **in, enum zkind kind, uint64_t max_window, struct sl_error *err);

/*
 * Compress into independent zstd frames of @frame_bytes of input each (content size and checksum in
 * every frame, level @level; 0: chosen for frames of 2 MiB, see there), at most @threads at a time
 * with the same bytes for any number. A sync point ends the frame; to begin one does not wait for
 * the frames before (unless @threads is 0: then it is a whole sync point). Every finished frame is
 * reported through @on_frame (may be NULL), in order, for a seek table. With @align, a sync point
 * that ends frames is filled up to a multiple of so many bytes by exactly one skippable frame of
 * zeros, which is reported with 0 plain bytes. Takes over inner on success.
 */
struct zframe {
	uint64_t compressed, plain; /* sizes in bytes */
	uint32_t checksum;          /* low 32 bits of XXH64 over the plain bytes, seed 0 */
};
struct zstd_options {
	int level;
	size_t frame_bytes;
	unsigned int threads;
	size_t align; /* 0: none; more than a skippable frame's header */
	int (*on_frame)(void *payload, const struct zframe *frame);
	void *payload;
};
int ostream_zstd(struct ostream **out, struct ostream *inner, const struct zstd_options *options,
		 struct sl_error *err);
/* Bytes that reached the inner stream so far: where the next frame will start. */
uint64_t ostream_zstd_offset(const struct ostream *s);
/*
 * Pass bytes through uncompressed between frames (skippable frames). Implies a sync of frames. No
 * sync point fills up behind them.
 */
int ostream_zstd_raw(struct ostream *s, const void *bytes, size_t len, struct sl_error *err);

#endif
