/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: stands between a program and one of its output files, whose path ends in FAULTIO_FILE
 * ("pipe": standard output's duplicate, a pipe).
 *
 * FAULTIO_FAIL=...    which call on it fails (faultplan.h); kinds: write, sync, alloc
 * FAULTIO_SHORT=N     no write takes more than N bytes
 * FAULTIO_COUNT=FILE  at the end: "writes N syncs N allocs N"
 * FAULTIO_LOG=FILE    what reaches the file and when: a stream of struct faultio_event
 *                     (tools/powercut.c), each write followed by its bytes. Files whose name ends
 *                     in ".note" are logged too, once they are synced
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/faultio.h"
#include "preload/faultplan.h"

enum kind { KIND_WRITE, KIND_SYNC, KIND_ALLOC, KINDS };

static const char *const kind_names[KINDS] = {"write", "sync", "alloc"};

static struct {
	pthread_mutex_t lock;
	const char *file;
	int log;
	size_t most; /* of one write, 0: all */
	struct faultplan plan;
	ssize_t (*write)(int fd, const void *bytes, size_t len);
	int (*fdatasync)(int fd);
	int (*fallocate)(int fd, int mode, off_t offset, off_t len);
	int (*ftruncate)(int fd, off_t len);
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .log = -1};

__attribute__((constructor)) static void begin(void)
{
	const char *most = getenv("FAULTIO_SHORT");
	const char *log = getenv("FAULTIO_LOG");

	state.write = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	state.fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	state.fallocate = (int (*)(int, int, off_t, off_t))dlsym(RTLD_NEXT, "fallocate");
	state.ftruncate = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");
	state.file = getenv("FAULTIO_FILE");
	faultplan_parse(&state.plan, getenv("FAULTIO_FAIL"), kind_names, KINDS);
	if (most != NULL)
		state.most = strtoul(most, NULL, 10);
	if (log != NULL)
		state.log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAULTIO_COUNT");
	FILE *out = path != NULL ? fopen(path, "we") : NULL;

	if (out == NULL)
		return;
	(void)fprintf(out, "writes %lu syncs %lu allocs %lu\n", state.plan.counts[KIND_WRITE],
		      state.plan.counts[KIND_SYNC], state.plan.counts[KIND_ALLOC]);
	(void)fclose(out);
}

static bool ends_in(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a >= b && strcmp(text + a - b, end) == 0;
}

static bool path_of(int fd, char *out, size_t size)
{
	char link[32];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, size - 1);
	if (n < 0)
		return false;
	out[n] = '\0';
	return true;
}

static bool is_watched(int fd)
{
	char path[4096];

	if (state.file == NULL || fd == state.log || !path_of(fd, path, sizeof(path)))
		return false;
	if (strcmp(state.file, "pipe") == 0)
		return fd > STDERR_FILENO && strncmp(path, "pipe:", 5) == 0;
	return ends_in(path, state.file);
}

/* What was done, in the order in which it was. */
static void log_event(enum faultio_kind kind, uint64_t offset, const void *bytes, uint64_t len)
{
	struct faultio_event e = {.kind = kind, .offset = offset, .len = len};

	if (state.log < 0)
		return;
	pthread_mutex_lock(&state.lock);
	if (state.write(state.log, &e, sizeof(e)) < 0 ||
	    (bytes != NULL && state.write(state.log, bytes, len) < 0))
		abort();
	pthread_mutex_unlock(&state.lock);
}

static bool fails(enum kind kind)
{
	return faultplan_fails(&state.plan, kind);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	ssize_t n;

	if (!is_watched(fd))
		return state.write(fd, bytes, len);
	if (fails(KIND_WRITE))
		return -1;
	if (state.most > 0 && len > state.most)
		len = state.most;
	n = state.write(fd, bytes, len);
	if (n > 0)
		log_event(FAULTIO_WRITE, (uint64_t)(lseek(fd, 0, SEEK_CUR) - n), bytes,
			  (uint64_t)n);
	return n;
}

/* A small file beside the output that is on the disk from now on. */
static void log_note(int fd)
{
	char path[4096], text[8192];
	ssize_t n;
	int own;

	if (state.log < 0 || !path_of(fd, path, sizeof(path)) || !ends_in(path, ".note"))
		return;
	own = open(path, O_RDONLY | O_CLOEXEC);
	n = own < 0 ? -1 : read(own, text, sizeof(text));
	if (n > 0)
		log_event(FAULTIO_NOTE, 0, text, (uint64_t)n);
	if (own >= 0)
		close(own);
}

int fdatasync(int fd)
{
	int rc;

	if (!is_watched(fd)) {
		rc = state.fdatasync(fd);
		log_note(fd);
		return rc;
	}
	if (fails(KIND_SYNC))
		return -1;
	log_event(FAULTIO_SYNC_BEGIN, 0, NULL, 0);
	rc = state.fdatasync(fd);
	if (rc == 0)
		log_event(FAULTIO_SYNC_END, 0, NULL, 0);
	return rc;
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	if (is_watched(fd) && fails(KIND_ALLOC))
		return -1;
	return state.fallocate(fd, mode, offset, len);
}

int fallocate64(int fd, int mode, off_t offset, off_t len) __attribute__((alias("fallocate")));

int ftruncate(int fd, off_t len)
{
	int rc = state.ftruncate(fd, len);

	if (rc == 0 && is_watched(fd))
		log_event(FAULTIO_TRUNCATE, (uint64_t)len, NULL, 0);
	return rc;
}

int ftruncate64(int fd, off_t len) __attribute__((alias("ftruncate")));
