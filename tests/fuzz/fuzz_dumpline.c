/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a dump: what is accepted is written again exactly as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "snapshot/dumpline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dumpline d CLEANUP(dumpline_clear) = DUMPLINE_INIT;
	struct buf again CLEANUP(buf_clear) = BUF_INIT(DUMPLINE_MAX);
	struct row row;

	if (dumpline_parse(&d, (const char *)data, size, &row, NULL) < 0)
		return 0;
	if (dumpline_format(&again, &row, NULL) < 0 || again.len != size + 1 ||
	    memcmp(again.data, data, size) != 0)
		abort();
	return 0;
}
