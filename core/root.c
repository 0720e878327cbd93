/* SPDX-License-Identifier: Apache-2.0 */
#include "core/root.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/quote.h"

/* Longest piece of a path given to the kernel at once. */
#define PIECE_MAX 3840

int root_open_dir(const char *path, struct sl_error *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		AUTO_FREE char *shown = quote_dup(path, strlen(path));
		int sys = errno;

		return sl_fail(err, sys == ENOENT ? SL_ENOTFOUND : SL_EIO, sys, "open '%s'",
			       shown != NULL ? shown : "?");
	}
	return fd;
}

int root_read_named(const char *path, struct buf *out, struct sl_error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char chunk[4096];
	ssize_t n;

	if (fd < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno, "open '%s'",
			       path);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		if (buf_append(out, chunk, (size_t)n) < 0)
			return sl_fail(err, SL_ELIMIT, 0, "'%s' is larger than %zu bytes", path,
				       out->max);
	return n < 0 ? sl_fail(err, SL_EIO, errno, "read '%s'", path) : 0;
}

/* A pipe, by the descriptor that was looked at: no second look-up of the name. */
static int open_pipe(int path_fd)
{
	char proc[48];

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", path_fd);
	return open(proc, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

int root_open_named(const char *path, bool pipe_ok, struct sl_error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	AUTO_CLOSE int fd =
		is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_PATH | O_CLOEXEC);
	AUTO_FREE char *shown = is_stdin ? strdup("standard input") : quote_dup(path, strlen(path));
	const char *name = shown != NULL ? shown : "?";
	struct stat st;
	int out;

	if (fd < 0 || fstat(fd, &st) < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno, "open '%s'",
			       name);
	if (S_ISREG(st.st_mode)) {
		out = root_reopen(fd, err);
		return out < 0 ? sl_wrap(err, out, "'%s'", name) : out;
	}
	if (!S_ISFIFO(st.st_mode) && !(is_stdin && S_ISSOCK(st.st_mode)))
		return sl_fail(err, SL_EINVAL, 0, "'%s' is %s", name,
			       S_ISDIR(st.st_mode) ? "a directory"
						   : "neither a regular file nor a pipe");
	if (!pipe_ok)
		return sl_fail(err, SL_EINVAL, 0, "'%s' is a pipe", name);
	out = is_stdin ? take_fd(&fd) : open_pipe(fd);
	return out < 0 ? sl_fail(err, SL_EIO, errno, "open '%s'", name) : out;
}

static int open_fail(const char *path, int sys, struct sl_error *err)
{
	AUTO_FREE char *shown = err != NULL ? quote_dup(path, strlen(path)) : NULL;

	return sl_fail(err, sys == ENOENT || sys == ENOTDIR ? SL_ENOTFOUND : SL_EIO, sys,
		       "open '%s'", shown != NULL ? shown : "?");
}

static int open_at(int dir_fd, const char *path, uint64_t flags, enum root_follow follow)
{
	while (*path == '/')
		path++;
	return beneath_open(dir_fd, *path != '\0' ? path : ".", flags,
			    follow == ROOT_FOLLOW_INSIDE ? BENEATH_IN_ROOT : BENEATH_NO_LINKS);
}

/*
 * The kernel takes at most PATH_MAX bytes a call. A longer path is opened in pieces, which is the
 * same thing where no component may be a link.
 */
static int open_long(int dir_fd, const char *path, uint64_t flags)
{
	AUTO_CLOSE int base = -1;
	AUTO_FREE char *piece = malloc(PIECE_MAX + 1);

	if (piece == NULL) {
		errno = ENOMEM;
		return -1;
	}
	while (strlen(path) > PIECE_MAX) {
		size_t len = PIECE_MAX;
		int next;

		while (len > 0 && path[len] != '/')
			len--;
		if (len == 0) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(piece, path, len);
		piece[len] = '\0';
		next = open_at(base >= 0 ? base : dir_fd, piece, O_PATH | O_DIRECTORY,
			       ROOT_NO_LINKS);
		if (next < 0)
			return -1;
		if (base >= 0)
			close(base);
		base = next;
		path += len + 1;
	}
	return open_at(base >= 0 ? base : dir_fd, path, flags, ROOT_NO_LINKS);
}

int root_open_path(int dir_fd, const char *path, enum root_follow follow, struct sl_error *err)
{
	int fd = follow == ROOT_NO_LINKS ? open_long(dir_fd, path, O_PATH | O_NOFOLLOW)
					 : open_at(dir_fd, path, O_PATH, follow);

	return fd < 0 ? open_fail(path, errno, err) : fd;
}

int root_open_subdir(int dir_fd, const char *path, enum root_follow follow, struct sl_error *err)
{
	int fd = follow == ROOT_NO_LINKS ? open_long(dir_fd, path, O_PATH | O_DIRECTORY)
					 : open_at(dir_fd, path, O_PATH | O_DIRECTORY, follow);

	return fd < 0 ? open_fail(path, errno, err) : fd;
}

int root_reopen(int path_fd, struct sl_error *err)
{
	struct stat st;
	int flags, fd;

	if (fstat(path_fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat");
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return sl_fail(err, SL_EINVAL, 0, "neither a regular file nor a directory");
	flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
		(S_ISDIR(st.st_mode) ? O_DIRECTORY : 0);
	/* O_NOATIME is for owners and CAP_FOWNER only */
	fd = kernel_reopen(path_fd, &st, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = kernel_reopen(path_fd, &st, flags);
	if (fd < 0 && errno == ENXIO && S_ISDIR(st.st_mode))
		fd = openat(path_fd, ".", flags);
	if (fd < 0 && errno == ENXIO)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "files are opened through /proc, which is not mounted here");
	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "open for reading");
	return fd;
}

int root_open_file(int dir_fd, const char *path, enum root_follow follow, struct sl_error *err)
{
	AUTO_CLOSE int path_fd = root_open_path(dir_fd, path, follow, err);
	int fd;

	if (path_fd < 0)
		return path_fd;
	fd = root_reopen(path_fd, err);
	if (fd < 0) {
		AUTO_FREE char *shown = quote_dup(path, strlen(path));

		return sl_wrap(err, fd, "'%s'", shown != NULL ? shown : "?");
	}
	return fd;
}

static int read_all(int fd, struct buf *out, struct sl_error *err)
{
	off_t at = 0;

	for (;;) {
		size_t want = out->max - out->len < 65536 ? out->max - out->len + 1 : 65536;
		char chunk[65536];
		ssize_t n = pread(fd, chunk, want > sizeof(chunk) ? sizeof(chunk) : want, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "read");
		if (n == 0)
			return 0;
		if (buf_append(out, chunk, (size_t)n) < 0)
			return sl_fail(err, out->status == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0,
				       "larger than %zu bytes", out->max);
		at += n;
	}
}

int root_read_fd(int fd, struct buf *out, struct sl_error *err)
{
	AUTO_CLOSE int readable = root_reopen(fd, err);

	if (readable < 0)
		return readable;
	return read_all(readable, out, err);
}

int root_read_file(int dir_fd, const char *path, enum root_follow follow, struct buf *out,
		   struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_file(dir_fd, path, follow, err);
	int rc;

	if (fd < 0)
		return fd;
	rc = read_all(fd, out, err);
	if (rc < 0) {
		AUTO_FREE char *shown = quote_dup(path, strlen(path));

		return sl_wrap(err, rc, "'%s'", shown != NULL ? shown : "?");
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct root_names *out, size_t *cap, const char *name)
{
	if (out->count == *cap) {
		size_t grown = *cap == 0 ? 64 : *cap * 2;
		char **names = realloc(out->names, grown * sizeof(*names));

		if (names == NULL)
			return -SL_ENOMEM;
		out->names = names;
		*cap = grown;
	}
	out->names[out->count] = strdup(name);
	if (out->names[out->count] == NULL)
		return -SL_ENOMEM;
	out->count++;
	return 0;
}

int root_list(int dir_fd, struct root_names *out, size_t max, struct sl_error *err)
{
	int fd = root_reopen(dir_fd, err);
	struct dirent *e;
	size_t cap = 0;
	DIR *d;
	int rc = 0;

	*out = (struct root_names){0};
	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return sl_fail(err, SL_EIO, errno, "list directory");
	}
	/* the stream is ours alone, so readdir is safe */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	for (errno = 0; rc == 0 && (e = readdir(d)) != NULL; errno = 0) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (out->count == max)
			rc = sl_fail(err, SL_ELIMIT, 0, "more than %zu names in a directory", max);
		else if (add_name(out, &cap, e->d_name) < 0)
			rc = sl_fail(err, SL_ENOMEM, 0, "directory listing");
	}
	if (rc == 0 && errno != 0)
		rc = sl_fail(err, SL_EIO, errno, "list directory");
	(void)closedir(d);
	if (rc < 0) {
		root_names_clear(out);
		return rc;
	}
	if (out->count > 1)
		qsort(out->names, out->count, sizeof(*out->names), compare_names);
	return 0;
}

void root_names_clear(struct root_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->names[i]);
	free((void *)n->names);
	*n = (struct root_names){0};
}

int root_read_link(int dir_fd, const char *name, struct buf *out, struct sl_error *err)
{
	size_t cap = 256;

	for (;;) {
		ssize_t n;

		if (buf_reserve(out, cap) < 0)
			return sl_fail(err, SL_ELIMIT, 0, "link target longer than %zu bytes",
				       out->max);
		n = readlinkat(dir_fd, name, out->data + out->len, cap);
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "read link");
		if ((size_t)n < cap) {
			out->len += (size_t)n;
			out->data[out->len] = '\0';
			return 0;
		}
		cap *= 2;
	}
}
