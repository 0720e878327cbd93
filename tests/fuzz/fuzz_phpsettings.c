/* SPDX-License-Identifier: Apache-2.0 */
/* A page; what stands before its first zero byte is the template of what stands behind it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff/phpsettings.h"

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

		(void)phpsettings_filled_in((struct sl_bytes){page.data, at},
					    (struct sl_bytes){page.data + at + 1, size - at - 1});
	}
	return 0;
}
