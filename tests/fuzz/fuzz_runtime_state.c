/* SPDX-License-Identifier: Apache-2.0 */
/* runc's state.json, crun's status. */
#include <stdint.h>
#include <stdlib.h>

#include "host/runtimes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct runtime_state s = {0};

	if (runtimes_parse(&s, data, size, NULL) == 0 &&
	    (s.pid < 0 || (s.rootfs != NULL && s.rootfs[0] != '/')))
		abort();
	free(s.rootfs);
	return 0;
}
