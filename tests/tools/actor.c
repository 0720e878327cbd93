/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What intruders do, for tests of what is found in running containers: actor MODE [FILE]
 *	hold	sleep
 *	memfd	run a copy that lies in memory alone
 *	map	map FILE executable and sleep
 *	delete	delete FILE, then sleep
 *	trace	trace a child that sleeps
 *	stuck	let nobody read its memory, by FILE of a file system that does not answer
 *	listen	listen at port FILE of 127.0.0.1
 *	crowd	listen at more ports than the kernel tells of at once
 *	packet	listen to every packet of the network
 *	lost	make directory FILE, go there and delete it
 *	log	write a line into FILE, delete it and hold it open
 */
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/if_ether.h>

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

/* Reading its own memory by a file waits with the memory's lock held for reading... */
static void *read_self(void *page)
{
	int fd = open("/proc/self/mem", O_RDONLY);
	char byte;

	return pread(fd, &byte, 1, (off_t)(size_t)page) == 1 ? page : NULL;
}

/* ...and who waits for it to write keeps every other reader out. */
static int be_stuck(const char *path)
{
	int fd = open(path, O_RDONLY);
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	pthread_t reader;

	if (page == MAP_FAILED || pthread_create(&reader, NULL, read_self, page) != 0)
		return 1;
	usleep(200000);
	(void)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hold();
}

static int listen_at(const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 1) != 0)
		return 1;
	hold();
}

static int listen_crowded(void)
{
	/* each has a list of its own, and not every machine both */
	for (int i = 0; i < 64; i++) {
		(void)listen(socket(AF_INET, SOCK_STREAM, 0), 1);
		(void)listen(socket(AF_INET6, SOCK_STREAM, 0), 1);
	}
	hold();
}

static int listen_to_all(void)
{
	if (socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) < 0)
		return 1;
	hold();
}

static int be_lost(const char *dir)
{
	if (mkdir(dir, 0700) != 0 || chdir(dir) != 0 || rmdir(dir) != 0)
		return 1;
	hold();
}

static int keep_log(const char *path)
{
	static const char line[] = "what was done\n";
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (write(fd, line, sizeof(line) - 1) < 0 || unlink(path) != 0)
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
	if (strcmp(mode, "stuck") == 0)
		return be_stuck(file);
	if (strcmp(mode, "listen") == 0)
		return listen_at(file);
	if (strcmp(mode, "crowd") == 0)
		return listen_crowded();
	if (strcmp(mode, "packet") == 0)
		return listen_to_all();
	if (strcmp(mode, "lost") == 0)
		return be_lost(file);
	if (strcmp(mode, "log") == 0)
		return keep_log(file);
	hold();
}
