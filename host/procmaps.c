/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procmaps.h"

#include <string.h>

/* What is left of a line. */
struct rest {
	const char *at, *end;
};

static int digit_of(char c, int base)
{
	int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

	return value < base ? value : -1;
}

/* A number and the character behind it. */
static bool number(struct rest *r, int base, uint64_t max, char behind, uint64_t *out)
{
	const char *from = r->at;
	uint64_t n = 0;

	for (; r->at < r->end && digit_of(*r->at, base) >= 0; r->at++) {
		uint64_t digit = (uint64_t)digit_of(*r->at, base);

		if (n > (max - digit) / (uint64_t)base)
			return false;
		n = n * (uint64_t)base + digit;
	}
	if (r->at == from || r->at == r->end || *r->at != behind)
		return false;
	r->at++;
	*out = n;
	return true;
}

/* "r-xp " */
static bool rights(struct rest *r, struct procmaps_row *out)
{
	if (r->end - r->at < 5 || r->at[4] != ' ')
		return false;
	out->is_readable = r->at[0] == 'r';
	out->is_writable = r->at[1] == 'w';
	out->is_executable = r->at[2] == 'x';
	out->is_shared = r->at[3] == 's';
	r->at += 5;
	return true;
}

/* "55bb7fbc3000-55bb7fbc8000 r-xp 00002000 00:28 10977474            /bin/sh" */
static bool read_row(struct rest r, struct procmaps_row *out)
{
	uint64_t major, minor;

	if (!number(&r, 16, UINT64_MAX, '-', &out->start) ||
	    !number(&r, 16, UINT64_MAX, ' ', &out->end) || !rights(&r, out) ||
	    !number(&r, 16, UINT64_MAX, ' ', &out->offset) ||
	    !number(&r, 16, UINT32_MAX, ':', &major) || !number(&r, 16, UINT32_MAX, ' ', &minor) ||
	    !number(&r, 10, UINT64_MAX, ' ', &out->inode))
		return false;
	out->major = (uint32_t)major;
	out->minor = (uint32_t)minor;
	while (r.at < r.end && *r.at == ' ')
		r.at++;
	out->path = (struct sl_bytes){r.at, (size_t)(r.end - r.at)};
	return true;
}

int procmaps_next(struct sl_bytes *rest, struct procmaps_row *out, struct sl_error *err)
{
	const char *end;
	struct rest line;

	if (rest->len == 0)
		return 1;
	end = memchr(rest->data, '\n', rest->len);
	line = (struct rest){rest->data, end != NULL ? end : rest->data + rest->len};
	rest->len -= (size_t)(line.end - line.at) + (end != NULL);
	rest->data = line.end + (end != NULL);
	*out = (struct procmaps_row){0};
	return read_row(line, out) ? 0 : sl_fail(err, SL_EFORMAT, 0, "a line is no mapping");
}
