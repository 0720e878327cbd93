/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of digests, line by line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/linetap.h"
#include "diff/hashlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *payload, struct sl_bytes line, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_bytes label = {NULL, 0};
	enum hashlist_line kind = hashlist_parse(line, digest, &label);

	(void)payload;
	(void)err;
	/* what is lent lies in the line */
	if (label.len > 0 &&
	    (label.data < line.data || label.data + label.len > line.data + line.len))
		abort();
	if (kind == HASHLIST_SHA256 && line.len < 64)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct linetap lines;

	linetap_init(&lines, 4096, take, NULL);
	if (lines.tap.data(&lines.tap, data, size, NULL) == 0)
		(void)linetap_end(&lines, NULL);
	linetap_clear(&lines);
	return 0;
}
