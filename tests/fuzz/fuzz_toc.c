/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two targets in one, by the first byte: the text of a table of contents from arbitrary bytes, lent
 * in pieces of any size; and a blob's end with its footer.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "snapshot/toc.h"
#include "snapshot/tocread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct drip {
	struct istream stream;
	const uint8_t *bytes;
	size_t len, step;
};

static int drip_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct drip *d = container_of(s, struct drip, stream);

	(void)err;
	if (d->len == 0)
		return 1;
	*len = d->len < d->step ? d->len : d->step;
	*bytes = d->bytes;
	d->bytes += *len;
	d->len -= *len;
	return 0;
}

static const struct istream_ops drip_ops = {.next = drip_next};

/* Returns the last code; *count is how many entries there were. */
static int read_text(const uint8_t *data, size_t size, size_t step, size_t *count)
{
	struct drip drip = {{.ops = &drip_ops}, data, size, step};
	struct toc_reader reader;
	struct toc_entry e;
	int rc;

	toc_reader_init(&reader, &drip.stream, NULL, size, 4096);
	for (*count = 0; (rc = toc_reader_next(&reader, &e, NULL)) == 0; ++*count) {
		if (e.type == NULL || e.name == NULL)
			abort();
		toc_entry_clear(&e);
	}
	toc_reader_clear(&reader);
	return rc;
}

static void read_blob(const uint8_t *data, size_t size)
{
	static const enum sl_toc_kind kinds[] = {SL_TOC_NONE, SL_TOC_ESTARGZ, SL_TOC_ZSTD_CHUNKED};
	AUTO_CLOSE int fd = memfd_create("blob", MFD_CLOEXEC);
	const struct toc_blob blob = {fd, 0, size};
	const struct sl_limits limits = {.path = 512, .xattrs = 512, .window = 1 << 17};

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct sl_toc_claim claim = {.kind = kinds[i]};
		struct toc_place place;
		struct toc *t = NULL;

		if (toc_find(&place, &blob, &claim, NULL) == 0 &&
		    (place.offset > size || place.size > size - place.offset))
			abort();
		if (toc_open(&t, &blob, &claim, &limits, NULL) == 0)
			(void)toc_end(t, NULL);
		toc_close(t);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t whole, pieces;

	if (size == 0 || size > 1 << 20)
		return 0;
	if (data[0] == 'b') {
		read_blob(data + 1, size - 1);
		return 0;
	}
	if (read_text(data + 1, size - 1, SIZE_MAX, &whole) !=
		    read_text(data + 1, size - 1, 3, &pieces) ||
	    whole != pieces)
		abort();
	return 0;
}
