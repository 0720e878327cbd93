/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells of a process's memory: the input as smaps, and as a thread's call. */
#include <stdint.h>
#include <stdlib.h>

#include "host/dumplook.h"
#include "host/smaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_bytes rest = {(const char *)data, size};
	struct dump_thread thread = {0};
	struct smaps_row row;
	size_t left = size + 1;
	int rc;

	if (size == 0)
		return 0;
	if (smaps_whole(rest.data, size) > size)
		abort();
	while ((rc = smaps_next(&rest, &row, NULL)) != 1) {
		if (rest.len >= left)
			abort(); /* it does not come nearer to the end */
		left = rest.len;
		if (rc == 0 && (row.map.end < row.map.start || dump_kind_of(&row) >= DUMP_KINDS))
			abort();
	}
	dump_thread_parse(&thread, (const char *)data, size);
	return 0;
}
