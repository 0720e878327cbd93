/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the bytes are, each decompressor ends, and one lent byte at a time says the same. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/zstream.h"

#define MAX_PLAIN (4u << 20)
#define MAX_WINDOW (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lends a byte at a time, so that every boundary is crossed. */
struct drip {
	struct istream stream;
	const uint8_t *bytes;
	size_t len;
};

static int drip_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct drip *d = container_of(s, struct drip, stream);

	(void)err;
	if (d->len == 0)
		return 1;
	*bytes = d->bytes++;
	*len = 1;
	d->len--;
	return 0;
}

static void drip_close(struct istream *s)
{
	(void)s; /* on the stack */
}

static const struct istream_ops drip_ops = {.next = drip_next, .close = drip_close};

/* 1 at a proper end; negative; 0 when there is more than we want. Takes over @s. */
static int drain(struct istream *s, enum zkind kind, struct buf *out)
{
	const uint8_t *bytes;
	size_t len;
	int rc = istream_unpack(&s, kind, MAX_WINDOW, NULL);

	while (rc == 0 && (rc = istream_next(s, &bytes, &len, NULL)) == 0)
		if (buf_append(out, bytes, len) < 0)
			break;
	istream_close(s);
	return rc;
}

static void both_ways(enum zkind kind, const uint8_t *data, size_t size)
{
	CLEANUP(buf_clear) struct buf whole = BUF_INIT(MAX_PLAIN), dripped = BUF_INIT(MAX_PLAIN);
	struct drip drip = {{.ops = &drip_ops}, data, size};
	struct istream *s = NULL;
	int rc;

	if (istream_from_memory(&s, data, size, NULL) < 0)
		return;
	rc = drain(s, kind, &whole);
	if (rc == -SL_ENOMEM || rc == 0 || size > 65536)
		return;
	if (drain(&drip.stream, kind, &dripped) != rc)
		abort();
	if (rc == 1 && (whole.len != dripped.len ||
			(whole.len > 0 && memcmp(whole.data, dripped.data, whole.len) != 0)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum zkind kind = zkind_sniff(data, size);

	if (kind != ZKIND_NONE)
		both_ways(kind, data, size);
	both_ways(ZKIND_XZ, data, size);
	both_ways(ZKIND_BZIP2, data, size);
	return 0;
}
