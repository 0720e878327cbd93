/* SPDX-License-Identifier: Apache-2.0 */
#include "host/boltmeta.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "host/boltpage.h"

#define META_SIZE 64
#define META_MAGIC 0xED0CDAEDu
#define META_MAGIC_SWAPPED 0xEDDA0CEDu
#define META_VERSION 2
#define PAGE_SIZE_MIN ((uint64_t)1 << 10)
#define PAGE_SIZE_MAX ((uint64_t)1 << 24)

int64_t boltmeta_pread(int fd, void *dst, size_t len, uint64_t at, struct sl_error *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)dst + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "read at byte %" PRIu64, at + done);
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

static uint64_t fnv1a(const uint8_t *bytes, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

/* The meta page whose page begins at @page_at. 1: the file ends before it. */
static int read_one(struct boltmeta *out, int fd, uint64_t page_at, struct sl_error *err)
{
	uint8_t m[META_SIZE];
	int64_t n = boltmeta_pread(fd, m, sizeof(m), page_at + BOLTPAGE_HEADER, err);
	uint32_t magic, version;

	if (n < 0)
		return (int)n;
	if (n < META_SIZE)
		return 1;
	magic = boltpage_u32(m);
	version = boltpage_u32(m + 4);
	if (magic == META_MAGIC_SWAPPED)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "written by a machine of the other byte order");
	if (magic != META_MAGIC)
		return sl_fail(err, SL_EFORMAT, 0, "not a bolt database");
	if (boltpage_u64(m + 56) != fnv1a(m, 56))
		return sl_fail(err, SL_EFORMAT, 0, "the checksum of a meta page is wrong");
	if (version != META_VERSION)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "version %" PRIu32 " of bolt's format",
			       version);
	*out = (struct boltmeta){
		.page_size = boltpage_u32(m + 8),
		.root = boltpage_u64(m + 16),
		.high_water = boltpage_u64(m + 40),
		.txid = boltpage_u64(m + 48),
	};
	if (out->page_size < PAGE_SIZE_MIN || out->page_size > PAGE_SIZE_MAX ||
	    (out->page_size & (out->page_size - 1)) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "pages of %" PRIu64 " bytes", out->page_size);
	return 0;
}

/* Only where it was written as the second page: a meta page that lies elsewhere is data. */
static int read_second(struct boltmeta *out, int fd, uint64_t page_size)
{
	int rc = read_one(out, fd, page_size, NULL);

	return rc == 0 && out->page_size == page_size ? 0 : -SL_EFORMAT;
}

/* Without the first meta page nobody says how large a page is. */
static int search_second(struct boltmeta *out, int fd)
{
	for (uint64_t size = PAGE_SIZE_MIN; size <= PAGE_SIZE_MAX; size *= 2)
		if (read_second(out, fd, size) == 0)
			return 0;
	return -SL_EFORMAT;
}

int boltmeta_read(struct boltmeta_pair *out, int fd, struct sl_error *err)
{
	struct boltmeta first, second;
	int rc = read_one(&first, fd, 0, err);

	*out = (struct boltmeta_pair){0};
	if (rc == 1)
		return sl_fail(err, SL_EFORMAT, 0, "not a bolt database: shorter than a meta page");
	if (rc < 0) {
		if (search_second(&out->newest, fd) < 0)
			return rc;
		if (err != NULL)
			sl_error_clear(err);
		return 0;
	}
	out->newest = first;
	if (read_second(&second, fd, first.page_size) < 0)
		return 0;
	out->has_before = true;
	out->before = second;
	if (second.txid > first.txid) {
		out->newest = second;
		out->before = first;
	}
	return 0;
}

bool boltmeta_equal(const struct boltmeta *a, const struct boltmeta *b)
{
	return a->txid == b->txid && a->root == b->root && a->high_water == b->high_water &&
	       a->page_size == b->page_size;
}
