/* SPDX-License-Identifier: Apache-2.0 */
#include "core/quote.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"

struct range {
	uint32_t first, last;
};

/* Code points that change how their neighbours look, or cannot be seen. */
static const struct range unsafe[] = {
	{0x00, 0x1f},     {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
	{0x61c, 0x61c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
	{0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
	{0xfe00, 0xfe0f}, {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
	{0xe000, 0xf8ff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

static const struct range wide[] = {
	{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
	{0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static bool in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static int quote_one(struct buf *out, const char *bytes, size_t n, uint32_t code)
{
	if (!in_ranges(code, unsafe, ARRAY_SIZE(unsafe)))
		return buf_append(out, bytes, n);
	if (code < 0x80)
		return buf_printf(out, "\\x%02x", code);
	return buf_printf(out, "\\u{%x}", code);
}

/* How many bytes at the start stand for themselves: nearly always all of them. */
static size_t plain_prefix(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && bytes[n] >= ' ' && bytes[n] < 0x7f && bytes[n] != '\\')
		n++;
	return n;
}

static int quote(struct buf *out, const char *bytes, size_t len, bool backslashes)
{
	while (len > 0) {
		size_t room = out->max - out->len; /* a text that is too long is cut there */
		size_t n = plain_prefix(bytes, len < room ? len : room);
		uint32_t code = 0;

		if (n > 0) {
			(void)buf_append(out, bytes, n);
			bytes += n;
			len -= n;
			continue;
		}
		n = utf8_next(bytes, len, &code);
		if (n == 0) {
			(void)buf_printf(out, "\\x%02x", (unsigned int)(uint8_t)*bytes);
			n = 1;
		} else if (code == '\\' && backslashes) {
			(void)buf_append(out, "\\\\", 2);
		} else {
			(void)quote_one(out, bytes, n, code);
		}
		bytes += n;
		len -= n;
	}
	return out->status;
}

int quote_bytes(struct buf *out, const char *bytes, size_t len)
{
	return quote(out, bytes, len, true);
}

int quote_sentence(struct buf *out, const char *text, size_t len)
{
	return quote(out, text, len, false);
}

char *quote_dup(const char *bytes, size_t len)
{
	struct buf out = BUF_INIT(SIZE_MAX / 16);

	if (quote_bytes(&out, bytes, len) < 0) {
		buf_clear(&out);
		return NULL;
	}
	return buf_take(&out);
}

char *quote_short(const char *bytes, size_t len)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(8192);
	const size_t most = 400;

	if (len <= most)
		return quote_dup(bytes, len);
	(void)quote_bytes(&out, bytes, most / 2);
	(void)buf_append_str(&out, "...");
	(void)quote_bytes(&out, bytes + len - most / 2, most / 2);
	return out.status < 0 ? NULL : buf_take(&out);
}

size_t quote_width(const char *quoted, size_t len)
{
	size_t width = 0;

	while (len > 0) {
		uint32_t code = 0;
		size_t n = utf8_next(quoted, len, &code);

		if (n == 0)
			n = 1;
		width += in_ranges(code, wide, ARRAY_SIZE(wide)) ? 2 : 1;
		quoted += n;
		len -= n;
	}
	return width;
}
