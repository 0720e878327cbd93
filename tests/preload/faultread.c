/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: what a program asks of the files beneath FAULTREAD_DIR (an absolute path without
 * links) fails once, and threads and processes run out.
 *
 * FAULTREAD_FAIL=...    which call (faultplan.h); kinds: open, stat, list, read, link, attr;
 * thread, fork FAULTREAD_COUNT=FILE  at the end: a line "KIND COUNT" for each kind
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "preload/faultplan.h"

enum kind {
	KIND_OPEN,
	KIND_STAT,
	KIND_LIST,
	KIND_READ,
	KIND_LINK,
	KIND_ATTR,
	KIND_THREAD,
	KIND_FORK,
	KINDS
};

static const char *const kind_names[KINDS] = {"open", "stat", "list",   "read",
					      "link", "attr", "thread", "fork"};

static struct {
	const char *dir;
	size_t dir_len;
	struct faultplan plan;
	pid_t pid;
} state;

__attribute__((constructor)) static void begin(void)
{
	state.dir = getenv("FAULTREAD_DIR");
	state.dir_len = state.dir != NULL ? strlen(state.dir) : 0;
	state.pid = getpid();
	faultplan_parse(&state.plan, getenv("FAULTREAD_FAIL"), kind_names, KINDS);
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAULTREAD_COUNT");
	unsigned long counts[KINDS];
	FILE *out;

	/* opening the file counts, too */
	memcpy(counts, state.plan.counts, sizeof(counts));
	out = path != NULL && getpid() == state.pid ? fopen(path, "we") : NULL;
	for (enum kind k = 0; out != NULL && k < KINDS; k++)
		(void)fprintf(out, "%s %lu\n", kind_names[k], counts[k]);
	if (out != NULL)
		(void)fclose(out);
}

static bool fails(enum kind kind)
{
	return faultplan_fails(&state.plan, kind);
}

static bool is_inside(const char *path)
{
	return state.dir != NULL && strncmp(path, state.dir, state.dir_len) == 0 &&
	       (path[state.dir_len] == '\0' || path[state.dir_len] == '/');
}

static bool is_watched_fd(int fd)
{
	char link[32], path[4096];
	int saved = errno;
	long n;

	if (state.dir == NULL)
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
	errno = saved;
	if (n < 0)
		return false;
	path[n] = '\0';
	return is_inside(path);
}

/* A descriptor's entry of /proc counts as what it refers to. */
static bool is_watched(int dir_fd, const char *path)
{
	static const char fds[] = "/proc/self/fd/";

	if (path == NULL || path[0] == '\0')
		return is_watched_fd(dir_fd);
	if (strncmp(path, fds, sizeof(fds) - 1) == 0)
		return is_watched_fd(atoi(path + sizeof(fds) - 1));
	if (path[0] == '/')
		return is_inside(path);
	return dir_fd == AT_FDCWD ? false : is_watched_fd(dir_fd);
}

#define REAL(name)                                                                                 \
	static __typeof__(name) *real;                                                             \
	if (real == NULL)                                                                          \
	real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* ---- opening ---- */

int openat(int dir_fd, const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;
	REAL(openat);

	va_start(list, flags);
	mode = va_arg(list, mode_t);
	va_end(list);
	if (is_watched(dir_fd, path) && fails(KIND_OPEN))
		return -1;
	return real(dir_fd, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;
	REAL(open);

	va_start(list, flags);
	mode = va_arg(list, mode_t);
	va_end(list);
	if (is_watched(AT_FDCWD, path) && fails(KIND_OPEN))
		return -1;
	return real(path, flags, mode);
}

int openat64(int dir_fd, const char *path, int flags, ...) __attribute__((alias("openat")));
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

/* getxattrat and listxattrat, Linux 6.13. */
#define CALL_GETXATTRAT 464
#define CALL_LISTXATTRAT 465

long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long a[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (real == NULL)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (number == SYS_openat2 && a[3] != 0 && is_watched((int)a[0], (const char *)a[1]) &&
	    fails(KIND_OPEN))
		return -1;
	if ((number == CALL_GETXATTRAT || number == CALL_LISTXATTRAT) && (int)a[0] >= 0 &&
	    is_watched((int)a[0], (const char *)a[1]) && fails(KIND_ATTR))
		return -1;
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- looking ---- */

int fstat(int fd, struct stat *out)
{
	REAL(fstat);

	return is_watched_fd(fd) && fails(KIND_STAT) ? -1 : real(fd, out);
}

int fstatat(int dir_fd, const char *path, struct stat *out, int flags)
{
	REAL(fstatat);

	return is_watched(dir_fd, path) && fails(KIND_STAT) ? -1 : real(dir_fd, path, out, flags);
}

int statx(int dir_fd, const char *path, int flags, unsigned int mask, struct statx *out)
{
	REAL(statx);

	return is_watched(dir_fd, path) && fails(KIND_STAT) ? -1
							    : real(dir_fd, path, flags, mask, out);
}

int fstat64(int fd, struct stat64 *out) __attribute__((alias("fstat")));
int fstatat64(int dir_fd, const char *path, struct stat64 *out, int flags)
	__attribute__((alias("fstatat")));

/* ---- listing ---- */

ssize_t getdents64(int fd, void *out, size_t size)
{
	REAL(getdents64);

	return is_watched_fd(fd) && fails(KIND_LIST) ? -1 : real(fd, out, size);
}

DIR *fdopendir(int fd)
{
	REAL(fdopendir);

	return is_watched_fd(fd) && fails(KIND_LIST) ? NULL : real(fd);
}

struct dirent *readdir(DIR *dir)
{
	REAL(readdir);

	return is_watched_fd(dirfd(dir)) && fails(KIND_LIST) ? NULL : real(dir);
}

struct dirent64 *readdir64(DIR *dir) __attribute__((alias("readdir")));

/* ---- reading ---- */

ssize_t read(int fd, void *out, size_t size)
{
	REAL(read);

	return is_watched_fd(fd) && fails(KIND_READ) ? -1 : real(fd, out, size);
}

ssize_t pread(int fd, void *out, size_t size, off_t at)
{
	REAL(pread);

	return is_watched_fd(fd) && fails(KIND_READ) ? -1 : real(fd, out, size, at);
}

ssize_t pread64(int fd, void *out, size_t size, off64_t at) __attribute__((alias("pread")));

ssize_t readlinkat(int dir_fd, const char *path, char *out, size_t size)
{
	REAL(readlinkat);

	return is_watched(dir_fd, path) && fails(KIND_LINK) ? -1 : real(dir_fd, path, out, size);
}

ssize_t fgetxattr(int fd, const char *name, void *out, size_t size)
{
	REAL(fgetxattr);

	return is_watched_fd(fd) && fails(KIND_ATTR) ? -1 : real(fd, name, out, size);
}

ssize_t getxattr(const char *path, const char *name, void *out, size_t size)
{
	REAL(getxattr);

	return is_watched(AT_FDCWD, path) && fails(KIND_ATTR) ? -1 : real(path, name, out, size);
}

ssize_t lgetxattr(const char *path, const char *name, void *out, size_t size)
{
	REAL(lgetxattr);

	return is_watched(AT_FDCWD, path) && fails(KIND_ATTR) ? -1 : real(path, name, out, size);
}

ssize_t flistxattr(int fd, char *out, size_t size)
{
	REAL(flistxattr);

	return is_watched_fd(fd) && fails(KIND_ATTR) ? -1 : real(fd, out, size);
}

ssize_t listxattr(const char *path, char *out, size_t size)
{
	REAL(listxattr);

	return is_watched(AT_FDCWD, path) && fails(KIND_ATTR) ? -1 : real(path, out, size);
}

ssize_t llistxattr(const char *path, char *out, size_t size)
{
	REAL(llistxattr);

	return is_watched(AT_FDCWD, path) && fails(KIND_ATTR) ? -1 : real(path, out, size);
}

/* ---- threads and processes ---- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
		   void *arg)
{
	REAL(pthread_create);

	return fails(KIND_THREAD) ? errno : real(thread, attributes, run, arg);
}

pid_t fork(void)
{
	REAL(fork);

	return fails(KIND_FORK) ? -1 : real();
}
