/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the line of a record: parsed, shown, never a control byte on a terminal. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "forensics/inventory.h"
#include "forensics/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf line = BUF_INIT(1 << 20);
	struct stored stored;
	struct record r;

	if (record_parse(&r, (const char *)data, size, NULL) == 0) {
		struct sl_bundle_record record = {
			.seq = r.seq,
			.type = r.type,
			.target = r.target,
			.line = (const char *)data,
			.len = size,
		};

		(void)record_stored(jval_get(r.doc, "stored"), &stored, NULL);
		if (inventory_line(&line, &record, NULL) == 0)
			for (size_t i = 0; i < line.len; i++)
				must((unsigned char)line.data[i] >= ' ');
	}
	record_clear(&r);
	buf_clear(&line);
	return 0;
}
