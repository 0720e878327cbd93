/* SPDX-License-Identifier: Apache-2.0 */
#include "core/within.h"

#include <fcntl.h>

#include "core/cleanup.h"

#define MAX_PARENTS 4096

static bool same_object(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_one_of(const struct stat *here, const struct stat *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (same_object(here, &places[i]))
			return true;
	return false;
}

int lies_within(int dir_fd, const struct stat *places, size_t count, struct sl_error *err)
{
	AUTO_CLOSE int fd = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat here, above;

	if (fd < 0 || fstat(fd, &here) < 0)
		return sl_fail(err, SL_EIO, errno, "look where it lies");
	for (int depth = 0; depth < MAX_PARENTS; depth++) {
		AUTO_CLOSE int up = -1;

		if (is_one_of(&here, places, count))
			return 1;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0 || fstat(up, &above) < 0)
			return sl_fail(err, SL_EIO, errno, "look where it lies");
		if (same_object(&here, &above))
			return 0;
		close(fd);
		fd = take_fd(&up);
		here = above;
	}
	return sl_fail(err, SL_ELIMIT, 0, "it lies more than %d directories deep", MAX_PARENTS);
}
