/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zsalvage.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "core/zframes.h"

enum {
	/* A frame of incompressible blocks: 3 bytes a block, and a header. Twice that is room. */
	PACKED_MAX = ZFRAMES_MAX_PLAIN + (ZFRAMES_MAX_PLAIN >> 7),
	WINDOW = 2 * PACKED_MAX,
	HEADER_MIN = 6,
	SKIP_HEADER = 8,
	BLOCK_MAX = 128 << 10,
	BLOCK_COST = 8, /* looking at a block header, in bytes read */
	/* What one read error costs at least: a page, or a chunk of an encrypted file. */
	UNREADABLE = 64 << 10,
};
#define MAGIC_DATA 0xFD2FB528u
#define MAGIC_SKIP_BASE 0x184D2A50u
/* Bytes that attempts may look at in vain, for each byte of the file. */
#define VAIN_FACTOR 16
#define VAIN_BASE (UINT64_C(1) << 30)

struct zsalvage {
	struct rfile *file;
	ZSTD_DCtx *decompressor;
	uint8_t *window, *plain;
	uint64_t base; /* of window[0] in the file */
	size_t pos, len;
	bool is_eof;
	bool in_step; /* the byte at hand comes right behind a whole frame */
	uint64_t lost, vain;
};

int zsalvage_open(struct zsalvage **out, struct rfile *file, struct sl_error *err)
{
	struct zsalvage *z = calloc(1, sizeof(*z));

	if (z == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "frame reader");
	z->file = file;
	z->in_step = true;
	z->decompressor = ZSTD_createDCtx();
	z->window = malloc(WINDOW);
	z->plain = malloc(ZFRAMES_MAX_PLAIN);
	if (z->decompressor == NULL || z->window == NULL || z->plain == NULL) {
		zsalvage_close(z);
		return sl_fail(err, SL_ENOMEM, 0, "frame reader");
	}
	*out = z;
	return 0;
}

void zsalvage_close(struct zsalvage *z)
{
	if (z == NULL)
		return;
	ZSTD_freeDCtx(z->decompressor);
	free(z->window);
	free(z->plain);
	free(z);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Bytes that cannot be read are passed over as zeros: no frame stands in them. */
static int read_more(struct zsalvage *z, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	uint64_t at = z->base + z->len;
	size_t n = 0;
	int rc = rfile_read_at(z->file, at, z->window + z->len, WINDOW - z->len, &n, &why);

	z->is_eof = rc == 1;
	if (rc == -SL_ECANCELLED) {
		rc = sl_fail(err, SL_ECANCELLED, 0, "%s", sl_error_text(&why));
	} else if (rc < 0 &&
		   (rc == -SL_ENOMEM || z->file->is_forward ||
		    z->file->size == RFILE_SIZE_UNKNOWN || at + UNREADABLE >= z->file->size)) {
		/* the end cannot be read: then what is there ends here */
		z->is_eof = rc != -SL_ENOMEM;
		rc = z->is_eof ? 0 : sl_fail(err, SL_ENOMEM, 0, "bundle");
	} else if (rc < 0) {
		n = UNREADABLE - at % UNREADABLE;
		n = n < WINDOW - z->len ? n : WINDOW - z->len;
		memset(z->window + z->len, 0, n);
		rc = 0;
	}
	sl_error_clear(&why);
	z->len += n;
	return rc < 0 ? rc : 0;
}

/* At least one whole frame of the largest size at the position, or all there is. */
static int fill(struct zsalvage *z, struct sl_error *err)
{
	int rc = 0;

	if (z->is_eof || z->len - z->pos >= PACKED_MAX)
		return 0;
	memmove(z->window, z->window + z->pos, z->len - z->pos);
	z->base += z->pos;
	z->len -= z->pos;
	z->pos = 0;
	while (rc == 0 && !z->is_eof && z->len < WINDOW)
		rc = read_more(z, err);
	return rc;
}

/*
 * Length of a data frame by its block headers; 0 when it is none, or not whole. Not libzstd's, so
 * that what a false beginning costs is known.
 */
static size_t frame_size(struct zsalvage *z, const uint8_t *p, size_t have)
{
	static const uint8_t content_size[4] = {0, 2, 4, 8};
	bool is_single = (p[4] & 0x20) != 0;
	size_t at = 5 + content_size[p[4] >> 6];
	bool is_last = false;

	at += is_single ? (at == 5 ? 1 : 0) : 1;
	while (!is_last) {
		uint32_t header, type;

		if (at + 3 > have)
			return 0;
		header = (uint32_t)p[at] | (uint32_t)p[at + 1] << 8 | (uint32_t)p[at + 2] << 16;
		type = header >> 1 & 3;
		if (type == 3 || (type != 1 && (header >> 3) > BLOCK_MAX))
			return 0;
		is_last = (header & 1) != 0;
		at += 3 + (type == 1 ? 1 : header >> 3);
		z->vain += BLOCK_COST;
	}
	return at + 4 <= have ? at + 4 : 0;
}

/* Length of the whole data frame at the position, decompressed; 0 when there is none. */
static size_t try_frame(struct zsalvage *z, size_t *plain)
{
	const uint8_t *p = z->window + z->pos;
	size_t have = z->len - z->pos, size, n;
	unsigned long long content;

	/* no dictionary, no reserved bit, a checksum */
	if (have < HEADER_MIN || le32(p) != MAGIC_DATA || (p[4] & 0x0F) != 0x04)
		return 0;
	content = ZSTD_getFrameContentSize(p, have);
	if (content > ZFRAMES_MAX_PLAIN) /* also unknown, and an error */
		return 0;
	have = have < PACKED_MAX ? have : PACKED_MAX;
	size = frame_size(z, p, have);
	if (size == 0)
		return 0;
	n = ZSTD_decompressDCtx(z->decompressor, z->plain, ZFRAMES_MAX_PLAIN, p, size);
	if (ZSTD_isError(n) || n != content) {
		z->vain += size + content;
		return 0;
	}
	*plain = n;
	return size;
}

/*
 * Length of a skippable frame that may be believed, which has no checksum: right behind a whole
 * frame, with another frame or the end of the file behind it. 0 when there is none.
 */
static size_t try_skippable(const struct zsalvage *z)
{
	const uint8_t *p = z->window + z->pos;
	size_t have = z->len - z->pos, len;

	if (!z->in_step || have < SKIP_HEADER || (le32(p) & ~0xFu) != MAGIC_SKIP_BASE)
		return 0;
	len = le32(p + 4);
	if (len > have - SKIP_HEADER)
		return 0;
	len += SKIP_HEADER;
	if (len == have)
		return z->is_eof ? len : 0;
	if (have - len < 4 ||
	    (le32(p + len) != MAGIC_DATA && (le32(p + len) & ~0xFu) != MAGIC_SKIP_BASE))
		return 0;
	return len;
}

/* Pass over bytes up to where a data frame may begin. */
static void pass_over(struct zsalvage *z)
{
	size_t from = z->pos;
	const uint8_t *next;

	z->in_step = false;
	z->pos++;
	next = memmem(z->window + z->pos, z->len - z->pos, "\x28\xB5\x2F\xFD", 4);
	if (next != NULL)
		z->pos = (size_t)(next - z->window);
	else if (z->is_eof)
		z->pos = z->len;
	else if (z->len - z->pos > 3) /* it may begin in the last three */
		z->pos = z->len - 3;
	z->lost += z->pos - from;
}

static int check_budget(const struct zsalvage *z, struct sl_error *err)
{
	uint64_t read = z->base + z->len;

	if (z->vain / VAIN_FACTOR <= read + VAIN_BASE)
		return 0;
	return sl_fail(err, SL_ELIMIT, 0,
		       "more false beginnings of frames than a damaged file has");
}

int zsalvage_next(struct zsalvage *z, struct zsalvage_frame *out, struct sl_error *err)
{
	size_t size, plain = 0;
	int rc;

	z->lost = 0;
	while ((rc = fill(z, err)) == 0 && z->pos < z->len) {
		size = try_skippable(z);
		if (size > 0) {
			z->pos += size;
			continue;
		}
		size = try_frame(z, &plain);
		if (size > 0) {
			*out = (struct zsalvage_frame){.offset = z->base + z->pos,
						       .size = size,
						       .bytes = z->plain,
						       .len = plain,
						       .lost = z->lost};
			z->pos += size;
			z->in_step = true;
			return 0;
		}
		rc = check_budget(z, err);
		if (rc < 0)
			return rc;
		pass_over(z);
	}
	*out = (struct zsalvage_frame){.offset = z->base + z->pos, .lost = z->lost};
	return rc < 0 ? rc : 1;
}
