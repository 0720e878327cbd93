/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/linkproof.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "snapshot/tarsplit.h"

#define PIECE ((size_t)16 << 10)
/* Larger copies are not compared here, but hashed like any file that the tar does not prove. */
#define COPY_MAX (1 << 30)

/* 0 and @len, less than @cap at the end only; negative errno. */
static int read_at(int fd, off_t at, char *buf, size_t cap, size_t *len)
{
	for (*len = 0; *len < cap;) {
		ssize_t n = pread(fd, buf + *len, cap - *len, at + (off_t)*len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return 0;
}

static bool same_bytes(int a, int b)
{
	char x[PIECE], y[PIECE];
	size_t n, m;

	for (off_t at = 0;; at += (off_t)n) {
		if (read_at(a, at, x, PIECE, &n) < 0 || read_at(b, at, y, PIECE, &m) < 0 ||
		    n != m || memcmp(x, y, n) != 0)
			return false;
		if (n < PIECE)
			return true;
	}
}

/* What is no file there, or cannot be opened, is told by who walks the directory. */
static int open_regular(int dir_fd, const char *path, struct stat *st)
{
	AUTO_CLOSE int fd = tarsplit_open_file(dir_fd, path, NULL);

	return fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) ? take_fd(&fd) : -1;
}

int linkproof_item(struct inodeset *severed, int dir_fd, const struct layer_item *item,
		   struct sl_error *err)
{
	AUTO_CLOSE int fd = -1, target_fd = -1;
	AUTO_FREE char *name = NULL;
	struct stat st, target;

	if (item->hardlink.data == NULL)
		return 0;
	fd = open_regular(dir_fd, item->entry.path.data, &st);
	if (fd < 0)
		return 0;
	name = strndup(item->hardlink.data, item->hardlink.len);
	if (name == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "hard link");
	target_fd = open_regular(dir_fd, name, &target);
	if (target_fd >= 0 && target.st_dev == st.st_dev && target.st_ino == st.st_ino)
		return 0;
	if (target_fd >= 0 && target.st_size == st.st_size && st.st_size <= COPY_MAX &&
	    same_bytes(fd, target_fd))
		return 0;
	return inodeset_add(severed, st.st_ino, err);
}
