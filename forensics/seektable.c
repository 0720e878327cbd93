/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/seektable.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

enum { ENTRY_BYTES = 12, FOOTER_BYTES = 9 };
#define FOOTER_MAGIC 0x8F92EAB1u
/* Bit 7: entries carry checksums. The other bits are reserved or unused, and 0. */
#define FOOTER_FLAGS 0x80

struct seektable {
	struct sha256 *hash;
	uint64_t count;
};

int seektable_new(struct seektable **out, struct sl_error *err)
{
	struct seektable *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "seek table");
	rc = sha256_new(&t->hash, err);
	if (rc < 0) {
		free(t);
		return rc;
	}
	*out = t;
	return 0;
}

void seektable_free(struct seektable *t)
{
	if (t == NULL)
		return;
	sha256_free(t->hash);
	free(t);
}

static void put_le32(uint8_t *out, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(n >> (8 * i));
}

void seektable_add(struct seektable *t, const struct zframe_view *frame)
{
	uint8_t entry[ENTRY_BYTES];

	put_le32(entry, (uint32_t)frame->size);
	put_le32(entry + 4, frame->is_skippable ? 0 : (uint32_t)frame->len);
	put_le32(entry + 8, frame->is_skippable ? 0 : frame->checksum);
	sha256_update(t->hash, entry, sizeof(entry));
	t->count++;
}

static uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool seektable_accounts(const struct zframe_view *frame)
{
	const uint8_t *footer;
	uint64_t sum = 0, count;

	if (!frame->is_skippable || frame->magic != ZFRAMES_SEEK_TABLE || frame->bytes == NULL ||
	    frame->len < FOOTER_BYTES)
		return false;
	footer = frame->bytes + frame->len - FOOTER_BYTES;
	if (get_le32(footer + 5) != FOOTER_MAGIC || footer[4] != FOOTER_FLAGS)
		return false;
	count = get_le32(footer);
	if (count == 0 || frame->len != count * ENTRY_BYTES + FOOTER_BYTES)
		return false;
	for (uint64_t i = 0; i < count; i++)
		sum += get_le32(frame->bytes + i * ENTRY_BYTES);
	return sum == frame->offset;
}

int seektable_check(struct seektable *t, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	uint8_t footer[FOOTER_BYTES] = {0}, want[SL_SHA256_SIZE], got[SL_SHA256_SIZE];
	int rc;

	put_le32(footer, (uint32_t)t->count);
	footer[4] = FOOTER_FLAGS;
	put_le32(footer + 5, FOOTER_MAGIC);
	if (bytes == NULL || len != t->count * ENTRY_BYTES + FOOTER_BYTES ||
	    memcmp(bytes + len - FOOTER_BYTES, footer, FOOTER_BYTES) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "seek table of another shape");
	rc = sha256_final(t->hash, want, err);
	if (rc == 0)
		rc = sha256_once(bytes, len - FOOTER_BYTES, got, err);
	if (rc == 0 && memcmp(want, got, sizeof(want)) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "seek table that contradicts the frames");
	return rc;
}
