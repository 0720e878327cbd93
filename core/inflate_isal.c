/* SPDX-License-Identifier: Apache-2.0 */
#include "core/inflate.h"

#ifdef STRANDLINE_HAVE_ISAL
#	include <limits.h>
#	include <stdlib.h>

#	include <isa-l/igzip_lib.h>

static int isal_reset(void *state, struct sl_error *err)
{
	struct inflate_state *z = state;

	(void)err;
	isal_inflate_reset(z);
	z->crc_flag = ISAL_GZIP; /* header and trailer are ISA-L's to read and to check */
	return 0;
}

static int isal_open(void **state, struct sl_error *err)
{
	struct inflate_state *z = malloc(sizeof(*z));

	if (z == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "inflate state");
	isal_inflate_init(z);
	*state = z;
	return isal_reset(z, err);
}

static const char *isal_text(int rc)
{
	switch (rc) {
	case ISAL_INVALID_BLOCK:
		return "invalid block";
	case ISAL_INVALID_SYMBOL:
		return "invalid symbol";
	case ISAL_INVALID_LOOKBACK:
		return "invalid distance";
	case ISAL_INVALID_WRAPPER:
		return "invalid member header";
	case ISAL_UNSUPPORTED_METHOD:
		return "unknown compression method";
	case ISAL_INCORRECT_CHECKSUM:
		return "checksum or length does not match";
	default:
		return "damaged stream";
	}
}

static int isal_step(void *state, struct inflate_io *io, struct sl_error *err)
{
	struct inflate_state *z = state;
	uint32_t in = io->in_len > UINT32_MAX ? UINT32_MAX : (uint32_t)io->in_len;
	uint32_t out = io->out_len > UINT32_MAX ? UINT32_MAX : (uint32_t)io->out_len;
	int rc;

	z->next_in = (uint8_t *)(uintptr_t)io->in; /* ISA-L only reads there */
	z->avail_in = in;
	z->next_out = io->out;
	z->avail_out = out;
	rc = isal_inflate(z);
	io->in += in - z->avail_in;
	io->in_len -= in - z->avail_in;
	io->out += out - z->avail_out;
	io->out_len -= out - z->avail_out;
	if (rc < 0)
		return sl_fail(err, SL_EFORMAT, 0, "gzip: %s", isal_text(rc));
	return z->block_state == ISAL_BLOCK_FINISH ? 1 : 0;
}

const struct inflate_ops inflate_isal = {
	.open = isal_open, .reset = isal_reset, .step = isal_step, .close = free};
#else
/* Built without ISA-L: zlib inflates, and this file holds nothing. */
typedef int inflate_isal_is_absent;
#endif
