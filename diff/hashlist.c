/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/hashlist.h"

#include <string.h>

#include "core/encode.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct sl_bytes trim(struct sl_bytes text)
{
	while (text.len > 0 && is_blank(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

static struct sl_bytes unquote(struct sl_bytes text)
{
	text = trim(text);
	if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"') {
		text.data++;
		text.len -= 2;
	}
	return text;
}

/*
 * The size of a digest in digits of either case, of MD5, SHA-1, SHA-256 and SHA-512; 0 for anything
 * else. @out has 64 bytes.
 */
static size_t read_digest(struct sl_bytes text, uint8_t out[64])
{
	static const size_t sizes[] = {16, 20, 32, 64};
	char digits[128];

	if (text.len > sizeof(digits))
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		digits[i] = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (text.len == 2 * sizes[i] && hex_decode(out, sizes[i], digits, text.len) == 0)
			return sizes[i];
	return 0;
}

/* What stands before the next separator; a separator between quotes is none. */
static struct sl_bytes next_value(struct sl_bytes *rest, bool is_csv)
{
	struct sl_bytes value = {rest->data, 0};
	bool is_quoted = false;

	while (value.len < rest->len) {
		char c = rest->data[value.len];

		if (is_csv && c == '"')
			is_quoted = !is_quoted;
		if (!is_quoted && (is_csv ? c == ',' || c == ';' : is_blank(c)))
			break;
		value.len++;
	}
	rest->data += value.len;
	rest->len -= value.len;
	if (rest->len > 0) {
		rest->data++;
		rest->len--;
	}
	return unquote(value);
}

/* Of the values between commas: the digest, and the first that is none as the label. */
static enum hashlist_line parse_values(struct sl_bytes line, uint8_t sha256[SL_SHA256_SIZE],
				       struct sl_bytes *label)
{
	enum hashlist_line found = HASHLIST_ODD;

	while (line.len > 0) {
		struct sl_bytes value = next_value(&line, true);
		uint8_t digest[64];
		size_t size = read_digest(value, digest);

		if (size == SL_SHA256_SIZE && found != HASHLIST_SHA256) {
			memcpy(sha256, digest, size);
			found = HASHLIST_SHA256;
		} else if (size > 0 && found == HASHLIST_ODD) {
			found = HASHLIST_WEAK;
		} else if (size == 0 && label->len == 0) {
			*label = value;
		}
	}
	return found;
}

/* The digest comes first, then anything. */
static enum hashlist_line parse_words(struct sl_bytes line, uint8_t sha256[SL_SHA256_SIZE],
				      struct sl_bytes *label)
{
	static const char prefix[] = "sha256:";
	struct sl_bytes word = next_value(&line, false);
	uint8_t digest[64];
	size_t size;

	if (word.len > sizeof(prefix) - 1 && memcmp(word.data, prefix, sizeof(prefix) - 1) == 0) {
		word.data += sizeof(prefix) - 1;
		word.len -= sizeof(prefix) - 1;
	}
	size = read_digest(word, digest);
	if (size != SL_SHA256_SIZE)
		return size > 0 ? HASHLIST_WEAK : HASHLIST_ODD;
	memcpy(sha256, digest, size);
	*label = trim(line);
	if (label->len > 0 && label->data[0] == '*') { /* sha256sum -b */
		label->data++;
		label->len--;
	}
	return HASHLIST_SHA256;
}

/* "SHA256 (name) = digest": sha256sum --tag, and what the BSDs write. */
static bool parse_tagged(struct sl_bytes line, uint8_t sha256[SL_SHA256_SIZE],
			 struct sl_bytes *label)
{
	static const char start[] = "SHA256 (", middle[] = ") = ";
	const size_t digits = (size_t)2 * SL_SHA256_SIZE, head = sizeof(start) - 1;
	const size_t least = head + sizeof(middle) - 1 + digits;
	uint8_t digest[64];

	if (line.len < least || memcmp(line.data, start, head) != 0 ||
	    memcmp(line.data + line.len - digits - (sizeof(middle) - 1), middle,
		   sizeof(middle) - 1) != 0 ||
	    read_digest((struct sl_bytes){line.data + line.len - digits, digits}, digest) !=
		    SL_SHA256_SIZE)
		return false;
	memcpy(sha256, digest, SL_SHA256_SIZE);
	*label = (struct sl_bytes){line.data + head, line.len - least};
	return true;
}

enum hashlist_line hashlist_parse(struct sl_bytes line, uint8_t sha256[SL_SHA256_SIZE],
				  struct sl_bytes *label)
{
	size_t first = 0;

	*label = (struct sl_bytes){"", 0};
	line = trim(line);
	if (line.len == 0 || line.data[0] == '#')
		return HASHLIST_EMPTY;
	if (parse_tagged(line, sha256, label))
		return HASHLIST_SHA256;
	/* a comma in a file's name behind a blank separates nothing */
	while (first < line.len && !is_blank(line.data[first]) && line.data[first] != ',' &&
	       line.data[first] != ';')
		first++;
	if (line.data[0] == '"' || (first < line.len && !is_blank(line.data[first])))
		return parse_values(line, sha256, label);
	return parse_words(line, sha256, label);
}
