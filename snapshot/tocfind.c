/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tocfind.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"

/* The largest footer: a skippable frame of 64 bytes. */
#define TAIL_MAX 72

#define ZSTD_MAGIC "GnUlInUx"

/* The last bytes of a blob, right-aligned; zeros where it is shorter. */
struct tail {
	uint8_t bytes[TAIL_MAX];
	uint64_t blob_size;
};

static int read_tail(struct tail *t, const struct toc_blob *blob, struct sl_error *err)
{
	size_t len = blob->size < TAIL_MAX ? (size_t)blob->size : TAIL_MAX, have = 0;

	*t = (struct tail){.blob_size = blob->size};
	while (have < len) {
		ssize_t n = pread(blob->fd, t->bytes + TAIL_MAX - len + have, len - have,
				  (off_t)(blob->offset + blob->size - len + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "read");
		if (n == 0)
			return sl_fail(err, SL_EFORMAT, 0, "blob became shorter");
		have += (size_t)n;
	}
	return 0;
}

static const uint8_t *from_end(const struct tail *t, size_t back)
{
	return t->bytes + TAIL_MAX - back;
}

static bool is_at(const struct tail *t, size_t back, const char *text, size_t len)
{
	return memcmp(from_end(t, back), text, len) == 0;
}

static int malformed(struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0,
		       "table of contents: the footer at the end of the blob is malformed");
}

/* ---- zstd:chunked ---- */

static uint64_t little_endian(const uint8_t *at, size_t len)
{
	uint64_t n = 0;

	for (size_t i = len; i > 0; i--)
		n = n << 8 | at[i - 1];
	return n;
}

/* A footer of this size is the content of a skippable frame. */
static bool is_framed(const struct tail *t, size_t size)
{
	return little_endian(from_end(t, size + 8), 4) == 0x184d2a50 &&
	       little_endian(from_end(t, size + 4), 4) == size;
}

/*
 * Offset, size and plain size of the table, its type, the same of a tar-split (not in the first
 * version), and the magic, all in 8 bytes.
 */
static int zstd_footer(struct toc_place *out, const struct tail *t, struct sl_error *err)
{
	bool is_new = is_framed(t, 64);
	const uint8_t *at = from_end(t, is_new ? 64 : 40);

	if (!is_at(t, 8, ZSTD_MAGIC, 8))
		return 1;
	if (is_new == is_framed(t, 40))
		return malformed(err); /* neither, or both */
	*out = (struct toc_place){SL_TOC_ZSTD_CHUNKED, little_endian(at, 8),
				  little_endian(at + 8, 8), little_endian(at + 16, 8)};
	return little_endian(at + 24, 8) == 1 ? 0 : malformed(err);
}

/* ---- eStargz ---- */

/*
 * An empty gzip member whose extra field says where the table's member begins, as 16 hexadecimal
 * digits and a word. There is a first version without a subfield's header.
 */
static const struct {
	size_t size;
	const char *head; /* up to the digits, time and system left out */
	size_t head_len;
	const char *word;
} gzip_footers[] = {
	{51, "\x1a\0SG\x16\0", 6, "STARGZ"},
	{47, "\x16\0", 2, "STARGZ"},
};

static int hex_digits(uint64_t *out, const uint8_t *at, size_t count)
{
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *hit = at[i] != '\0' ? strchr(digits, at[i]) : NULL;

		if (hit == NULL)
			return -SL_EFORMAT;
		*out = *out << 4 | (uint64_t)(hit - digits);
	}
	return 0;
}

/* The footer that says that the table is not in this blob. */
static bool is_external(const struct tail *t)
{
	return is_at(t, 46, "\x1f\x8b\x08\x04", 4) && is_at(t, 36, "\x15\0SG\x11\0", 6) &&
	       is_at(t, 30, "STARGZEXTERNALTOC", 17);
}

static int gzip_footer(struct toc_place *out, const struct tail *t, struct sl_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(gzip_footers); i++) {
		size_t size = gzip_footers[i].size, head = gzip_footers[i].head_len;
		uint64_t offset;

		if (!is_at(t, size, "\x1f\x8b\x08\x04", 4) ||
		    !is_at(t, size - 10, gzip_footers[i].head, head) ||
		    !is_at(t, size - 10 - head - 16, gzip_footers[i].word, 6))
			continue;
		if (hex_digits(&offset, from_end(t, size - 10 - head), 16) < 0 ||
		    offset > t->blob_size - size)
			return malformed(err);
		*out = (struct toc_place){.kind = SL_TOC_ESTARGZ,
					  .offset = offset,
					  .size = t->blob_size - size - offset};
		return 0;
	}
	return memmem(t->bytes, TAIL_MAX, "STARGZ", 6) != NULL ? malformed(err) : 1;
}

/* ---- both, and the annotations ---- */

static int contradiction(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EUNTRUSTED, 0, "table of contents: the annotations %s", what);
}

/* What newer engines go by is the annotation, what older ones go by is the footer. */
static int settle(struct toc_place *out, bool has_footer, const struct sl_toc_claim *claim,
		  struct sl_error *err)
{
	if (claim->kind == SL_TOC_NONE)
		return has_footer ? 0 : 1;
	if (has_footer && out->kind != claim->kind)
		return contradiction("name another kind than the blob has", err);
	if (!claim->has_position)
		return has_footer ? 0 : contradiction("promise one that is not there", err);
	if (has_footer && (out->offset != claim->offset || out->size != claim->size ||
			   out->plain_size != claim->plain_size))
		return contradiction("place it elsewhere than the footer does", err);
	*out = (struct toc_place){claim->kind, claim->offset, claim->size, claim->plain_size};
	return 0;
}

int toc_find(struct toc_place *out, const struct toc_blob *blob, const struct sl_toc_claim *claim,
	     struct sl_error *err)
{
	struct tail tail;
	int rc = read_tail(&tail, blob, err);

	if (rc < 0)
		return rc;
	*out = (struct toc_place){SL_TOC_NONE};
	if (is_external(&tail) && claim->kind != SL_TOC_ZSTD_CHUNKED)
		return 1;
	rc = zstd_footer(out, &tail, err);
	if (rc == 1)
		rc = gzip_footer(out, &tail, err);
	if (rc >= 0)
		rc = settle(out, rc == 0, claim, err);
	if (rc == 0 && (out->offset > blob->size || out->size > blob->size - out->offset))
		return sl_fail(err, SL_EFORMAT, 0,
			       "table of contents: it lies beyond the end of the blob");
	return rc;
}
