/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crc64.h"

#include <endian.h>
#include <string.h>

#ifdef STRANDLINE_HAVE_ISAL
#	include <isa-l/crc64.h>
#endif

#define CRC64_ISO_REFLECTED 0xd800000000000000ull

void crc64_init(struct crc64 *c)
{
	for (unsigned int i = 0; i < 256; i++) {
		uint64_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? (crc >> 1) ^ CRC64_ISO_REFLECTED : crc >> 1;
		c->table[0][i] = crc;
	}
	for (unsigned int i = 0; i < 256; i++)
		for (unsigned int k = 1; k < 8; k++)
			c->table[k][i] =
				c->table[0][c->table[k - 1][i] & 0xff] ^ (c->table[k - 1][i] >> 8);
}

uint64_t crc64_update_table(const struct crc64 *c, uint64_t crc, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	crc = ~crc;
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		crc ^= le64toh(word);
		crc = c->table[7][crc & 0xff] ^ c->table[6][(crc >> 8) & 0xff] ^
		      c->table[5][(crc >> 16) & 0xff] ^ c->table[4][(crc >> 24) & 0xff] ^
		      c->table[3][(crc >> 32) & 0xff] ^ c->table[2][(crc >> 40) & 0xff] ^
		      c->table[1][(crc >> 48) & 0xff] ^ c->table[0][crc >> 56];
	}
	for (; len > 0; p++, len--)
		crc = c->table[0][(crc ^ *p) & 0xff] ^ (crc >> 8);
	return ~crc;
}

uint64_t crc64_update(const struct crc64 *c, uint64_t crc, const void *bytes, size_t len)
{
#ifdef STRANDLINE_HAVE_ISAL
	(void)c;
	return crc64_iso_refl(crc, bytes, len);
#else
	return crc64_update_table(c, crc, bytes, len);
#endif
}
