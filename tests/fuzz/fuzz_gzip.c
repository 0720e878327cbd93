/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the bytes are, both inflaters end, and where both accept them they say the same. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/inflate.h"
#include "core/zstream.h"

#define MAX_PLAIN (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int (*open_fn)(struct istream **out, struct istream *inner, struct sl_error *err);

static int open_zlib(struct istream **out, struct istream *inner, struct sl_error *err)
{
	return istream_gzip_with(out, inner, &inflate_zlib, err);
}

/* 1 at a proper end; negative; 0 when there is more than we want. */
static int drain(open_fn open, const uint8_t *data, size_t size, struct buf *out)
{
	struct istream *s = NULL;
	const uint8_t *bytes;
	size_t len;
	int rc;

	if (istream_from_memory(&s, data, size, NULL) < 0)
		return -SL_ENOMEM;
	rc = open(&s, s, NULL);
	if (rc < 0) {
		istream_close(s);
		return rc;
	}
	while ((rc = istream_next(s, &bytes, &len, NULL)) == 0)
		if (buf_append(out, bytes, len) < 0)
			break;
	istream_close(s);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_clear) struct buf fast = BUF_INIT(MAX_PLAIN), slow = BUF_INIT(MAX_PLAIN);

	if (drain(istream_gzip, data, size, &fast) == 1 &&
	    drain(open_zlib, data, size, &slow) == 1 &&
	    (fast.len != slow.len || (fast.len > 0 && memcmp(fast.data, slow.data, fast.len) != 0)))
		abort();
	(void)zkind_sniff(data, size);
	return 0;
}
