/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblzma itself, because libarchive's xz filter gives a stream whatever dictionary it asks for, up
 * to 4 GiB (docs/decisions/0005). Belongs to the zstream family.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <lzma.h>

#include "core/cleanup.h"
#include "core/zstream.h"

#define XZ_CHUNK (256u << 10)
/* What a decoder needs beside its dictionary. */
#define XZ_OVERHEAD (1u << 20)

struct xz_stream {
	struct istream stream;
	struct istream *inner;
	lzma_stream z;
	uint64_t max_window;
	bool in_ended;
	uint8_t *buf; /* for next(); made when it is first asked for */
};

static int xz_fail(const struct xz_stream *x, lzma_ret code, struct sl_error *err)
{
	switch ((int)code) {
	case LZMA_MEM_ERROR:
		return sl_fail(err, SL_ENOMEM, 0, "xz dictionary");
	case LZMA_MEMLIMIT_ERROR:
		return sl_fail(err, SL_ELIMIT, 0, "xz: dictionary larger than %" PRIu64 " bytes",
			       x->max_window);
	case LZMA_FORMAT_ERROR:
		return sl_fail(err, SL_EFORMAT, 0, "xz: no xz header where one must be");
	case LZMA_OPTIONS_ERROR:
		return sl_fail(err, SL_EUNSUPPORTED, 0, "xz: unknown filter or option");
	case LZMA_BUF_ERROR:
		return sl_fail(err, SL_EFORMAT, 0, "xz: stream is cut off");
	default:
		return sl_fail(err, SL_EFORMAT, 0, "xz: damaged stream");
	}
}

static int refill(struct xz_stream *x, struct sl_error *err)
{
	int rc;

	if (x->z.avail_in > 0 || x->in_ended)
		return 0;
	rc = istream_next(x->inner, &x->z.next_in, &x->z.avail_in, err);
	if (rc == 1) {
		x->z.avail_in = 0;
		x->in_ended = true;
	}
	return rc < 0 ? rc : 0;
}

static int xz_read(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct xz_stream *x = container_of(s, struct xz_stream, stream);

	x->z.next_out = dst;
	x->z.avail_out = cap;
	while (x->z.avail_out == cap) {
		int rc = refill(x, err);
		lzma_ret code;

		if (rc < 0)
			return rc;
		code = lzma_code(&x->z, x->in_ended ? LZMA_FINISH : LZMA_RUN);
		if (code == LZMA_STREAM_END && x->z.avail_out == cap)
			return 1;
		if (code != LZMA_OK && code != LZMA_STREAM_END)
			return xz_fail(x, code, err);
	}
	*len = cap - x->z.avail_out;
	return 0;
}

static int xz_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct xz_stream *x = container_of(s, struct xz_stream, stream);

	if (x->buf == NULL)
		x->buf = malloc(XZ_CHUNK);
	if (x->buf == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "xz buffer");
	*bytes = x->buf;
	return xz_read(s, x->buf, XZ_CHUNK, len, err);
}

static void xz_close(struct istream *s)
{
	struct xz_stream *x = container_of(s, struct xz_stream, stream);

	istream_close(x->inner);
	lzma_end(&x->z);
	free(x->buf);
	free(x);
}

static const struct istream_ops xz_ops = {.next = xz_next, .close = xz_close, .read = xz_read};

int istream_xz(struct istream **out, struct istream *inner, uint64_t max_window,
	       struct sl_error *err)
{
	struct xz_stream *x = calloc(1, sizeof(*x));
	uint64_t memory =
		max_window < UINT64_MAX - XZ_OVERHEAD ? max_window + XZ_OVERHEAD : UINT64_MAX;

	if (x == NULL || lzma_stream_decoder(&x->z, memory, LZMA_CONCATENATED) != LZMA_OK) {
		free(x);
		return sl_fail(err, SL_ENOMEM, 0, "xz stream");
	}
	x->stream.ops = &xz_ops;
	x->inner = inner;
	x->max_window = max_window;
	*out = &x->stream;
	return 0;
}
