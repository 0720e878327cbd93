/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process whose memory nobody can read without waiting, and a machine that starts no more
 * processes: seen through a real /proc, with read() and fork() of our own in front of libc's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/machine.h"
#include "host/procscan.h"
#include "host/proctable.h"

static struct {
	pid_t own;              /* who runs the tests */
	unsigned int own_reads; /* of memory, by that process */
	const char *hangs;      /* the file that lets a worker wait; NULL: none */
	bool no_fork;
} state;

static bool names_memory(int fd, const char **file)
{
	static const char *const files[] = {"maps", "cmdline", "environ"};
	char link[32], path[256];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *slash = strrchr(path, '/');

		if (strncmp(path, "/proc/", 6) == 0 && strcmp(slash + 1, files[i]) == 0) {
			*file = files[i];
			return true;
		}
	}
	return false;
}

ssize_t read(int fd, void *out, size_t size)
{
	static ssize_t (*real)(int, void *, size_t);
	const char *file = NULL;

	if (real == NULL)
		real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	if (state.own != 0 && names_memory(fd, &file)) {
		state.own_reads += getpid() == state.own;
		while (state.hangs != NULL && strcmp(state.hangs, file) == 0)
			(void)pause();
	}
	return real(fd, out, size);
}

pid_t fork(void)
{
	static pid_t (*real)(void);

	if (real == NULL)
		real = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
	if (state.no_fork) {
		errno = EAGAIN;
		return -1;
	}
	return real();
}

/* ---- a container: one process in a mount namespace of its own ---- */

struct fixture {
	pid_t child;
	struct host host;
	struct sl_container *container;
	struct sl_processes found;
};

static uint64_t mounts_of(pid_t pid)
{
	char path[40];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static bool leave_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
}

static pid_t start_child(void)
{
	int ends[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		byte = leave_mounts() ? 'y' : 'n';
		(void)!write(ends[1], &byte, 1);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	(void)close(ends[0]);
	if (byte == 'y')
		return pid;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return -1;
}

static void look_at(struct fixture *f, pid_t pid)
{
	assert_int_equal(sl_container_new(&f->container, NULL), 0);
	f->container->id = strdup("no-group");
	f->container->pid = pid;
	f->container->namespaces.mnt = mounts_of(pid);
	f->host.place.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	f->host.place.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->host.place.proc_fd >= 0);
}

static int setup(void **test)
{
	struct fixture *f = calloc(1, sizeof(*f));

	state.hangs = NULL;
	state.no_fork = false;
	state.own_reads = 0;
	f->child = start_child();
	state.own = getpid();
	if (f->child > 0)
		look_at(f, f->child);
	*test = f;
	return 0;
}

static int teardown(void **test)
{
	struct fixture *f = *test;

	state.no_fork = false;
	state.hangs = NULL;
	sl_processes_clear(&f->found);
	proctable_free(f->host.table);
	if (f->child > 0) {
		sl_container_free(f->container);
		(void)close(f->host.place.proc_fd);
		(void)close(f->host.place.root_fd);
		(void)kill(f->child, SIGKILL);
		(void)waitpid(f->child, NULL, 0);
	}
	free(f);
	return 0;
}

/* The one process, as it was found. */
static const struct sl_process *find(struct fixture *f)
{
	if (f->child < 0)
		skip();
	assert_int_equal(host_processes(&f->host, f->container, NULL, &f->found, NULL), 0);
	assert_int_equal(f->found.count, 1);
	assert_int_equal(f->found.items[0].pid, f->child);
	return &f->found.items[0];
}

static bool maps_libc(const struct fixture *f, const struct sl_process *p)
{
	for (size_t i = 0; i < p->mapped_count; i++)
		if (strstr(f->found.objects[p->mapped[i]].path, "/libc.so.6") != NULL)
			return true;
	return false;
}

static void nothing_of_a_process_s_memory_is_read_in_our_own(void **test)
{
	struct fixture *f = *test;
	const struct sl_process *p = find(f);

	assert_int_equal(f->found.gap_count, 0);
	assert_non_null(strstr(f->found.objects[p->exe].path, "/unit_test_stuck"));
	assert_non_null(strstr(p->command, "unit_test_stuck"));
	assert_true(maps_libc(f, p));
	assert_int_equal(state.own_reads, 0);
}

/* Whatever answered a moment ago: each text is asked for where waiting costs a deadline. */
static void one_that_gets_stuck_on_the_way_is_a_gap_and_keeps_what_came(void **test)
{
	struct fixture *f = *test;
	const struct sl_process *p;

	state.hangs = "environ";
	p = find(f);
	assert_true(maps_libc(f, p));
	assert_non_null(p->command);
	assert_int_equal(f->found.gap_count, 1);
	assert_string_equal(f->found.gaps[0].why,
			    "its arguments, environment and mappings: it does not answer");
	assert_int_equal(f->found.gaps[0].sys, ETIMEDOUT);
}

static void where_no_process_can_be_started_the_texts_are_a_gap(void **test)
{
	struct fixture *f = *test;
	const struct sl_process *p;

	state.no_fork = true;
	p = find(f);
	assert_non_null(strstr(f->found.objects[p->exe].path, "/unit_test_stuck"));
	assert_int_equal(f->found.gap_count, 1);
	assert_string_equal(f->found.gaps[0].why,
			    "its arguments, environment and mappings: no process could be started "
			    "to read it");
	assert_int_equal(f->found.gaps[0].sys, EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_of_a_process_s_memory_is_read_in_our_own,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			one_that_gets_stuck_on_the_way_is_a_gap_and_keeps_what_came, setup,
			teardown),
		cmocka_unit_test_setup_teardown(where_no_process_can_be_started_the_texts_are_a_gap,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
