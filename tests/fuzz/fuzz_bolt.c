/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bolt database from arbitrary bytes: the walk ends, keys ascend, and what a walk shows a look-up
 * finds. Checksums of meta pages are mended, or nothing behind them would ever be reached.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/bolt.h"
#include "host/boltpage.h"
#include "unit/boltmake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct bolt *b;
	struct bolt_bucket in;
	char *last;
	size_t last_len;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static int walk(struct bolt *b, struct bolt_bucket in, struct sl_error *err);

static int item(void *payload, const struct bolt_item *i, struct sl_error *err)
{
	struct fuzz *f = payload;
	struct bolt_bucket nested;
	struct sl_bytes value;
	int rc;

	must(i->key.len > 0 && i->key.data[i->key.len] == '\0');
	must(f->last == NULL ||
	     boltpage_compare(f->last, f->last_len, i->key.data, i->key.len) < 0);
	free(f->last);
	f->last = malloc(i->key.len);
	must(f->last != NULL);
	memcpy(f->last, i->key.data, i->key.len);
	f->last_len = i->key.len;
	if (i->value.data == NULL) {
		must(bolt_bucket(f->b, f->in, i->key.data, i->key.len, &nested, NULL) == 0);
		must(nested.root == i->bucket.root && nested.depth == i->bucket.depth);
		rc = walk(f->b, nested, err);
		return bolt_salvaging(f->b) || rc == -SL_ELIMIT ? 0 : rc;
	}
	rc = bolt_get(f->b, f->in, i->key.data, i->key.len, &value, err);
	must(rc == 0 && value.len == i->value.len && value.data[value.len] == '\0');
	must(memcmp(value.data, i->value.data, value.len) == 0);
	return 0;
}

/* Recursion ends at BOLT_DEPTH_MAX. */
static int walk(struct bolt *b, struct bolt_bucket in, struct sl_error *err) /* NOLINT */
{
	struct fuzz f = {.b = b, .in = in};
	int rc = bolt_each(b, in, item, &f, err);

	free(f.last);
	return rc;
}

static int root(struct bolt *b, struct bolt_bucket in, void *payload, struct sl_error *err)
{
	(void)payload;
	return walk(b, in, err);
}

static void seal(uint8_t *bytes, size_t size, size_t at)
{
	if (at + 80 <= size && boltpage_u32(bytes + at + 16) == 0xED0CDAED)
		boltmake_seal(bytes + at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = memfd_create("fuzz", MFD_CLOEXEC);
	AUTO_FREE uint8_t *bytes = malloc(size + 1);
	struct bolt *b = NULL;

	must(bytes != NULL && fd >= 0);
	memcpy(bytes, data, size);
	seal(bytes, size, 0);
	seal(bytes, size, size > 28 ? boltpage_u32(bytes + 24) : 1024);
	must(write(fd, bytes, size) == (ssize_t)size);
	if (bolt_open(&b, fd, NULL) < 0)
		return 0;
	(void)bolt_view(b, root, NULL, NULL, NULL);
	bolt_close(b);
	return 0;
}
