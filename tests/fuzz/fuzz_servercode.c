/* SPDX-License-Identifier: Apache-2.0 */
/* The size of the pieces, then a file: what is found in the whole is found in its pieces. */
#include <stdint.h>
#include <stdlib.h>

#include "diff/servercode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct servercode s = {0};
	size_t step;

	if (size == 0)
		return 0;
	step = (size_t)data[0] + 1;
	data++;
	size--;
	for (size_t i = 0; i < size; i += step)
		servercode_feed(&s, data + i, size - i < step ? size - i : step);
	if (servercode_in(data, size) && !s.found)
		abort();
	return 0;
}
