/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/caps.h"

#include <strandline/error.h>

#include "core/capability.h"
#include "core/cleanup.h"

#define REVISION_MASK 0xff000000u
#define FLAG_EFFECTIVE 0x000001u

/* Bytes of the three revisions: magic, then permitted and inheritable words, then a root id. */
static const struct {
	uint32_t magic;
	size_t words, size;
} revisions[] = {
	{0x01000000u, 1, 12},
	{0x02000000u, 2, 20},
	{0x03000000u, 2, 24},
};

static uint32_t le32(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

int caps_decode(struct caps *out, const void *value, size_t len)
{
	const uint8_t *b = value;
	uint32_t magic;

	*out = (struct caps){0};
	if (len < 4)
		return -SL_EFORMAT;
	magic = le32(b);
	for (size_t i = 0; i < ARRAY_SIZE(revisions); i++) {
		if ((magic & REVISION_MASK) != revisions[i].magic || len != revisions[i].size)
			continue;
		for (size_t w = 0; w < revisions[i].words; w++) {
			out->permitted |= (uint64_t)le32(b + 4 + 8 * w) << (32 * w);
			out->inheritable |= (uint64_t)le32(b + 8 + 8 * w) << (32 * w);
		}
		out->effective = (magic & FLAG_EFFECTIVE) != 0;
		out->has_root_id = revisions[i].size == 24;
		out->root_id = out->has_root_id ? le32(b + 20) : 0;
		return 0;
	}
	return -SL_EFORMAT;
}

static void format_set(struct buf *out, uint64_t set, const char *flags)
{
	bool first = true;

	if (set == 0)
		return;
	if (out->len > 0)
		(void)buf_append_char(out, ' ');
	for (unsigned int i = 0; i < 64; i++) {
		if ((set & UINT64_C(1) << i) == 0)
			continue;
		if (!first)
			(void)buf_append_char(out, ',');
		first = false;
		if (capability_name(i) != NULL)
			(void)buf_printf(out, "cap_%s", capability_name(i));
		else
			(void)buf_printf(out, "%u", i);
	}
	(void)buf_printf(out, "=%s", flags);
}

int caps_format(struct buf *out, const struct caps *c)
{
	uint64_t both = c->permitted & c->inheritable;

	format_set(out, both, c->effective ? "eip" : "ip");
	format_set(out, c->permitted & ~both, c->effective ? "ep" : "p");
	format_set(out, c->inheritable & ~both, c->effective ? "ei" : "i");
	return out->status;
}
