/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "forensics/locallog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT(64);
	struct logline line;

	if (locallog_parse(&line, &text, (const char *)data, size) == 0)
		must(text.len <= 64);
	buf_clear(&text);
	return 0;
}
