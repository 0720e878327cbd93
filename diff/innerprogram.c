/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/innerprogram.h"

#include <string.h>

bool innerprogram_is_ident(const uint8_t *at)
{
	return memcmp(at, "\177ELF", 4) == 0 && (at[4] == 1 || at[4] == 2) &&
	       (at[5] == 1 || at[5] == 2) && at[6] == 1 && memcmp(at + 9, "\0\0\0\0\0\0\0", 7) == 0;
}

/* A type and a version behind. */
static bool is_header(const uint8_t *at)
{
	return innerprogram_is_ident(at) && (at[16] | at[17]) >= 1 && (at[16] | at[17]) <= 4 &&
	       (at[20] | at[23]) == 1;
}

/*
 * Four zeros in a place that is a multiple of four, as any seven zeros have them: neither texts nor
 * what is packed, which is told far sooner than where 0x7f stands in it.
 */
static bool has_zeros(const uint8_t *at, size_t len)
{
	typedef uint32_t words __attribute__((vector_size(16)));
	words is_zero = {0};

	for (; len >= sizeof(words); at += sizeof(words), len -= sizeof(words)) {
		words next;

		memcpy(&next, at, sizeof(next));
		is_zero |= (words)(next == 0);
	}
	for (; len >= 4; at += 4, len -= 4)
		is_zero[0] |= memcmp(at, "\0\0\0\0", 4) == 0;
	return (is_zero[0] | is_zero[1] | is_zero[2] | is_zero[3]) != 0;
}

bool innerprogram_has_header(const void *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = at + len;

	if (!has_zeros(at, len))
		return false;
	for (; end - at >= 24 && (at = memchr(at, 0x7f, (size_t)(end - at) - 23)) != NULL; at++)
		if (at[1] == 'E' && is_header(at))
			return true;
	return false;
}

bool innerprogram_has_letters(const void *bytes, size_t len)
{
	static const char encoded[] = "f0VMRg"; /* and class, byte order and version */
	const char *from = bytes, *end = from + len;

	/* the rarest of these letters, in texts */
	for (const char *at = from; at < end; at++) {
		at = memchr(at, 'V', (size_t)(end - at));
		if (at == NULL)
			return false;
		if (at - from >= 2 && end - at >= 8 && memcmp(at - 2, encoded, 6) == 0 &&
		    (memcmp(at + 4, "IBAQ", 4) == 0 || memcmp(at + 4, "EBAQ", 4) == 0))
			return true;
	}
	return false;
}
