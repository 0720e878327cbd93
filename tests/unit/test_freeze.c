/* SPDX-License-Identifier: Apache-2.0 */
/* Real control groups, of either version that is mounted here, with a process that counts. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/freeze.h"

struct group {
	enum freeze_version version;
	char dir[128];
	int fd;
	pid_t counter;
	volatile uint64_t *count; /* shared with it */
};

static void nap(unsigned int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	(void)nanosleep(&t, NULL);
}

static void put(const char *dir, const char *name, const char *text)
{
	AUTO_CLOSE int at = open(dir, O_PATH | O_DIRECTORY);
	AUTO_CLOSE int fd = openat(at, name, O_WRONLY);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static bool moves(const struct group *g)
{
	uint64_t before = *g->count;

	for (int i = 0; i < 200 && *g->count == before; i++)
		nap(5);
	return *g->count != before;
}

static bool stands_still(const struct group *g)
{
	uint64_t before = *g->count;

	nap(50);
	return *g->count == before;
}

static const char *const hierarchies[][2] = {
	[FREEZE_V1] = {"/sys/fs/cgroup/freezer", "freezer.state"},
	[FREEZE_V2] = {"/sys/fs/cgroup/unified", "cgroup.freeze"},
};

static int setup(void **state)
{
	struct group *g = *state;
	char pid[24];

	g->fd = -1;
	(void)snprintf(g->dir, sizeof(g->dir), "%s/strandline-test-%d", hierarchies[g->version][0],
		       (int)getpid());
	if (mkdir(g->dir, 0755) < 0)
		return 0; /* said by each test */
	g->fd = open(g->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	g->count = mmap(NULL, sizeof(*g->count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_true(g->count != MAP_FAILED);
	g->counter = fork();
	if (g->counter == 0)
		for (;;) {
			++*g->count;
			nap(1);
		}
	(void)snprintf(pid, sizeof(pid), "%d", (int)g->counter);
	put(g->dir, "cgroup.procs", pid);
	return 0;
}

static int teardown(void **state)
{
	struct group *g = *state;

	if (g->fd < 0)
		return 0;
	(void)kill(g->counter, SIGKILL);
	(void)waitpid(g->counter, NULL, 0);
	(void)close(g->fd);
	for (int i = 0; i < 100 && rmdir(g->dir) < 0 && errno == EBUSY; i++)
		nap(10);
	return 0;
}

#define NEEDS_GROUP(g)                                                                             \
	do {                                                                                       \
		if ((g)->fd < 0) {                                                                 \
			print_message("no control group can be made beneath %s\n",                 \
				      hierarchies[(g)->version][0]);                               \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void a_group_stands_still_until_it_is_let_go(void **state)
{
	struct group *g = *state;
	struct freeze_times times;
	struct freeze *f;

	NEEDS_GROUP(g);
	assert_true(moves(g));
	assert_int_equal(freeze_group(g->fd, g->version, 5, &f, NULL), 0);
	assert_true(stands_still(g));
	assert_int_equal(freeze_end(f, &times, NULL), 0);
	assert_false(times.expired || times.started || times.was_paused);
	assert_true(times.ns >= 50000000 && times.ns < 5000000000);
	assert_true(moves(g));
}

static void it_starts_again_when_its_time_is_over(void **state)
{
	struct group *g = *state;
	struct freeze_times times;
	struct freeze *f;

	NEEDS_GROUP(g);
	assert_int_equal(freeze_group(g->fd, g->version, 1, &f, NULL), 0);
	assert_true(stands_still(g));
	nap(1000);
	assert_true(moves(g));
	assert_int_equal(freeze_end(f, &times, NULL), 0);
	assert_true(times.expired && !times.started);
	assert_true(times.ns <= 1000000000);
}

static void it_starts_again_when_whoever_stopped_it_is_killed(void **state)
{
	struct group *g = *state;
	pid_t stopper;
	int ready[2];
	char byte;

	NEEDS_GROUP(g);
	assert_int_equal(pipe(ready), 0);
	stopper = fork();
	if (stopper == 0) {
		struct freeze *f;

		if (freeze_group(g->fd, g->version, 60, &f, NULL) == 0)
			(void)!write(ready[1], "f", 1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_true(stands_still(g));
	(void)kill(stopper, SIGKILL);
	(void)waitpid(stopper, NULL, 0);
	assert_true(moves(g));
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void what_is_paused_stays_paused(void **state)
{
	struct group *g = *state;
	struct freeze *f = NULL, *second = NULL;
	const char *file = hierarchies[g->version][1];
	struct freeze_times times;

	NEEDS_GROUP(g);
	put(g->dir, file, g->version == FREEZE_V1 ? "FROZEN" : "1");
	for (int i = 0; i < 100 && !stands_still(g); i++)
		;
	assert_int_equal(freeze_group(g->fd, g->version, 5, &f, NULL), 1);
	assert_int_equal(freeze_group(g->fd, g->version, 5, &second, NULL), 1);
	assert_int_equal(freeze_end(f, &times, NULL), 0);
	assert_true(times.was_paused && !times.started);
	assert_true(stands_still(g));
	put(g->dir, file, g->version == FREEZE_V1 ? "THAWED" : "0");
	assert_true(moves(g));
	assert_int_equal(freeze_end(second, &times, NULL), 0);
	assert_true(times.was_paused && times.started);
}

static void somebody_else_who_starts_it_is_noticed(void **state)
{
	struct group *g = *state;
	const char *file = hierarchies[g->version][1];
	struct freeze_times times;
	struct freeze *f;

	NEEDS_GROUP(g);
	assert_int_equal(freeze_group(g->fd, g->version, 5, &f, NULL), 0);
	put(g->dir, file, g->version == FREEZE_V1 ? "THAWED" : "0");
	assert_true(moves(g));
	assert_int_equal(freeze_end(f, &times, NULL), 0);
	assert_true(times.started && !times.expired && !times.was_paused);
}

static void a_file_of_a_disk_is_never_written(void **state)
{
	char dir[] = "/tmp/strandline-freeze-XXXXXX";
	struct sl_error err = SL_ERROR_INIT;
	struct freeze *f = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	AUTO_CLOSE int fd = open(dir, O_PATH | O_DIRECTORY);
	AUTO_CLOSE int made = openat(fd, "freezer.state", O_CREAT | O_RDWR, 0600);
	assert_int_equal(write(made, "THAWED\n", 7), 7);
	assert_int_equal(freeze_group(fd, FREEZE_V1, 1, &f, &err), -SL_EUNSUPPORTED);
	assert_non_null(strstr(sl_error_text(&err), "freezer.state"));
	assert_int_equal(lseek(made, 0, SEEK_END), 7);
	sl_error_clear(&err);
	(void)unlinkat(fd, "freezer.state", 0);
	(void)rmdir(dir);
}

#define BOTH(test)                                                                                 \
	{#test ", version 1", test, setup, teardown, &one},                                        \
	{                                                                                          \
#		test ", version 2", test, setup, teardown, &two                                   \
	}

int main(void)
{
	static struct group one = {.version = FREEZE_V1}, two = {.version = FREEZE_V2};
	const struct CMUnitTest tests[] = {
		BOTH(a_group_stands_still_until_it_is_let_go),
		BOTH(it_starts_again_when_its_time_is_over),
		BOTH(it_starts_again_when_whoever_stopped_it_is_killed),
		BOTH(what_is_paused_stays_paused),
		BOTH(somebody_else_who_starts_it_is_noticed),
		cmocka_unit_test(a_file_of_a_disk_is_never_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
