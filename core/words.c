/* SPDX-License-Identifier: Apache-2.0 */
#include "core/words.h"

#include <inttypes.h>
#include <stdio.h>

void words_count(struct buf *out, uint64_t n)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			(void)buf_append_char(out, ',');
		(void)buf_append_char(out, digits[i]);
	}
}

void words_plural(struct buf *out, uint64_t n, const char *one, const char *many)
{
	words_count(out, n);
	(void)buf_printf(out, " %s", n == 1 ? one : many);
}

const char *words_s(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void words_size(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t whole = bytes, rest = 0;
	size_t unit = 0;

	for (; whole >= 1024; unit++) {
		rest = whole % 1024;
		whole /= 1024;
	}
	(void)buf_append_number(out, whole);
	if (unit > 0 && whole < 100) {
		(void)buf_append_char(out, '.');
		(void)buf_append_number(out, rest * 10 / 1024);
	}
	(void)buf_append_char(out, ' ');
	(void)buf_append_str(out, units[unit]);
}
