/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/tlogproof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses is whole pieces of the input, and the proofs together are all of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct tlogproof p;
	size_t pos = 0, before = 0;

	while (tlogproof_next(&p, text, size, &pos, NULL) == 0) {
		if (pos <= before || pos > size || p.proof.count > 64 ||
		    p.note.data + p.note.len != text + pos)
			abort();
		if (p.extra.len > 0 &&
		    (p.extra.data < text + before || p.extra.data + p.extra.len > p.note.data))
			abort();
		before = pos;
	}
	return 0;
}
