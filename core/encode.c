/* SPDX-License-Identifier: Apache-2.0 */
#include "core/encode.h"

#include <stdio.h>
#include <string.h>

#include <strandline/error.h>

#include "core/cleanup.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(char *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex_digits[p[i] >> 4];
		out[2 * i + 1] = hex_digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int hex_decode(void *out, size_t len, const char *text, size_t text_len)
{
	uint8_t *p = out;

	if (text_len != 2 * len)
		return -SL_EFORMAT;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -SL_EFORMAT;
		p[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int digest_parse(uint8_t out[SL_SHA256_SIZE], const char *text, size_t text_len)
{
	if (text == NULL || text_len != DIGEST_TEXT_SIZE - 1 || memcmp(text, "sha256:", 7) != 0)
		return -SL_EFORMAT;
	return hex_decode(out, SL_SHA256_SIZE, text + 7, text_len - 7);
}

void digest_format(char out[DIGEST_TEXT_SIZE], const uint8_t digest[SL_SHA256_SIZE])
{
	(void)snprintf(out, DIGEST_TEXT_SIZE, "sha256:");
	hex_encode(out + 7, digest, SL_SHA256_SIZE);
}

int base64_encode(struct buf *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	if (len > SIZE_MAX / 2 || buf_reserve(out, (len + 2) / 3 * 4) < 0)
		return out->status != 0 ? out->status : -SL_ELIMIT;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;
		char four[4];

		if (i + 1 < len)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < len)
			v |= p[i + 2];
		four[0] = base64_digits[v >> 18];
		four[1] = base64_digits[v >> 12 & 63];
		four[2] = base64_digits[v >> 6 & 63];
		four[3] = base64_digits[v & 63];
		if (i + 1 >= len)
			four[2] = '=';
		if (i + 2 >= len)
			four[3] = '=';
		(void)buf_append(out, four, 4);
	}
	return out->status;
}

#define NO 0xff
/* What each ASCII character stands for. */
static const uint8_t base64_values[128] = {
	/* clang-format off */
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
	NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
	NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
	/* clang-format on */
};
#undef NO

static uint32_t base64_value(char c)
{
	return (unsigned char)c < sizeof(base64_values) ? base64_values[(unsigned char)c] : 0xff;
}

/* Four characters, none of them padding; over 24 bits when one is no digit. */
static uint32_t base64_four(const char *text)
{
	uint32_t a = base64_value(text[0]), b = base64_value(text[1]), c = base64_value(text[2]),
		 d = base64_value(text[3]);

	return ((a | b | c | d) & 0xc0) != 0 ? UINT32_MAX : a << 18 | b << 12 | c << 6 | d;
}

int base64_decode(struct buf *out, const char *text, size_t len)
{
	size_t pad = 0;
	char last[4], *to;

	if (len % 4 != 0)
		return -SL_EFORMAT;
	if (len == 0)
		return 0;
	pad = (text[len - 1] == '=') + (size_t)(text[len - 1] == '=' && text[len - 2] == '=');
	if (buf_reserve(out, len / 4 * 3 - pad) < 0)
		return out->status;
	memcpy(last, text + len - 4, sizeof(last));
	memset(last + sizeof(last) - pad, 'A', pad);
	to = out->data + out->len;
	for (size_t i = 0; i < len; i += 4) {
		bool is_last = i + 4 == len;
		uint32_t v = base64_four(is_last ? last : text + i);
		const char three[3] = {(char)(v >> 16), (char)(v >> 8), (char)v};

		if (v > 0xffffff || (is_last && (v & ((1u << 8 * pad) - 1)) != 0))
			return -SL_EFORMAT;
		memcpy(to, three, is_last ? 3 - pad : 3);
		to += is_last ? 3 - pad : 3;
	}
	out->len = (size_t)(to - out->data);
	*to = '\0';
	return 0;
}

static char to_standard(char c)
{
	if (c == '-')
		return '+';
	if (c == '_')
		return '/';
	return c;
}

int base64url_decode(struct buf *out, const char *text, size_t len)
{
	CLEANUP(buf_clear) struct buf standard = BUF_INIT(SIZE_MAX / 2);

	if (len % 4 == 1 || len > SIZE_MAX / 4 || buf_reserve(&standard, len + 2) < 0)
		return len % 4 == 1 ? -SL_EFORMAT : -SL_ENOMEM;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '+' || text[i] == '/' || text[i] == '=')
			return -SL_EFORMAT;
		(void)buf_append_char(&standard, to_standard(text[i]));
	}
	while (standard.len % 4 != 0)
		(void)buf_append_char(&standard, '=');
	return standard.len > 0 ? base64_decode(out, standard.data, standard.len) : 0;
}

size_t utf8_next(const char *text, size_t len, uint32_t *code)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t low = 0x80, high = 0xbf, value;
	size_t n;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
		value = p[0] & 0x1fu;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		value = p[0] & 0x0fu;
		if (p[0] == 0xe0)
			low = 0xa0;
		if (p[0] == 0xed)
			high = 0x9f;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		value = p[0] & 0x07u;
		if (p[0] == 0xf0)
			low = 0x90;
		if (p[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (len < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (p[i] < low || p[i] > high)
			return 0;
		value = value << 6 | (p[i] & 0x3fu);
		low = 0x80;
		high = 0xbf;
	}
	*code = value;
	return n;
}

bool utf8_valid(const char *text, size_t len)
{
	uint32_t code;

	while (len > 0) {
		size_t n = utf8_next(text, len, &code);

		if (n == 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}
