/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "core/cleanup.h"
#include "core/zstream.h"

#define ZSTD_CHUNK (256u << 10)

struct zstd_stream {
	struct istream stream;
	struct istream *inner;
	ZSTD_DCtx *dctx;
	ZSTD_inBuffer in; /* lent by inner, not yet decompressed */
	uint64_t max_window;
	size_t wanted; /* what the last step returned: 0 between frames */
	bool any_frame;
	bool in_ended;
	uint8_t *buf; /* for next(); made when it is first asked for */
};

static int zstd_fail(const struct zstd_stream *z, size_t code, struct sl_error *err)
{
	switch ((int)ZSTD_getErrorCode(code)) {
	case ZSTD_error_memory_allocation:
		return sl_fail(err, SL_ENOMEM, 0, "zstd window");
	case ZSTD_error_frameParameter_windowTooLarge:
		return sl_fail(err, SL_ELIMIT, 0, "zstd: window larger than %" PRIu64 " bytes",
			       z->max_window);
	case ZSTD_error_dictionary_wrong:
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "zstd: compressed with a dictionary, which no layer comes with");
	default:
		return sl_fail(err, SL_EFORMAT, 0, "zstd: %s", ZSTD_getErrorName(code));
	}
}

static int refill(struct zstd_stream *z, struct sl_error *err)
{
	const uint8_t *bytes = NULL;
	size_t len = 0;
	int rc;

	if (z->in.pos < z->in.size || z->in_ended)
		return 0;
	rc = istream_next(z->inner, &bytes, &len, err);
	if (rc < 0)
		return rc;
	z->in = (ZSTD_inBuffer){.src = bytes, .size = len};
	if (rc == 1) {
		z->in = (ZSTD_inBuffer){0};
		z->in_ended = true;
	}
	return 0;
}

static int zstd_read(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct zstd_stream *z = container_of(s, struct zstd_stream, stream);
	ZSTD_outBuffer out = {.dst = dst, .size = cap};

	while (out.pos == 0) {
		bool starved;
		int rc = refill(z, err);

		if (rc < 0)
			return rc;
		starved = z->in_ended && z->in.pos == z->in.size;
		if (starved && z->wanted == 0)
			return z->any_frame ? 1 : sl_fail(err, SL_EFORMAT, 0, "zstd: no bytes");
		z->wanted = ZSTD_decompressStream(z->dctx, &out, &z->in);
		if (ZSTD_isError(z->wanted))
			return zstd_fail(z, z->wanted, err);
		z->any_frame = true;
		if (starved && out.pos == 0)
			return sl_fail(err, SL_EFORMAT, 0, "zstd: stream is cut off");
	}
	*len = out.pos;
	return 0;
}

static int zstd_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct zstd_stream *z = container_of(s, struct zstd_stream, stream);

	if (z->buf == NULL)
		z->buf = malloc(ZSTD_CHUNK);
	if (z->buf == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "zstd buffer");
	*bytes = z->buf;
	return zstd_read(s, z->buf, ZSTD_CHUNK, len, err);
}

static void zstd_close(struct istream *s)
{
	struct zstd_stream *z = container_of(s, struct zstd_stream, stream);

	istream_close(z->inner);
	(void)ZSTD_freeDCtx(z->dctx);
	free(z->buf);
	free(z);
}

static const struct istream_ops zstd_ops = {
	.next = zstd_next, .close = zstd_close, .read = zstd_read};

/* The largest power of two that is no more than @max_window, as far as the library goes. */
static int window_log(uint64_t max_window)
{
	int log = 10;

	while (log < 31 && 1ull << (log + 1) <= max_window)
		log++;
	return log;
}

int istream_zstd(struct istream **out, struct istream *inner, uint64_t max_window,
		 struct sl_error *err)
{
	struct zstd_stream *z = calloc(1, sizeof(*z));

	if (z == NULL || (z->dctx = ZSTD_createDCtx()) == NULL ||
	    ZSTD_isError(
		    ZSTD_DCtx_setParameter(z->dctx, ZSTD_d_windowLogMax, window_log(max_window)))) {
		if (z != NULL)
			(void)ZSTD_freeDCtx(z->dctx);
		free(z);
		return sl_fail(err, SL_ENOMEM, 0, "zstd stream");
	}
	z->stream.ops = &zstd_ops;
	z->inner = inner;
	z->max_window = max_window;
	*out = &z->stream;
	return 0;
}
