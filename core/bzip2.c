/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bzip2, all streams as one, in memory that is taken once: a stream of 14 bytes can ask for 4 MiB,
 * and a blob can hold a million of them. Belongs to the zstream family.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <bzlib.h>

#include "core/cleanup.h"
#include "core/zstream.h"

#define BZIP2_CHUNK (256u << 10)
#define BZIP2_ARENA (4u << 20) /* the state and the largest block fit into it */

struct bzip2_stream {
	struct istream stream;
	struct istream *inner;
	bz_stream z;
	const uint8_t *in; /* lent by inner, not yet decompressed */
	size_t in_len;
	bool in_stream;  /* z is set up */
	bool any_stream; /* at least one has ended */
	bool in_ended;
	uint8_t *buf; /* for next(); made when it is first asked for */
	size_t used;  /* of the arena, by the stream at hand */
	_Alignas(16) uint8_t arena[BZIP2_ARENA];
};

static void *take(void *opaque, int count, int size)
{
	struct bzip2_stream *b = opaque;
	size_t want = ((size_t)count * (size_t)size + 15) & ~(size_t)15;
	void *out = b->arena + b->used;

	if (want > BZIP2_ARENA - b->used)
		return NULL;
	b->used += want;
	return out;
}

/* All of it goes back when the stream ends. */
static void give_back(void *opaque, void *memory)
{
	(void)opaque;
	(void)memory;
}

static int refill(struct bzip2_stream *b, struct sl_error *err)
{
	int rc;

	if (b->in_len > 0 || b->in_ended)
		return 0;
	rc = istream_next(b->inner, &b->in, &b->in_len, err);
	if (rc == 1) {
		b->in_len = 0;
		b->in_ended = true;
	}
	return rc < 0 ? rc : 0;
}

/* Between streams: the end, or another one. */
static int begin(struct bzip2_stream *b, struct sl_error *err)
{
	if (b->in_len == 0)
		return b->any_stream ? 1 : sl_fail(err, SL_EFORMAT, 0, "bzip2: no bytes");
	b->z = (bz_stream){.bzalloc = take, .bzfree = give_back, .opaque = b};
	b->used = 0;
	if (BZ2_bzDecompressInit(&b->z, 0, 0) != BZ_OK)
		return sl_fail(err, SL_ENOMEM, 0, "bzip2 state");
	b->in_stream = true;
	return 0;
}

static void end(struct bzip2_stream *b)
{
	if (b->in_stream)
		(void)BZ2_bzDecompressEnd(&b->z);
	b->in_stream = false;
}

/* One call of the library: 0, or negative. Takes note of a stream's end. */
static int step(struct bzip2_stream *b, struct sl_error *err)
{
	unsigned int in = b->in_len > UINT_MAX ? UINT_MAX : (unsigned int)b->in_len;
	int rc;

	b->z.next_in = (char *)(uintptr_t)b->in; /* only read there */
	b->z.avail_in = in;
	rc = BZ2_bzDecompress(&b->z);
	b->in += in - b->z.avail_in;
	b->in_len -= in - b->z.avail_in;
	switch (rc) {
	case BZ_OK:
		return 0;
	case BZ_STREAM_END:
		end(b);
		b->any_stream = true;
		return 0;
	case BZ_MEM_ERROR:
		return sl_fail(err, SL_ENOMEM, 0, "bzip2 block");
	case BZ_DATA_ERROR_MAGIC:
		return sl_fail(err, SL_EFORMAT, 0,
			       b->any_stream ? "bzip2: bytes behind the last stream"
					     : "bzip2: no bzip2 header");
	default:
		return sl_fail(err, SL_EFORMAT, 0, "bzip2: damaged stream");
	}
}

static int bzip2_read(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct bzip2_stream *b = container_of(s, struct bzip2_stream, stream);
	unsigned int room = cap > UINT_MAX ? UINT_MAX : (unsigned int)cap, left = room;

	while (left == room) {
		bool starved;
		int rc = refill(b, err);

		if (rc == 0 && !b->in_stream)
			rc = begin(b, err);
		if (rc != 0)
			return rc;
		starved = b->in_ended && b->in_len == 0;
		b->z.next_out = dst;
		b->z.avail_out = room;
		rc = step(b, err);
		if (rc < 0)
			return rc;
		left = b->z.avail_out;
		if (starved && left == room && b->in_stream)
			return sl_fail(err, SL_EFORMAT, 0, "bzip2: stream is cut off");
	}
	*len = room - left;
	return 0;
}

static int bzip2_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct bzip2_stream *b = container_of(s, struct bzip2_stream, stream);

	if (b->buf == NULL)
		b->buf = malloc(BZIP2_CHUNK);
	if (b->buf == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "bzip2 buffer");
	*bytes = b->buf;
	return bzip2_read(s, b->buf, BZIP2_CHUNK, len, err);
}

static void bzip2_close(struct istream *s)
{
	struct bzip2_stream *b = container_of(s, struct bzip2_stream, stream);

	istream_close(b->inner);
	end(b);
	free(b->buf);
	free(b);
}

static const struct istream_ops bzip2_ops = {
	.next = bzip2_next, .close = bzip2_close, .read = bzip2_read};

int istream_bzip2(struct istream **out, struct istream *inner, struct sl_error *err)
{
	struct bzip2_stream *b = malloc(sizeof(*b));

	if (b == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "bzip2 stream");
	memset(b, 0, offsetof(struct bzip2_stream, arena));
	b->stream.ops = &bzip2_ops;
	b->inner = inner;
	*out = &b->stream;
	return 0;
}
