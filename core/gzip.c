/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/inflate.h"
#include "core/zstream.h"

#define GZIP_CHUNK (256u << 10)

struct gzip_stream {
	struct istream stream;
	struct istream *inner;
	const struct inflate_ops *ops;
	void *state;
	const uint8_t *in; /* lent by inner, not yet inflated */
	size_t in_len;
	bool in_member;  /* a member has begun and not ended */
	bool any_member; /* at least one has */
	bool in_ended;
	uint8_t *buf; /* for next(); made when it is first asked for */
};

/* Have input, or know that there is none. */
static int refill(struct gzip_stream *g, struct sl_error *err)
{
	int rc;

	if (g->in_len > 0 || g->in_ended)
		return 0;
	rc = istream_next(g->inner, &g->in, &g->in_len, err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		g->in_ended = true;
		g->in_len = 0;
	}
	return 0;
}

/* Between members: the end, or the first byte of another one. */
static int begin_member(struct gzip_stream *g, struct sl_error *err)
{
	if (g->in_len == 0)
		return g->any_member ? 1 : sl_fail(err, SL_EFORMAT, 0, "gzip: no bytes");
	if (g->in[0] != 0x1f)
		return sl_fail(err, SL_EFORMAT, 0,
			       g->any_member ? "gzip: bytes behind the last member"
					     : "gzip: no gzip header");
	g->in_member = true;
	return g->any_member ? g->ops->reset(g->state, err) : 0;
}

static int gzip_read(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct gzip_stream *g = container_of(s, struct gzip_stream, stream);
	struct inflate_io io = {.out = dst, .out_len = cap};

	while (io.out_len == cap) {
		bool starved;
		size_t before;
		int rc = refill(g, err);

		if (rc == 0 && !g->in_member)
			rc = begin_member(g, err);
		if (rc != 0)
			return rc;
		starved = g->in_ended && g->in_len == 0;
		io.in = g->in;
		io.in_len = before = g->in_len;
		rc = g->ops->step(g->state, &io, err);
		g->in = io.in;
		g->in_len = io.in_len;
		if (rc < 0)
			return rc;
		if (rc == 1) {
			g->in_member = false;
			g->any_member = true;
		} else if (starved && io.out_len == cap) {
			return sl_fail(err, SL_EFORMAT, 0, "gzip: stream is cut off");
		} else if (!starved && io.out_len == cap && io.in_len == before) {
			return sl_fail(err, SL_EFORMAT, 0, "gzip: stream does not go on");
		}
	}
	*len = cap - io.out_len;
	return 0;
}

static int gzip_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct gzip_stream *g = container_of(s, struct gzip_stream, stream);

	if (g->buf == NULL)
		g->buf = malloc(GZIP_CHUNK);
	if (g->buf == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "gzip buffer");
	*bytes = g->buf;
	return gzip_read(s, g->buf, GZIP_CHUNK, len, err);
}

static void gzip_close(struct istream *s)
{
	struct gzip_stream *g = container_of(s, struct gzip_stream, stream);

	istream_close(g->inner);
	g->ops->close(g->state);
	free(g->buf);
	free(g);
}

static const struct istream_ops gzip_ops = {
	.next = gzip_next, .close = gzip_close, .read = gzip_read};

int istream_gzip_with(struct istream **out, struct istream *inner, const struct inflate_ops *ops,
		      struct sl_error *err)
{
	struct gzip_stream *g = calloc(1, sizeof(*g));
	int rc;

	if (g == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "gzip stream");
	rc = ops->open(&g->state, err);
	if (rc < 0) {
		free(g);
		return rc;
	}
	g->stream.ops = &gzip_ops;
	g->inner = inner;
	g->ops = ops;
	*out = &g->stream;
	return 0;
}

int istream_gzip(struct istream **out, struct istream *inner, struct sl_error *err)
{
#ifdef STRANDLINE_HAVE_ISAL
	return istream_gzip_with(out, inner, &inflate_isal, err);
#else
	return istream_gzip_with(out, inner, &inflate_zlib, err);
#endif
}
