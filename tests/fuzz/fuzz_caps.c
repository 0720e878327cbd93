/* SPDX-License-Identifier: Apache-2.0 */
/* Any value of security.capability is decoded or refused, and what is decoded can be told. */
#include <stdint.h>
#include <stdlib.h>

#include "diff/caps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT(8192);
	struct caps caps;

	if (caps_decode(&caps, data, size) == 0) {
		if (caps_format(&text, &caps) != 0)
			abort();
		if ((caps.permitted | caps.inheritable) != 0 && text.len == 0)
			abort();
	}
	buf_clear(&text);
	return 0;
}
