/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD: memory runs out once. Not for programs that bring an allocator of their own, as the
 * sanitizers' do.
 *
 * FAULTMEMORY_AT=N        the Nth allocation after the start fails
 * FAULTMEMORY_COUNT=FILE  at the end: how many there were
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* glibc's own, which need no look-up that allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static struct {
	unsigned long count, at; /* at 0: never */
	pid_t pid;               /* 0: before the start */
} state;

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("FAULTMEMORY_AT");

	state.at = at != NULL ? strtoul(at, NULL, 10) : 0;
	state.pid = getpid();
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAULTMEMORY_COUNT");
	unsigned long count = state.count;
	FILE *out = path != NULL && getpid() == state.pid ? fopen(path, "we") : NULL;

	if (out == NULL)
		return;
	(void)fprintf(out, "%lu\n", count);
	(void)fclose(out);
}

static bool fails(void)
{
	if (state.pid == 0 || __atomic_add_fetch(&state.count, 1, __ATOMIC_SEQ_CST) != state.at)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
