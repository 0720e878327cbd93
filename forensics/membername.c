/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/membername.h"

#include <string.h>

#include <strandline/error.h>

enum { SEQ_DIGITS = 8, SEGMENT_DIGITS = 6, DIGITS_MAX = 18 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper_hex(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'F');
}

static bool is_plain(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
	       c == '_' || c == '-' || c == '~';
}

/* A number padded with zeros to @digits, never longer than it must be. Digits used, or 0. */
static size_t parse_number(uint64_t *out, const char *text, size_t len, size_t digits)
{
	uint64_t n = 0;
	size_t used = 0;

	while (used < len && used < DIGITS_MAX && is_digit(text[used]))
		n = n * 10 + (uint64_t)(text[used++] - '0');
	if (used < digits || (used > digits && text[0] == '0'))
		return 0;
	*out = n;
	return used;
}

/* One component of a payload's path: safe bytes and %XX, not empty, not "." or "..". */
static bool is_component(const char *text, size_t len)
{
	if (len == 0 || (len == 1 && text[0] == '.') || (len == 2 && memcmp(text, "..", 2) == 0))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (is_plain(text[i]))
			continue;
		if (text[i] != '%' || len - i < 3 || !is_upper_hex(text[i + 1]) ||
		    !is_upper_hex(text[i + 2]))
			return false;
		i += 2;
	}
	return true;
}

static bool is_path(const char *text, size_t len)
{
	const char *slash;

	while ((slash = memchr(text, '/', len)) != NULL) {
		size_t n = (size_t)(slash - text);

		if (!is_component(text, n))
			return false;
		text += n + 1;
		len -= n + 1;
	}
	return is_component(text, len);
}

static int parse_payload(struct membername *out, const char *name, size_t len)
{
	size_t used = parse_number(&out->number, name, len, SEQ_DIGITS);

	if (used == 0 || used == len || name[used] != '/' ||
	    !is_path(name + used + 1, len - used - 1))
		return -SL_EFORMAT;
	out->kind = MEMBER_PAYLOAD;
	return 0;
}

static int parse_sealed(struct membername *out, const char *name, size_t len)
{
	static const struct {
		const char *suffix;
		enum membername_kind kind;
	} kinds[] = {
		{".jsonl", MEMBER_JOURNAL},
		{".note", MEMBER_NOTE},
		{".pub.pem", MEMBER_KEY},
	};
	size_t used = parse_number(&out->number, name, len, SEGMENT_DIGITS);

	if (used == 0)
		return -SL_EFORMAT;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (len - used == strlen(kinds[i].suffix) &&
		    memcmp(name + used, kinds[i].suffix, len - used) == 0) {
			out->kind = kinds[i].kind;
			return 0;
		}
	}
	return -SL_EFORMAT;
}

static bool is_word(const char *name, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(name, word, len) == 0;
}

int membername_parse(struct membername *out, const char *name, size_t len)
{
	*out = (struct membername){0};
	if (len > MEMBERNAME_MAX)
		return -SL_EFORMAT;
	if (len > 2 && memcmp(name, "d/", 2) == 0)
		return parse_payload(out, name + 2, len - 2);
	if (is_word(name, len, "README.txt"))
		out->kind = MEMBER_README;
	else if (is_word(name, len, "verify.sh"))
		out->kind = MEMBER_VERIFY;
	else if (is_word(name, len, "j/close.intoto.json"))
		out->kind = MEMBER_CLOSE;
	else if (is_word(name, len, "j/index"))
		out->kind = MEMBER_INDEX;
	else if (len > 2 && memcmp(name, "j/", 2) == 0)
		return parse_sealed(out, name + 2, len - 2);
	else
		return -SL_EFORMAT;
	return 0;
}
