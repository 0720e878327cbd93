/* SPDX-License-Identifier: Apache-2.0 */
/* Any value of system.posix_acl_access is told or refused; what is refused leaves nothing behind.
 */
#include <stdint.h>
#include <stdlib.h>

#include <strandline/error.h>

#include "diff/acl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT(8192);
	int rc = acl_format(&text, data, size);

	if (rc != 0 && (rc != -SL_EFORMAT || text.len > 0))
		abort();
	if (rc == 0 && text.len == 0)
		abort();
	buf_clear(&text);
	return 0;
}
