/* SPDX-License-Identifier: Apache-2.0 */
#include "core/inflate.h"

#ifdef STRANDLINE_HAVE_ISAL
#	include <limits.h>
#	include <stdlib.h>
#	include <string.h>

#	include <isa-l/igzip_lib.h>

/*
 * The member header is read in a call of its own: where isal_inflate() reads it, it forgets between
 * two calls which optional fields are still to come, and a header cut by a buffer's end is misread.
 */
struct isal {
	struct inflate_state z;
	struct isal_gzip_header header;
	bool in_header;
};

static int isal_reset(void *state, struct sl_error *err)
{
	struct isal *s = state;

	(void)err;
	isal_inflate_reset(&s->z);
	s->z.crc_flag = ISAL_GZIP_NO_HDR_VER; /* the trailer is ISA-L's to check */
	memset(&s->header, 0, sizeof(s->header));
	isal_gzip_header_init(&s->header);
	s->in_header = true;
	return 0;
}

static int isal_open(void **state, struct sl_error *err)
{
	struct isal *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "inflate state");
	isal_inflate_init(&s->z);
	*state = s;
	return isal_reset(s, err);
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
	struct isal *s = state;
	struct inflate_state *z = &s->z;
	uint32_t in = io->in_len > UINT32_MAX ? UINT32_MAX : (uint32_t)io->in_len;
	uint32_t out = io->out_len > UINT32_MAX ? UINT32_MAX : (uint32_t)io->out_len;
	int rc = 0;

	z->next_in = (uint8_t *)(uintptr_t)io->in; /* ISA-L only reads there */
	z->avail_in = in;
	z->next_out = io->out;
	z->avail_out = out;
	if (s->in_header) {
		rc = isal_read_gzip_header(z, &s->header);
		s->in_header = rc == ISAL_END_INPUT;
		z->crc_flag = ISAL_GZIP_NO_HDR_VER;
	}
	if (rc == ISAL_DECOMP_OK)
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
