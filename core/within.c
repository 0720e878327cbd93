/* SPDX-License-Identifier: Apache-2.0 */
#include "core/within.h"

#include <fcntl.h>

#include "core/cleanup.h"

#define MAX_PARENTS 4096

static bool same_object(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool lies_within(int dir_fd, const struct stat *places, size_t count)
{
	AUTO_CLOSE int fd = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat here, above;

	for (int depth = 0; fd >= 0 && depth < MAX_PARENTS; depth++) {
		int up;

		if (fstat(fd, &here) < 0)
			return true;
		for (size_t i = 0; i < count; i++)
			if (same_object(&here, &places[i]))
				return true;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0 || fstat(up, &above) < 0) {
			if (up >= 0)
				close(up);
			return true;
		}
		close(fd);
		fd = up;
		if (same_object(&here, &above))
			return false;
	}
	return true;
}
