/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_root.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

static void must(bool good)
{
	if (!good) {
		perror("fake root");
		abort();
	}
}

SL_PRINTF(2, 0)
static char *place(const char *root, const char *path, va_list ap)
{
	AUTO_FREE char *below = NULL;
	char *out = NULL;

	must(vasprintf(&below, path, ap) >= 0);
	must(asprintf(&out, "%s/%s", root, below) >= 0);
	return out;
}

#define PLACE(out)                                                                                 \
	AUTO_FREE char *out = NULL;                                                                \
	{                                                                                          \
		va_list ap_;                                                                       \
		va_start(ap_, path);                                                               \
		(out) = place(root, path, ap_);                                                    \
		va_end(ap_);                                                                       \
	}

static void make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		must(mkdir(path, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
}

char *fake_root(void)
{
	const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
	char *path = NULL;

	must(asprintf(&path, "%s/strandline-root.XXXXXX", tmp != NULL ? tmp : "/tmp") >= 0);
	must(mkdtemp(path) != NULL);
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fake_root_remove(char *root)
{
	must(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
	free(root);
}

void fake_remove(const char *root, const char *path, ...)
{
	PLACE(at);
	must(nftw(at, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

void fake_dir(const char *root, const char *path, ...)
{
	PLACE(at);
	make_parents(at);
	must(mkdir(at, 0755) == 0 || errno == EEXIST);
}

static void write_file(char *at, const void *bytes, size_t len)
{
	AUTO_CLOSE int fd = -1;

	make_parents(at);
	fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(fd >= 0);
	must(write(fd, bytes, len) == (ssize_t)len);
}

void fake_file(const char *root, const char *text, const char *path, ...)
{
	PLACE(at);
	write_file(at, text, strlen(text));
}

void fake_bytes(const char *root, const void *bytes, size_t len, const char *path, ...)
{
	PLACE(at);
	write_file(at, bytes, len);
}

void fake_link(const char *root, const char *target, const char *path, ...)
{
	PLACE(at);
	make_parents(at);
	must(unlink(at) == 0 || errno == ENOENT);
	must(symlink(target, at) == 0);
}

void fake_fifo(const char *root, const char *path, ...)
{
	PLACE(at);
	make_parents(at);
	must(mkfifo(at, 0644) == 0);
}

bool fake_is(const char *root, int fd, const char *path, ...)
{
	struct stat a, b;

	PLACE(at);
	return fstat(fd, &a) == 0 && stat(at, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}
