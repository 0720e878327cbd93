/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/paxheader.h"

#include <string.h>

/* Offsets in a ustar header block (POSIX pax, "ustar Interchange Format"). */
enum {
	AT_NAME = 0,
	LEN_NAME = 100,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	LEN_ID = 8,
	AT_SIZE = 124,
	LEN_SIZE = 12,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	LEN_CHECKSUM = 8,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_PREFIX = 345,
	LEN_PREFIX = 155,
	MTIME_DIGITS = 10,
};
/* What tar unpacks is neither run nor somebody else's. */
#define MEMBER_MODE 0440
/* A member larger than this cannot be in a bundle: parts end at 16 MiB, journals far below. */
#define SIZE_LIMIT (UINT64_C(1) << 40)

bool pax_is_zero(const uint8_t block[PAX_BLOCK])
{
	return block[0] == 0 && memcmp(block, block + 1, PAX_BLOCK - 1) == 0;
}

/* Octal digits, padded with blanks in front and ended by blanks or NUL. */
static int parse_octal(uint64_t *out, const uint8_t *field, size_t len)
{
	size_t i = 0;
	bool any = false;

	*out = 0;
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
		*out = *out * 8 + (uint64_t)(field[i] - '0');
		any = true;
	}
	for (; i < len; i++) {
		if (field[i] != ' ' && field[i] != '\0')
			return -SL_EFORMAT;
	}
	return any ? 0 : -SL_EFORMAT;
}

static bool is_checksum_good(const uint8_t *block)
{
	uint64_t want, sum = 0;

	if (parse_octal(&want, block + AT_CHECKSUM, LEN_CHECKSUM) < 0)
		return false;
	for (size_t i = 0; i < PAX_BLOCK; i++)
		sum += i - AT_CHECKSUM < LEN_CHECKSUM ? ' ' : block[i];
	return sum == want;
}

/* What tar programs read differently, though we never look: other numbers, and bytes with a sign.
 */
static bool is_plain(const uint8_t block[PAX_BLOCK])
{
	uint64_t mode, ignored;

	for (size_t i = 0; i < PAX_BLOCK; i++) {
		if (block[i] > 0x7f)
			return false;
	}
	return parse_octal(&mode, block + AT_MODE, LEN_ID) == 0 &&
	       (mode == MEMBER_MODE || block[AT_TYPE] != '0') &&
	       parse_octal(&ignored, block + AT_UID, LEN_ID) == 0 &&
	       parse_octal(&ignored, block + AT_GID, LEN_ID) == 0 &&
	       parse_octal(&ignored, block + AT_MTIME, LEN_SIZE) == 0;
}

int pax_header_parse(struct pax_header *out, const uint8_t block[PAX_BLOCK], struct sl_error *err)
{
	const char *text = (const char *)block;
	size_t prefix = strnlen(text + AT_PREFIX, LEN_PREFIX);
	size_t name = strnlen(text + AT_NAME, LEN_NAME);
	size_t used = 0;

	if (!is_checksum_good(block))
		return sl_fail(err, SL_EFORMAT, 0, "tar header with a wrong checksum");
	if (memcmp(text + AT_MAGIC, "ustar\00000", 8) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "tar header of another dialect");
	if (!is_plain(block))
		return sl_fail(err, SL_EFORMAT, 0, "tar header that programs read differently");
	if (parse_octal(&out->size, block + AT_SIZE, LEN_SIZE) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "tar header with a wrong size");
	out->type = text[AT_TYPE];
	if (prefix > 0) {
		memcpy(out->name, text + AT_PREFIX, prefix);
		out->name[prefix] = '/';
		used = prefix + 1;
	}
	memcpy(out->name + used, text + AT_NAME, name);
	out->name_len = used + name;
	out->name[out->name_len] = '\0';
	return 0;
}

/* A decimal number at the start of text; digits used, or 0. */
static size_t parse_decimal(uint64_t *out, const char *text, size_t len)
{
	size_t i = 0;

	*out = 0;
	while (i < len && i < 15 && text[i] >= '0' && text[i] <= '9')
		*out = *out * 10 + (uint64_t)(text[i++] - '0');
	return i;
}

static bool is_key(const char *key, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(key, word, len) == 0;
}

static int take_keyword(struct pax_extended *out, const char *key, size_t key_len,
			const char *value, size_t len, struct sl_error *err)
{
	uint64_t ignored;

	if (is_key(key, key_len, "path")) {
		if (out->path_len != 0 || len == 0 || len > MEMBERNAME_MAX)
			return sl_fail(err, SL_EFORMAT, 0, "pax header with a wrong path");
		memcpy(out->path, value, len);
		out->path[len] = '\0';
		out->path_len = len;
	} else if (is_key(key, key_len, "size")) {
		if (out->has_size || len == 0 || parse_decimal(&out->size, value, len) != len)
			return sl_fail(err, SL_EFORMAT, 0, "pax header with a wrong size");
		out->has_size = true;
	} else if (is_key(key, key_len, "mtime")) {
		/* means nothing, but early versions wrote it for times after 2038 */
		if (out->has_mtime || len == 0 || len > MTIME_DIGITS ||
		    parse_decimal(&ignored, value, len) != len)
			return sl_fail(err, SL_EFORMAT, 0, "pax header with a wrong mtime");
		out->has_mtime = true;
	} else {
		/* programs rename, resize, link or tag what it stands in front of */
		return sl_fail(err, SL_EFORMAT, 0, "pax header with a key that no member has");
	}
	return 0;
}

int pax_extended_parse(struct pax_extended *out, const char *text, size_t len, struct sl_error *err)
{
	*out = (struct pax_extended){0};
	while (len > 0) {
		uint64_t total;
		size_t digits = parse_decimal(&total, text, len);
		const char *equals;
		int rc;

		if (digits == 0 || total > len || total < digits + 4 || text[digits] != ' ' ||
		    text[total - 1] != '\n')
			return sl_fail(err, SL_EFORMAT, 0, "pax header with a wrong length");
		equals = memchr(text + digits + 1, '=', (size_t)total - digits - 2);
		if (equals == NULL)
			return sl_fail(err, SL_EFORMAT, 0, "pax header without a value");
		rc = take_keyword(out, text + digits + 1, (size_t)(equals - text) - digits - 1,
				  equals + 1, (size_t)(text + total - 1 - (equals + 1)), err);
		if (rc < 0)
			return rc;
		text += total;
		len -= (size_t)total;
	}
	if (out->size > SIZE_LIMIT)
		return sl_fail(err, SL_EFORMAT, 0, "pax header with a wrong size");
	return 0;
}
