/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process whose memory is known, for tests of memory dumps: memory [children N] [map FILE]
 * [fault] [count FILE]. It makes a file "ready" when all of it is there, and sleeps.
 *	children N  so many more processes
 *	map FILE    map it, and touch its first page
 *	fault       a range whose pages nobody supplies (userfaultfd), but for the second one
 *	count FILE  write a growing number into it, instead of sleeping
 */
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

char in_data[32] = "tide marks in data";
int answer = 4711;
char *on_heap;       /* text */
char *hidden;        /* text in memory without any right */
char *sparse;        /* 64 GiB of which one page is there */
char *supplied;      /* userfaultfd: the second page of it */
const char *of_file; /* the file that was mapped */
char *executable;    /* anonymous code */

_Noreturn static void *wait_here(void *name)
{
	char on_stack[32];

	snprintf(on_stack, sizeof(on_stack), "stack of %s", (char *)name);
	for (;;) {
		pause();
		puts(on_stack);
	}
}

static char *map(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		exit(2);
	return at;
}

static void fill(void)
{
	on_heap = strdup("drift on the heap");
	hidden = map(8192);
	strcpy(hidden, "hidden while asleep");
	mprotect(hidden, 8192, PROT_NONE);
	sparse = map((size_t)1 << 36);
	strcpy(sparse + ((size_t)1 << 35), "an island");
	executable = map(8192);
	strcpy(executable, "code of nobody");
	mprotect(executable, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void register_faults(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	struct uffdio_copy copy = {.len = 4096};
	char *from = map(4096);

	supplied = map(16 * 4096);
	strcpy(from, "supplied by a process");
	range.range.start = (uintptr_t)supplied;
	range.range.len = 16 * 4096;
	copy.src = (uintptr_t)from;
	copy.dst = (uintptr_t)supplied + 4096;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &range) < 0 ||
	    ioctl(fd, UFFDIO_COPY, &copy) < 0)
		exit(3);
}

static void map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	volatile char first;

	of_file = mmap(NULL, 64 * 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (of_file == MAP_FAILED)
		exit(4);
	/* without asking for what lies behind */
	madvise((void *)(uintptr_t)of_file, 64 * 4096, MADV_RANDOM);
	first = of_file[0];
	(void)first;
}

_Noreturn static void count_up(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	struct {
		uint64_t n;
	} count = {0};

	for (;;) {
		count.n++;
		if (pwrite(fd, &count, sizeof(count), 0) < 0)
			exit(5);
		usleep(1000);
	}
}

int main(int argc, char **argv)
{
	static char one[] = "one", two[] = "two", first[] = "main";
	const char *count = NULL;
	pthread_t threads[2];

	fill();
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "fault") == 0)
			register_faults();
		else if (i + 1 < argc && strcmp(argv[i], "map") == 0)
			map_file(argv[++i]);
		else if (i + 1 < argc && strcmp(argv[i], "count") == 0)
			count = argv[++i];
		else if (i + 1 < argc && strcmp(argv[i], "children") == 0)
			for (int n = atoi(argv[++i]); n > 0; n--)
				if (fork() == 0)
					wait_here(one);
	}
	pthread_create(&threads[0], NULL, wait_here, one);
	pthread_create(&threads[1], NULL, wait_here, two);
	usleep(20000);
	close(open("ready", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	if (count != NULL)
		count_up(count);
	wait_here(first);
}
