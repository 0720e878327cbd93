/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forensics/bundleindex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line that is taken is the only way to write what it says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundleplace p;
	char again[128];
	int n;

	if (bundleindex_line(&p, (const char *)data, size) < 0)
		return 0;
	n = snprintf(again, sizeof(again), "%016llx %llu %llu %llu", (unsigned long long)p.hash,
		     (unsigned long long)p.seq, (unsigned long long)p.frame,
		     (unsigned long long)p.offset);
	if ((size_t)n != size || memcmp(again, data, size) != 0)
		abort();
	return 0;
}
