/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bech32.h"

#include <string.h>

#include <strandline/error.h>

#define CHECKSUM_CHARS 6

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t step(uint32_t sum, uint8_t value)
{
	static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
					     0x2a1462b3};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (unsigned int i = 0; i < 5; i++)
		if ((top >> i & 1) != 0)
			sum ^= generator[i];
	return sum;
}

static uint32_t start(const char *prefix)
{
	uint32_t sum = 1;

	for (const char *p = prefix; *p != '\0'; p++)
		sum = step(sum, (uint8_t)*p >> 5);
	sum = step(sum, 0);
	for (const char *p = prefix; *p != '\0'; p++)
		sum = step(sum, (uint8_t)*p & 31);
	return sum;
}

void bech32_encode(char *out, const char *prefix, const uint8_t *bytes, size_t len)
{
	size_t n = strlen(prefix), bits = 0;
	uint32_t sum = start(prefix), pending = 0;

	memcpy(out, prefix, n);
	out[n++] = '1';
	for (size_t i = 0; i < len || bits > 0;) {
		uint8_t value;

		if (bits < 5 && i < len) {
			pending = (pending & 31) << 8 | bytes[i++];
			bits += 8;
		}
		/* the last character is filled up with zeros */
		value = (bits >= 5 ? pending >> (bits - 5) : pending << (5 - bits)) & 31;
		bits = bits >= 5 ? bits - 5 : 0;
		sum = step(sum, value);
		out[n++] = alphabet[value];
	}
	for (unsigned int i = 0; i < CHECKSUM_CHARS; i++)
		sum = step(sum, 0);
	sum ^= 1;
	for (unsigned int i = 0; i < CHECKSUM_CHARS; i++)
		out[n++] = alphabet[sum >> (5 * (5 - i)) & 31];
	out[n] = '\0';
}

/* 0 to 31; -1 for what is no character of the alphabet in the text's one case. */
static int value_of(char c, bool upper)
{
	const char *p;

	if (upper && c >= 'a' && c <= 'z')
		return -1;
	if (upper && c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	p = c != '\0' ? strchr(alphabet, c) : NULL;
	return p == NULL ? -1 : (int)(p - alphabet);
}

static bool has_prefix(const char *prefix, const char *text, bool upper)
{
	for (; *prefix != '\0'; prefix++, text++) {
		char want = upper && *prefix >= 'a' && *prefix <= 'z' ? (char)(*prefix - 'a' + 'A')
								      : *prefix;

		if (*text != want)
			return false;
	}
	return *text == '1';
}

int bech32_decode(uint8_t *out, size_t len, const char *prefix, const char *text, size_t text_len)
{
	size_t prefix_len = strlen(prefix), chars = (len * 8 + 4) / 5, n = 0;
	uint32_t sum = start(prefix), pending = 0;
	unsigned int bits = 0;
	bool upper;

	if (text_len != prefix_len + 1 + chars + CHECKSUM_CHARS)
		return -SL_EFORMAT;
	upper = text[0] >= 'A' && text[0] <= 'Z';
	if (!has_prefix(prefix, text, upper))
		return -SL_EFORMAT;
	for (size_t i = 0; i < chars + CHECKSUM_CHARS; i++) {
		int value = value_of(text[prefix_len + 1 + i], upper);

		if (value < 0)
			return -SL_EFORMAT;
		sum = step(sum, (uint8_t)value);
		if (i >= chars)
			continue;
		pending = (pending << 5 | (uint32_t)value) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (uint8_t)(pending >> bits);
		}
	}
	/* the bits that filled the last character up */
	if (sum != 1 || n != len || (pending & ((1u << bits) - 1)) != 0) {
		explicit_bzero(out, len);
		return -SL_EFORMAT;
	}
	return 0;
}
