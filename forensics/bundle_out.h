/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer shape of a bundle: tar members in zstd frames, with room reserved before each member
 * and the seek table kept until the end.
 */
#ifndef FORENSICS_BUNDLE_OUT_H
#define FORENSICS_BUNDLE_OUT_H

#include "core/age.h"
#include "core/zstream.h"
#include "forensics/space.h"
#include "forensics/spool.h"

struct bundle_tar;

#define OUT_FRAME_BYTES (2u << 20)
/* Header, pax header and padding of one member, at most. */
#define OUT_MEMBER_OVERHEAD 2048u /* four blocks */

struct bundle_out {
	struct ostream *z;      /* owned */
	struct ostream *age;    /* what @z writes into when it encrypts, which @z owns; or NULL */
	struct bundle_tar *tar; /* owned */
	struct space space;
	struct spool frames; /* entries of the seek table */
	uint64_t frame_count;
	uint64_t plain;   /* tar bytes so far */
	uint64_t settled; /* of them, in frames that were written */
	/* At the last seal: number of the frame that began there, tar bytes before it. */
	uint64_t sealed_frames, sealed_plain;
	uint64_t member_left;
};

/* Where a member begins. */
struct out_position {
	uint64_t frame, offset;
};

/*
 * Takes over @inner, also on failure. @fd (borrowed) is where room is reserved, or -1. @recipients
 * NULL: nothing is encrypted.
 */
int out_open(struct bundle_out *o, struct ostream *inner, int fd, int level, unsigned int threads,
	     const struct age_recipients *recipients, struct sl_error *err);
void out_close(struct bundle_out *o);

/* Room for @plain more tar bytes, however badly they compress, and @keep bytes beyond. */
int out_reserve(struct bundle_out *o, uint64_t plain, uint64_t keep, struct sl_error *err);

/* A member in pieces: exactly @size bytes between begin and end. */
int out_begin(struct bundle_out *o, const char *name, uint64_t size, int64_t mtime_sec,
	      struct out_position *at, struct sl_error *err);
int out_data(struct bundle_out *o, const void *bytes, size_t len, struct sl_error *err);
int out_zeros(struct bundle_out *o, uint64_t count, struct sl_error *err);
int out_end(struct bundle_out *o, struct sl_error *err);
/* A member at once. */
int out_member(struct bundle_out *o, const char *name, const void *bytes, size_t len,
	       int64_t mtime_sec, struct sl_error *err);

/* End the frame and send everything so far on its way to the disk. */
int out_seal(struct bundle_out *o, struct sl_error *err);
/* What was sealed last is on the disk after. */
int out_wait(struct bundle_out *o, struct sl_error *err);

/* End of the tar, seek table, disk. Nothing may follow. */
int out_finish(struct bundle_out *o, struct sl_error *err);
/* Bytes that the tail takes, beside the index. */
uint64_t out_tail_bytes(const struct bundle_out *o);

#endif
