/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tarhead.h"

#include <string.h>

/* Where the fields lie: POSIX.1-1988 ustar, which GNU and star extend. */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_LINK = 157,
	AT_MAGIC = 257,
	AT_MAJOR = 329,
	AT_MINOR = 337,
	AT_PREFIX = 345,
	AT_GNU_ATIME = 345,
	AT_GNU_CTIME = 357,
	AT_STAR_TRAILER = 508,
};

static int base256(int64_t *out, const uint8_t *field, size_t len)
{
	uint8_t invert = (field[0] & 0x40) != 0 ? 0xff : 0;
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = field[i] ^ invert;

		if (i == 0)
			c &= 0x7f; /* the marker bit is no part of the number */
		if (n >> 56 != 0)
			return -SL_EFORMAT;
		n = n << 8 | c;
	}
	if (n >> 63 != 0)
		return -SL_EFORMAT;
	*out = invert != 0 ? (int64_t)~n : (int64_t)n;
	return 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\0';
}

int tarhead_number(int64_t *out, const uint8_t *field, size_t len)
{
	uint64_t n = 0;

	if (len > 0 && (field[0] & 0x80) != 0)
		return base256(out, field, len);
	while (len > 0 && is_blank(field[0])) {
		field++;
		len--;
	}
	while (len > 0 && is_blank(field[len - 1]))
		len--;
	for (size_t i = 0; i < len && field[i] != '\0'; i++) {
		if (field[i] < '0' || field[i] > '7' || n >> 60 != 0)
			return -SL_EFORMAT;
		n = n << 3 | (uint64_t)(field[i] - '0');
	}
	*out = (int64_t)n;
	return 0;
}

/* Both sums are around: of unsigned bytes as POSIX says, of signed ones as old tars did. */
static bool checksum_fits(const uint8_t block[TAR_BLOCK])
{
	int64_t want, is_unsigned = 0, is_signed = 0;

	if (tarhead_number(&want, block + AT_CHECKSUM, 8) < 0)
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		uint8_t c = i >= AT_CHECKSUM && i < AT_CHECKSUM + 8 ? ' ' : block[i];

		is_unsigned += c;
		is_signed += (int8_t)c;
	}
	return want == is_unsigned || want == is_signed;
}

static bool is_zero(const uint8_t block[TAR_BLOCK])
{
	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (block[i] != 0)
			return false;
	return true;
}

static enum tar_format format_of(const uint8_t block[TAR_BLOCK])
{
	if (memcmp(block + AT_MAGIC, "ustar\0", 6) == 0) /* whatever version follows */
		return memcmp(block + AT_STAR_TRAILER, "tar\0", 4) == 0 ? TAR_STAR : TAR_USTAR;
	if (memcmp(block + AT_MAGIC, "ustar  \0", 8) == 0)
		return TAR_GNU;
	return TAR_V7;
}

/* Copy a text field, which need not end with NUL. */
static size_t text(char *out, const uint8_t *field, size_t len)
{
	size_t n = strnlen((const char *)field, len);

	memcpy(out, field, n);
	out[n] = '\0';
	return n;
}

/*
 * GNU headers have times where others have the prefix. Go before 1.8, and so Docker for years,
 * wrote a prefix there all the same: what is no time but plain text is one.
 */
static bool has_stray_prefix(const uint8_t block[TAR_BLOCK])
{
	const uint8_t *prefix = block + AT_PREFIX;
	int64_t unused;

	if ((block[AT_GNU_ATIME] == 0 || tarhead_number(&unused, block + AT_GNU_ATIME, 12) == 0) &&
	    (block[AT_GNU_CTIME] == 0 || tarhead_number(&unused, block + AT_GNU_CTIME, 12) == 0))
		return false;
	for (size_t i = 0; i < 155 && prefix[i] != '\0'; i++)
		if (prefix[i] >= 0x80)
			return false;
	return true;
}

static size_t prefix_len(enum tar_format format, const uint8_t block[TAR_BLOCK])
{
	switch (format) {
	case TAR_USTAR:
		return 155;
	case TAR_STAR:
		return 131;
	case TAR_GNU:
		return has_stray_prefix(block) ? 155 : 0;
	case TAR_V7:
		return 0;
	}
	return 0;
}

static void join_name(struct tarhead *out, const uint8_t block[TAR_BLOCK])
{
	size_t n = text(out->name, block + AT_PREFIX, prefix_len(out->format, block));

	if (n > 0)
		out->name[n++] = '/';
	(void)text(out->name + n, block + AT_NAME, 100);
}

static int bad(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "tar header: %s", what);
}

int tarhead_parse(struct tarhead *out, const uint8_t block[TAR_BLOCK], struct sl_error *err)
{
	int64_t size, mode;

	if (is_zero(block))
		return 1;
	if (!checksum_fits(block))
		return bad("checksum does not match", err);
	*out = (struct tarhead){.format = format_of(block), .type = (char)block[AT_TYPE]};
	join_name(out, block);
	(void)text(out->link, block + AT_LINK, 100);
	if (tarhead_number(&size, block + AT_SIZE, 12) < 0 || size < 0)
		return bad("size is no number", err);
	if (tarhead_number(&mode, block + AT_MODE, 8) < 0)
		return bad("mode is no number", err);
	if (tarhead_number(&out->uid, block + AT_UID, 8) < 0 ||
	    tarhead_number(&out->gid, block + AT_GID, 8) < 0)
		return bad("owner is no number", err);
	if (tarhead_number(&out->mtime, block + AT_MTIME, 12) < 0)
		return bad("time is no number", err);
	if (out->format != TAR_V7 && (tarhead_number(&out->major, block + AT_MAJOR, 8) < 0 ||
				      tarhead_number(&out->minor, block + AT_MINOR, 8) < 0))
		return bad("device is no number", err);
	out->size = (uint64_t)size;
	out->mode = (uint32_t)mode & 07777;
	return 0;
}
