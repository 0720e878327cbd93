/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What intruders do, for tests of what is found in running containers: actor MODE [FILE]
 *	hold	sleep
 *	memfd	run a copy that lies in memory alone
 *	map	map FILE executable and sleep
 *	delete	delete FILE, then sleep
 *	trace	trace a child that sleeps
 *	cover	mount a directory over the parent's entry of /proc, and sleep
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

static int hold(void)
{
	for (;;)
		pause();
}

static int in_memory(void)
{
	int self = open("/proc/self/exe", O_RDONLY), fd = memfd_create("quiet", MFD_CLOEXEC);
	char *const argv[] = {"[kworker/0:1]", "hold", NULL}, *const envp[] = {NULL};

	while (sendfile(fd, self, NULL, 1 << 20) > 0)
		;
	return fexecve(fd, argv, envp);
}

static int map(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return 1;
	close(fd);
	return hold();
}

static int trace(void)
{
	pid_t child = fork();

	if (child == 0)
		return hold();
	if (ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0)
		return 1;
	return hold();
}

static int cover(void)
{
	if (fork() == 0)
		return hold();
	return mount("/proc/self/attr", "/proc/1", NULL, MS_BIND, NULL) == 0 ? hold() : 1;
}

int main(int argc, char *argv[])
{
	const char *mode = argc > 1 ? argv[1] : "hold", *file = argc > 2 ? argv[2] : "";

	if (strcmp(mode, "memfd") == 0)
		return in_memory();
	if (strcmp(mode, "map") == 0)
		return map(file);
	if (strcmp(mode, "delete") == 0)
		return unlink(file) == 0 ? hold() : 1;
	if (strcmp(mode, "trace") == 0)
		return trace();
	if (strcmp(mode, "cover") == 0)
		return cover();
	return hold();
}
