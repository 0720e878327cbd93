/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half of json.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/encode.h"
#include "core/json.h"

void jout_begin(struct jout *j, struct buf *out)
{
	*j = (struct jout){.out = out};
}

int jout_end(struct jout *j)
{
	if (j->out->status != 0)
		return j->out->status;
	return j->depth == 0 && !j->after_key ? 0 : -SL_EINVAL;
}

/* Whatever separates the next value from the one before it. */
static void separate(struct jout *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->depth > 0 && j->state[j->depth - 1] != 0)
		(void)buf_append_char(j->out, ',');
	if (j->depth > 0)
		j->state[j->depth - 1] = 1;
}

static void open_level(struct jout *j, char bracket)
{
	separate(j);
	(void)buf_append_char(j->out, bracket);
	if (j->depth == JOUT_MAX_DEPTH) {
		j->out->status = -SL_ELIMIT;
		return;
	}
	j->state[j->depth++] = 0;
}

static void close_level(struct jout *j, char bracket)
{
	if (j->depth == 0) {
		j->out->status = -SL_EINVAL;
		return;
	}
	j->depth--;
	(void)buf_append_char(j->out, bracket);
}

void jout_object(struct jout *j)
{
	open_level(j, '{');
}

void jout_object_end(struct jout *j)
{
	close_level(j, '}');
}

void jout_array(struct jout *j)
{
	open_level(j, '[');
}

void jout_array_end(struct jout *j)
{
	close_level(j, ']');
}

/* What a terminal obeys, what turns text around, and what some readers take for a line's end. */
static bool acts(uint32_t code)
{
	return (code >= 0x7f && code <= 0x9f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

/* One character that does not stand for itself. @n: bytes of it, 0: no UTF-8. Bytes used. */
static size_t escape_one(struct buf *out, size_t n, uint32_t code)
{
	if (n == 0) {
		(void)buf_append_str(out, "\\ufffd");
		return 1;
	}
	switch (code) {
	case '"':
		(void)buf_append_str(out, "\\\"");
		break;
	case '\\':
		(void)buf_append_str(out, "\\\\");
		break;
	case '\n':
		(void)buf_append_str(out, "\\n");
		break;
	case '\t':
		(void)buf_append_str(out, "\\t");
		break;
	default:
		(void)buf_printf(out, "\\u%04x", (unsigned int)code);
		break;
	}
	return n;
}

/* The inside of a JSON string. Runs of plain bytes are copied whole. */
static void escape(struct buf *out, const char *text, size_t len)
{
	while (len > 0) {
		size_t plain = 0, n = 0;
		uint32_t code = 0;

		while (plain < len) {
			char c = text[plain];

			if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
				plain++;
				continue;
			}
			n = utf8_next(text + plain, len - plain, &code);
			if (n == 0 || code < 0x20 || code == '"' || code == '\\' || acts(code))
				break;
			plain += n;
		}
		(void)buf_append(out, text, plain);
		text += plain;
		len -= plain;
		if (len == 0)
			return;
		plain = escape_one(out, n, code);
		text += plain;
		len -= plain;
	}
}

void jout_strn(struct jout *j, const char *text, size_t len)
{
	separate(j);
	(void)buf_append_char(j->out, '"');
	escape(j->out, text, len);
	(void)buf_append_char(j->out, '"');
}

void jout_str(struct jout *j, const char *text)
{
	if (text == NULL)
		jout_null(j);
	else
		jout_strn(j, text, strlen(text));
}

void jout_key(struct jout *j, const char *key)
{
	jout_str(j, key);
	(void)buf_append_char(j->out, ':');
	j->after_key = true;
}

void jout_raw(struct jout *j, const char *json, size_t len)
{
	separate(j);
	(void)buf_append(j->out, json, len);
}

void jout_i64(struct jout *j, int64_t n)
{
	separate(j);
	(void)buf_printf(j->out, "%" PRId64, n);
}

void jout_u64(struct jout *j, uint64_t n)
{
	separate(j);
	(void)buf_append_number(j->out, n);
}

void jout_id(struct jout *j, uint64_t n)
{
	separate(j);
	(void)buf_printf(j->out, "\"%" PRIu64 "\"", n);
}

void jout_bool(struct jout *j, bool b)
{
	jout_raw(j, b ? "true" : "false", b ? 4 : 5);
}

void jout_null(struct jout *j)
{
	jout_raw(j, "null", 4);
}

void jout_hex(struct jout *j, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	separate(j);
	(void)buf_append_char(j->out, '"');
	for (size_t i = 0; i < len; i++) {
		char two[3];

		hex_encode(two, p + i, 1);
		(void)buf_append(j->out, two, 2);
	}
	(void)buf_append_char(j->out, '"');
}

void jout_digest(struct jout *j, const uint8_t digest[SL_SHA256_SIZE])
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(text, digest);
	jout_str(j, text);
}

void jout_base64(struct jout *j, const void *bytes, size_t len)
{
	separate(j);
	(void)buf_append_char(j->out, '"');
	(void)base64_encode(j->out, bytes, len);
	(void)buf_append_char(j->out, '"');
}

void jout_time(struct jout *j, struct sl_time t)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(text, t);
	jout_str(j, text);
}

void jout_mode(struct jout *j, uint32_t mode)
{
	separate(j);
	(void)buf_printf(j->out, "\"%05o\"", mode & 07777);
}

void jout_bytes(struct jout *j, const char *key, const char *prefix, struct sl_bytes bytes)
{
	struct buf joined = BUF_INIT(SIZE_MAX / 16);

	if (utf8_valid(bytes.data, bytes.len) && memchr(bytes.data, 0, bytes.len) == NULL) {
		jout_key(j, key);
		separate(j);
		(void)buf_append_char(j->out, '"');
		(void)buf_append_str(j->out, prefix);
		escape(j->out, bytes.data, bytes.len);
		(void)buf_append_char(j->out, '"');
		return;
	}
	(void)buf_printf(&joined, "%s_b64", key);
	if (joined.status == 0)
		jout_key(j, joined.data);
	buf_reset(&joined);
	(void)buf_append_str(&joined, prefix);
	if (buf_append(&joined, bytes.data, bytes.len) < 0)
		j->out->status = joined.status;
	else
		jout_base64(j, joined.data, joined.len);
	buf_clear(&joined);
}

void jout_key_bytes(struct jout *j, const char *key, const char *text)
{
	if (text != NULL)
		jout_bytes(j, key, "", (struct sl_bytes){text, strlen(text)});
	else
		jout_key_str(j, key, NULL);
}

void jout_key_str(struct jout *j, const char *key, const char *text)
{
	jout_key(j, key);
	jout_str(j, text);
}

void jout_key_u64(struct jout *j, const char *key, uint64_t n)
{
	jout_key(j, key);
	jout_u64(j, n);
}

void jout_key_bool(struct jout *j, const char *key, bool b)
{
	jout_key(j, key);
	jout_bool(j, b);
}

void jout_key_hex(struct jout *j, const char *key, const void *bytes, size_t len)
{
	jout_key(j, key);
	jout_hex(j, bytes, len);
}

void jout_key_time(struct jout *j, const char *key, struct sl_time t)
{
	jout_key(j, key);
	jout_time(j, t);
}
