/* SPDX-License-Identifier: Apache-2.0 */
/* A unit, drop-in or environment file that starts dockerd. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/docker_flags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_dirs dirs = {0};

	(void)docker_flags_read(&dirs, (const char *)data, size, NULL);
	/* what is opened later: absolute, and one word */
	for (size_t i = 0; i < dirs.count; i++)
		if (dirs.dirs[i][0] != '/' || strpbrk(dirs.dirs[i], " \t\n\"'") != NULL)
			abort();
	store_dirs_clear(&dirs);
	return 0;
}
