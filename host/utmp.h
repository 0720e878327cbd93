/* SPDX-License-Identifier: Apache-2.0 */
/* Who was logged in, by the records of utmp(5): as glibc writes them, on either size of machine. */
#ifndef HOST_UTMP_H
#define HOST_UTMP_H

#include <stddef.h>

#include <strandline/base.h>

struct utmp_row {
	int64_t pid;
	char user[33], line[33], from[257]; /* bytes as they are; ended by NUL */
	struct sl_time time;
};

/*
 * Call @each for every user who is logged in. A non-zero return ends it and is returned.
 * -SL_EFORMAT when the file is not made of such records.
 */
int utmp_each(const void *bytes, size_t len, int (*each)(void *payload, const struct utmp_row *row),
	      void *payload);

#endif
