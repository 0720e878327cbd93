/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/acl.h"

#include <strandline/error.h>

#include "core/cleanup.h"

/* A header of one 32-bit word, then entries of tag, permissions and id; all little-endian. */
#define HEADER 4
#define ENTRY 8
#define VERSION 2
#define ENTRIES_SHOWN 64
#define PERMISSIONS 7u

static const struct {
	uint16_t tag;
	const char *text;
	bool has_id;
} tags[] = {
	{0x01, "u", false}, {0x02, "u", true},  {0x04, "g", false},
	{0x08, "g", true},  {0x10, "m", false}, {0x20, "o", false},
};

static uint16_t le16(const uint8_t *b)
{
	return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t le32(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Index in tags, or their number. */
static size_t find_tag(uint16_t tag)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(tags) && tags[i].tag != tag)
		i++;
	return i;
}

static bool is_list(const uint8_t *b, size_t len)
{
	if (len < HEADER || (len - HEADER) % ENTRY != 0 || le32(b) != VERSION)
		return false;
	for (size_t at = HEADER; at < len; at += ENTRY)
		if (find_tag(le16(b + at)) == ARRAY_SIZE(tags) ||
		    (le16(b + at + 2) & ~PERMISSIONS) != 0)
			return false;
	return true;
}

static void format_entry(struct buf *out, const uint8_t *b)
{
	size_t tag = find_tag(le16(b));
	uint16_t mode = le16(b + 2);

	(void)buf_printf(out, "%s:", tags[tag].text);
	if (tags[tag].has_id)
		(void)buf_printf(out, "%u", le32(b + 4));
	(void)buf_printf(out, ":%c%c%c", (mode & 4) != 0 ? 'r' : '-', (mode & 2) != 0 ? 'w' : '-',
			 (mode & 1) != 0 ? 'x' : '-');
}

int acl_format(struct buf *out, const void *value, size_t len)
{
	const uint8_t *b = value;
	size_t count;

	if (!is_list(b, len))
		return -SL_EFORMAT;
	count = (len - HEADER) / ENTRY;
	for (size_t i = 0; i < count && i < ENTRIES_SHOWN; i++) {
		if (i > 0)
			(void)buf_append_char(out, ',');
		format_entry(out, b + HEADER + i * ENTRY);
	}
	if (count == 0)
		(void)buf_append_str(out, "empty");
	if (count > ENTRIES_SHOWN)
		(void)buf_printf(out, ",and %zu more", count - ENTRIES_SHOWN);
	return out->status;
}

/* What it grants is cut by its mask. */
bool acl_grants_write(const void *value, size_t len)
{
	const uint8_t *b = value;
	uint16_t named = 0, mask = PERMISSIONS;

	if (!is_list(b, len))
		return true;
	for (size_t at = HEADER; at < len; at += ENTRY) {
		size_t tag = find_tag(le16(b + at));

		if (tags[tag].has_id)
			named |= le16(b + at + 2);
		else if (tags[tag].text[0] == 'm')
			mask = le16(b + at + 2);
	}
	return (named & mask & 2) != 0;
}
