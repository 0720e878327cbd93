/* SPDX-License-Identifier: Apache-2.0 */
#include "core/inflate.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#define WINDOW_GZIP_ONLY (15 + 16)

static int zlib_open(void **state, struct sl_error *err)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z == NULL || inflateInit2(z, WINDOW_GZIP_ONLY) != Z_OK) {
		free(z);
		return sl_fail(err, SL_ENOMEM, 0, "zlib state");
	}
	*state = z;
	return 0;
}

static int zlib_reset(void *state, struct sl_error *err)
{
	if (inflateReset(state) != Z_OK)
		return sl_fail(err, SL_ENOMEM, 0, "zlib state");
	return 0;
}

static int zlib_step(void *state, struct inflate_io *io, struct sl_error *err)
{
	z_stream *z = state;
	uInt in = io->in_len > UINT_MAX ? UINT_MAX : (uInt)io->in_len;
	uInt out = io->out_len > UINT_MAX ? UINT_MAX : (uInt)io->out_len;
	int rc;

	z->next_in = io->in;
	z->avail_in = in;
	z->next_out = io->out;
	z->avail_out = out;
	rc = inflate(z, Z_NO_FLUSH);
	io->in += in - z->avail_in;
	io->in_len -= in - z->avail_in;
	io->out += out - z->avail_out;
	io->out_len -= out - z->avail_out;
	if (rc == Z_STREAM_END)
		return 1;
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return 0;
	if (rc == Z_MEM_ERROR)
		return sl_fail(err, SL_ENOMEM, 0, "zlib state");
	return sl_fail(err, SL_EFORMAT, 0, "gzip: %s", z->msg != NULL ? z->msg : "damaged stream");
}

static void zlib_close(void *state)
{
	if (state != NULL)
		(void)inflateEnd(state);
	free(state);
}

const struct inflate_ops inflate_zlib = {
	.open = zlib_open, .reset = zlib_reset, .step = zlib_step, .close = zlib_close};
