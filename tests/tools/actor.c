/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What intruders do, for tests of what is found in running containers: actor MODE [FILE]
 *	hold	sleep
 *	memfd	run a copy that lies in memory alone
 *	map	map FILE executable and sleep
 *	delete	delete FILE, then sleep
 *	trace	trace a child that sleeps
 */
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <unistd.h>

_Noreturn static void hold(void)
{
	for (;;)
		pause();
}

static int in_memory(void)
{
	int self = open("/proc/self/exe", O_RDONLY), fd = memfd_create("quiet", MFD_CLOEXEC);
	char name[] = "[kworker/0:1]", mode[] = "hold";
	char *const argv[] = {name, mode, NULL}, *const envp[] = {NULL};

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
	hold();
}

static int remove_and_hold(const char *path)
{
	if (unlink(path) != 0)
		return 1;
	hold();
}

static int trace(void)
{
	pid_t child = fork();

	if (child == 0)
		hold();
	if (ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0)
		return 1;
	hold();
}

int main(int argc, char *argv[])
{
	const char *mode = argc > 1 ? argv[1] : "hold", *file = argc > 2 ? argv[2] : "";

	if (strcmp(mode, "memfd") == 0)
		return in_memory();
	if (strcmp(mode, "map") == 0)
		return map(file);
	if (strcmp(mode, "delete") == 0)
		return remove_and_hold(file);
	if (strcmp(mode, "trace") == 0)
		return trace();
	hold();
}
