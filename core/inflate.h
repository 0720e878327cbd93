/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One gzip member inflated piece by piece. Two implementations behind one table, both always
 * tested; only the zstream family includes this.
 */
#ifndef CORE_INFLATE_H
#define CORE_INFLATE_H

#include "core/istream.h"

/* A step's input and output; the inflater advances both. */
struct inflate_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
};

struct inflate_ops {
	int (*open)(void **state, struct sl_error *err);
	/* Expect the header of the next member. */
	int (*reset)(void *state, struct sl_error *err);
	/*
	 * Inflate until input or output is used up or the member has ended: 0 more, 1 the member
	 * ended and its CRC and length were right, negative. Reads nothing behind the member.
	 */
	int (*step)(void *state, struct inflate_io *io, struct sl_error *err);
	void (*close)(void *state);
};

extern const struct inflate_ops inflate_zlib;
#ifdef STRANDLINE_HAVE_ISAL
extern const struct inflate_ops inflate_isal;
#endif

/* istream_gzip() with a chosen implementation. */
int istream_gzip_with(struct istream **out, struct istream *inner, const struct inflate_ops *ops,
		      struct sl_error *err);

#endif
