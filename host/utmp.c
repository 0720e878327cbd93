/* SPDX-License-Identifier: Apache-2.0 */
#include "host/utmp.h"

#include <string.h>

#include <strandline/error.h>

#include "core/cleanup.h"

/* <utmpx.h>: somebody works there. */
#define USER_PROCESS_TYPE 7

/*
 * Where the members stand. Machines that have run 32-bit programs, too, keep 32-bit times in 64-bit
 * records; others (arm64, riscv64) have times of 64 bits.
 */
static const struct layout {
	size_t size, time, usec, width;
} layouts[] = {
	{384, 340, 344, 4},
	{400, 344, 352, 8},
};

enum { AT_TYPE = 0, AT_PID = 4, AT_LINE = 8, AT_USER = 44, AT_HOST = 76 };
enum { LINE_SIZE = 32, USER_SIZE = 32, HOST_SIZE = 256 };

static int64_t number(const unsigned char *at, size_t width)
{
	int64_t n = 0;
	int32_t small = 0;
	int16_t tiny = 0;

	if (width == 8) {
		memcpy(&n, at, 8);
		return n;
	}
	if (width == 4) {
		memcpy(&small, at, 4);
		return small;
	}
	memcpy(&tiny, at, 2);
	return tiny;
}

static void text(char *out, const unsigned char *at, size_t size)
{
	memcpy(out, at, size);
	out[size] = '\0';
}

static bool is_sound(const unsigned char *row)
{
	int64_t type = number(row + AT_TYPE, 2);

	return type >= 0 && type <= 9 && row[2] == 0 && row[3] == 0;
}

/* The layout in which every record looks like one. */
static const struct layout *find_layout(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *l = &layouts[i];
		size_t at = 0;

		if (len % l->size != 0)
			continue;
		while (at < len && is_sound(bytes + at))
			at += l->size;
		if (at == len)
			return l;
	}
	return NULL;
}

int utmp_each(const void *bytes, size_t len, int (*each)(void *payload, const struct utmp_row *row),
	      void *payload)
{
	const unsigned char *all = bytes;
	const struct layout *l = find_layout(all, len);
	int rc = 0;

	if (l == NULL)
		return -SL_EFORMAT;
	for (size_t at = 0; rc == 0 && at < len; at += l->size) {
		const unsigned char *p = all + at;
		struct utmp_row row;
		int64_t usec = number(p + l->usec, l->width);

		if (number(p + AT_TYPE, 2) != USER_PROCESS_TYPE)
			continue;
		row.pid = number(p + AT_PID, 4);
		text(row.line, p + AT_LINE, LINE_SIZE);
		text(row.user, p + AT_USER, USER_SIZE);
		text(row.from, p + AT_HOST, HOST_SIZE);
		row.time.sec = number(p + l->time, l->width);
		row.time.nsec = usec >= 0 && usec < 1000000 ? (uint32_t)usec * 1000 : 0;
		rc = each(payload, &row);
	}
	return rc;
}
