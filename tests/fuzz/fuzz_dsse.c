/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/dsse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[SIGN_PUBLIC_SIZE] = {1};
	struct dsse d;

	if (dsse_parse(&d, (const char *)data, size, 1u << 20, NULL) == 0) {
		if (d.type == NULL || d.count > DSSE_MAX_SIGNATURES || d.payload.len > size)
			abort();
		if (dsse_verify(&d, key, NULL) == 0)
			abort();
	}
	dsse_clear(&d);
	return 0;
}
