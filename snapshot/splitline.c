/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/splitline.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"

struct cursor {
	const char *at, *end;
};

/* Which members were seen. */
enum {
	SEEN_TYPE = 1,
	SEEN_NAME = 2,
	SEEN_RAW = 4,
	SEEN_SIZE = 8,
	SEEN_PAYLOAD = 16,
	SEEN_POS = 32
};

static int bad(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s", what);
}

static void blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r'))
		c->at++;
}

/* Consume this character, after blanks. */
static bool is_next(struct cursor *c, char want)
{
	blanks(c);
	if (c->at == c->end || *c->at != want)
		return false;
	c->at++;
	return true;
}

static int number(struct cursor *c, uint64_t *out)
{
	const char *start;
	uint64_t n = 0;

	blanks(c);
	for (start = c->at; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		if (n > (INT64_MAX - 9) / 10)
			return -SL_EFORMAT;
		n = n * 10 + (uint64_t)(*c->at - '0');
	}
	*out = n;
	return c->at > start ? 0 : -SL_EFORMAT;
}

static int hex4(struct cursor *c, uint32_t *out)
{
	uint8_t bytes[2];

	/* Go writes lower-case digits only */
	if (c->end - c->at < 4 || hex_decode(bytes, 2, c->at, 4) < 0)
		return -SL_EFORMAT;
	c->at += 4;
	*out = (uint32_t)bytes[0] << 8 | bytes[1];
	return 0;
}

static int append_utf8(struct buf *b, uint32_t code)
{
	char out[4];
	size_t n = 0;

	if (code < 0x80) {
		out[n++] = (char)code;
	} else if (code < 0x800) {
		out[n++] = (char)(0xc0 | code >> 6);
		out[n++] = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		out[n++] = (char)(0xe0 | code >> 12);
		out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (code & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | code >> 18);
		out[n++] = (char)(0x80 | (code >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (code & 0x3f));
	}
	return buf_append(b, out, n);
}

/* Behind a "\u": a code point, from two of them where it is a surrogate pair. */
static int unicode_escape(struct cursor *c, struct buf *out)
{
	uint32_t code, low;

	if (hex4(c, &code) < 0 || code == 0 || (code >= 0xdc00 && code < 0xe000))
		return -SL_EFORMAT;
	if (code >= 0xd800 && code < 0xdc00) {
		if (c->end - c->at < 2 || c->at[0] != '\\' || c->at[1] != 'u')
			return -SL_EFORMAT;
		c->at += 2;
		if (hex4(c, &low) < 0 || low < 0xdc00 || low >= 0xe000)
			return -SL_EFORMAT;
		code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
	}
	return append_utf8(out, code);
}

static int escape(struct cursor *c, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *hit;

	if (c->at == c->end)
		return -SL_EFORMAT;
	if (*c->at == 'u') {
		c->at++;
		return unicode_escape(c, out);
	}
	hit = *c->at != '\0' ? strchr(from, *c->at) : NULL;
	if (hit == NULL)
		return -SL_EFORMAT;
	c->at++;
	return buf_append_char(out, to[hit - from]);
}

/* A string as it is between its quotes; *plain is cleared when it holds escapes. */
static int raw_string(struct cursor *c, const char **text, size_t *len, bool *plain)
{
	if (!is_next(c, '"'))
		return -SL_EFORMAT;
	*text = c->at;
	*plain = true;
	for (; c->at < c->end && *c->at != '"'; c->at++) {
		if ((unsigned char)*c->at < 0x20)
			return -SL_EFORMAT;
		if (*c->at == '\\') {
			*plain = false;
			if (++c->at == c->end)
				return -SL_EFORMAT;
		}
	}
	if (c->at == c->end)
		return -SL_EFORMAT;
	*len = (size_t)(c->at - *text);
	c->at++;
	return 0;
}

static int string(struct cursor *c, struct buf *out)
{
	struct cursor in;
	size_t len;
	bool plain;

	if (raw_string(c, &in.at, &len, &plain) < 0 || !utf8_valid(in.at, len))
		return -SL_EFORMAT;
	if (plain)
		return buf_append(out, in.at, len);
	for (in.end = in.at + len; in.at < in.end;) {
		int rc;

		if (*in.at == '\\') {
			in.at++;
			rc = escape(&in, out);
		} else {
			rc = buf_append_char(out, *in.at++);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* base64, which never needs an escape, or null. */
static int base64_string(struct cursor *c, struct buf *out)
{
	const char *text;
	size_t len;
	bool plain;

	blanks(c);
	if (c->end - c->at >= 4 && memcmp(c->at, "null", 4) == 0) {
		c->at += 4;
		return 0;
	}
	if (raw_string(c, &text, &len, &plain) < 0 || !plain)
		return -SL_EFORMAT;
	return len == 0 ? 0 : base64_decode(out, text, len);
}

static int member(struct splitline *out, struct cursor *c, unsigned int *seen)
{
	static const struct {
		const char *key;
		unsigned int bit;
	} keys[] = {
		{"type", SEEN_TYPE}, {"name", SEEN_NAME},       {"name_raw", SEEN_RAW},
		{"size", SEEN_SIZE}, {"payload", SEEN_PAYLOAD}, {"position", SEEN_POS},
	};
	const char *key;
	unsigned int bit = 0;
	uint64_t n;
	size_t len;
	bool plain;

	if (raw_string(c, &key, &len, &plain) < 0 || !plain || !is_next(c, ':'))
		return -SL_EFORMAT;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].key) == len && memcmp(keys[i].key, key, len) == 0)
			bit = keys[i].bit;
	if (bit == 0 || (*seen & bit) != 0)
		return -SL_EFORMAT;
	*seen |= bit;
	switch (bit) {
	case SEEN_TYPE:
		if (number(c, &n) < 0 || (n != SPLITLINE_FILE && n != SPLITLINE_SEGMENT))
			return -SL_EFORMAT;
		out->type = (enum splitline_type)n;
		return 0;
	case SEEN_NAME:
		return string(c, &out->name);
	case SEEN_RAW:
		return base64_string(c, &out->name);
	case SEEN_SIZE:
		return number(c, &out->size);
	case SEEN_PAYLOAD:
		return base64_string(c, &out->payload);
	default:
		return number(c, &out->position);
	}
}

static int members(struct splitline *out, const char *text, size_t len, unsigned int *seen)
{
	struct cursor c = {text, text + len};

	if (!is_next(&c, '{'))
		return -SL_EFORMAT;
	do {
		int rc = member(out, &c, seen);

		if (rc < 0)
			return rc;
	} while (is_next(&c, ','));
	if (!is_next(&c, '}'))
		return -SL_EFORMAT;
	blanks(&c);
	return c.at == c.end ? 0 : -SL_EFORMAT;
}

int splitline_parse(struct splitline *out, const char *text, size_t len, struct sl_error *err)
{
	unsigned int seen = 0;
	int rc;

	buf_reset(&out->name);
	buf_reset(&out->payload);
	out->size = 0;
	rc = members(out, text, len, &seen);
	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "name or payload is too long");
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "line");
	if (rc < 0)
		return bad("malformed line", err);
	if ((seen & (SEEN_TYPE | SEEN_POS)) != (SEEN_TYPE | SEEN_POS))
		return bad("line without type or position", err);
	if (out->type == SPLITLINE_SEGMENT)
		return (seen & (SEEN_NAME | SEEN_RAW)) != 0 ? bad("segment with a name", err) : 0;
	if ((seen & (SEEN_NAME | SEEN_RAW)) == (SEEN_NAME | SEEN_RAW))
		return bad("file with two names", err);
	if (out->name.len == 0 || memchr(out->name.data, '\0', out->name.len) != NULL)
		return bad("file without a usable name", err);
	if (out->payload.len != 0 && out->payload.len != 8)
		return bad("checksum is not 8 bytes", err);
	return 0;
}

void splitline_clear(struct splitline *l)
{
	buf_clear(&l->name);
	buf_clear(&l->payload);
}
