/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are made to be overlooked or misread. */
#include "diff/facts.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"

/* Characters that show as nothing, as a plain space, or that turn the text around them. */
static bool is_invisible(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00a0, 0x00a0},   {0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x061c, 0x061c},
		{0x115f, 0x1160},   {0x17b4, 0x17b5}, {0x180e, 0x180e}, {0x2000, 0x200f},
		{0x2028, 0x202f},   {0x205f, 0x206f}, {0x2800, 0x2800}, {0x3000, 0x3000},
		{0x3164, 0x3164},   {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xe0000, 0xe01ef},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/*
 * Greek and Cyrillic letters that look like Latin ones, Latin ones in other widths, and what looks
 * like a dot or a slash. reference: Unicode Technical Standard 39, confusables.
 */
static bool is_lookalike(uint32_t code)
{
	static const uint16_t letters[] = {
		0x0391, 0x0392, 0x0395, 0x0396, 0x0397, 0x0399, 0x039a, 0x039c, 0x039d, 0x039f,
		0x03a1, 0x03a4, 0x03a5, 0x03a7, 0x03bf, 0x03bd, 0x03c1, 0x0405, 0x0406, 0x0408,
		0x0410, 0x0412, 0x0415, 0x041a, 0x041c, 0x041d, 0x041e, 0x0420, 0x0421, 0x0422,
		0x0425, 0x0430, 0x0435, 0x043e, 0x0440, 0x0441, 0x0443, 0x0445, 0x0455, 0x0456,
		0x0458, 0x04bb, 0x0501, 0x051b, 0x051d, 0x2010, 0x2011, 0x2212, 0x217c, 0x217d,
		0x217e, 0x217f, 0x2024, 0x2044, 0x2215, 0x29f8, 0xff0e, 0xff0f,
	};

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (code == letters[i])
			return true;
	return (code >= 0xff21 && code <= 0xff3a) || (code >= 0xff41 && code <= 0xff5a) ||
	       (code >= 0x1d400 && code <= 0x1d6a3);
}

static bool is_latin(uint32_t code)
{
	return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
}

struct characters {
	size_t odd;        /* not to be seen, or controls */
	size_t latin;      /* letters of ASCII */
	size_t lookalikes; /* of those */
	size_t foreign;    /* anything else beyond ASCII: a name in another script */
};

static struct characters count_characters(struct sl_bytes name)
{
	struct characters c = {0};
	size_t at = 0;

	while (at < name.len) {
		unsigned char byte = (unsigned char)name.data[at];
		uint32_t code = 0;
		size_t n = utf8_next(name.data + at, name.len - at, &code);

		if (byte < 0x20 || byte == 0x7f ||
		    (n > 0 && (is_invisible(code) || (code >= 0x80 && code < 0xa0))))
			c.odd++;
		else if (byte < 0x80)
			c.latin += is_latin(byte);
		else if (n > 0 && is_lookalike(code))
			c.lookalikes++;
		else
			c.foreign++;
		at += n > 0 ? n : 1;
	}
	return c;
}

bool facts_is_deceptive(struct sl_bytes name)
{
	struct characters c;
	size_t dots = 0;

	if (name.len == 0)
		return false;
	while (dots < name.len && name.data[dots] == '.')
		dots++;
	/* "...", ". ", " x", "x ", and markers of image layers as real names */
	if ((dots == name.len && dots > 2) || name.data[0] == ' ' ||
	    name.data[name.len - 1] == ' ' || (name.len >= 4 && memcmp(name.data, ".wh.", 4) == 0))
		return true;
	c = count_characters(name);
	/* a Latin word with letters of another script in it, and nothing that only that one has */
	return c.odd > 0 || (c.lookalikes > 0 && c.latin > 0 && c.foreign == 0);
}
