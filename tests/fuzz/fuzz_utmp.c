/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/utmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each(void *payload, const struct utmp_row *row)
{
	size_t *left = payload;

	if (strlen(row->user) > 32 || strlen(row->line) > 32 || strlen(row->from) > 256 ||
	    row->time.nsec >= 1000000000u || *left == 0)
		abort();
	(*left)--;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t left = size / 384;

	(void)utmp_each(data, size, each, &left);
	return 0;
}
