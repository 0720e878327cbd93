/* SPDX-License-Identifier: Apache-2.0 */
/* A page; what stands before its first zero byte is what that behind it was made of. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff/phpsettings.h"
#include "diff/placeholders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_bytes page = {(const char *)data, size};
	const uint8_t *zero = size > 0 ? memchr(data, '\0', size) : NULL;

	if (phpsettings_only(page) && memmem(data, size, "system(", 7) != NULL &&
	    memchr(data, '\'', size) == NULL && memchr(data, '"', size) == NULL &&
	    memchr(data, '/', size) == NULL && memchr(data, '#', size) == NULL)
		abort();
	if (phpsettings_filled_in(page, page))
		abort();
	if (zero != NULL) {
		size_t at = (size_t)(zero - data);

		struct sl_bytes before = {page.data, at};
		struct sl_bytes after = {page.data + at + 1, size - at - 1};

		(void)phpsettings_filled_in(before, after);
		/* what took a value differs from what it was */
		if (placeholders_filled_in(before, after) && before.len == after.len &&
		    memcmp(before.data, after.data, before.len) == 0)
			abort();
	}
	return 0;
}
