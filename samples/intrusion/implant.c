/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an intruder leaves running, without any harm: it sleeps. implant [MODE]
 *	(none)		sleep
 *	delete FILE	unlink FILE, its own program, then sleep
 *	memory		run a copy of itself that lies in memory alone, under a dull name
 */
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

static int run_in_memory(void)
{
	int self = open("/proc/self/exe", O_RDONLY), fd = memfd_create("jit", MFD_CLOEXEC);
	char name[] = "[kworker/u8:2]";
	char *const argv[] = {name, NULL}, *const envp[] = {NULL};

	while (sendfile(fd, self, NULL, 1 << 20) > 0)
		;
	return fexecve(fd, argv, envp);
}

int main(int argc, char *argv[])
{
	if (argc > 1 && strcmp(argv[1], "memory") == 0)
		return run_in_memory();
	if (argc > 2 && strcmp(argv[1], "delete") == 0 && unlink(argv[2]) != 0)
		return 1;
	for (;;)
		pause();
}
