/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that work side by side and are told in order, whatever becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "job/crew.h"

struct log {
	struct buf text;
	int fail_at; /* telling this one fails; 0: none does */
	int told;
	volatile sig_atomic_t stop;
};

static volatile sig_atomic_t was_told_to_end;

static void on_term(int signal)
{
	(void)signal;
	was_told_to_end = 1;
}

static void pause_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Names say what to do: "slow", "dies", "fails", "waits" until it is told to end. */
static int work(void *payload, struct sl_container *c, int fd)
{
	(void)payload;
	if (strncmp(c->name, "slow", 4) == 0)
		pause_ms(150);
	if (strcmp(c->name, "dies") == 0)
		raise(SIGKILL);
	if (strcmp(c->name, "fails") == 0)
		return -1;
	if (strncmp(c->name, "waits", 5) == 0)
		for (int i = 0; i < 1000 && was_told_to_end == 0; i++)
			pause_ms(10);
	if (was_told_to_end != 0)
		return dprintf(fd, "cut %s", c->name) < 0;
	return dprintf(fd, "did %s", c->name) < 0;
}

static int tell(void *payload, const struct sl_container *c, int fd, struct sl_error *err)
{
	struct log *log = payload;
	char text[64] = {0};

	(void)c;
	if (++log->told == log->fail_at)
		return sl_fail(err, SL_EIO, 0, "no more");
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	return buf_printf(&log->text, "%s\n", text);
}

static int lost(void *payload, const struct sl_container *c, const char *why, int sys,
		struct sl_error *err)
{
	struct log *log = payload;

	(void)sys;
	(void)err;
	return buf_printf(&log->text, "lost %s: %s\n", c->name, why);
}

static int begin(struct crew *crew, const char *name)
{
	struct sl_container *c = NULL;

	assert_int_equal(sl_container_new(&c, NULL), 0);
	c->name = strdup(name);
	return crew_begin(crew, c, NULL);
}

static struct crew *crew_of(struct log *log, unsigned int size)
{
	struct crew_work how = {
		.work = work, .tell = tell, .lost = lost, .stop = &log->stop, .payload = log};
	struct crew *crew = NULL;

	log->text = BUF_INIT(1 << 16);
	assert_int_equal(crew_new(&crew, size, &how, NULL), 0);
	return crew;
}

static bool has_no_child(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void all_are_told_in_the_order_of_their_beginning(void **state)
{
	(void)state;
	for (unsigned int size = 1; size <= 5; size++) {
		struct log log = {0};
		struct crew *crew = crew_of(&log, size);

		for (int i = 0; i < 5; i++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "%s%d", i == 1 ? "slow" : "x", i);
			assert_int_equal(begin(crew, name), 0);
		}
		assert_int_equal(crew_finish(crew, NULL), 0);
		assert_string_equal(log.text.data, "did x0\ndid slow1\ndid x2\ndid x3\ndid x4\n");
		crew_free(crew);
		buf_clear(&log.text);
		assert_true(has_no_child());
	}
}

static void one_that_dies_costs_itself_only(void **state)
{
	struct log log = {0};
	struct crew *crew = crew_of(&log, 3);

	(void)state;
	assert_int_equal(begin(crew, "a"), 0);
	assert_int_equal(begin(crew, "dies"), 0);
	assert_int_equal(begin(crew, "b"), 0);
	assert_int_equal(begin(crew, "fails"), 0);
	assert_int_equal(begin(crew, "c"), 0);
	assert_int_equal(crew_finish(crew, NULL), 0);
	assert_string_equal(log.text.data,
			    "did a\nlost dies: the process that read it was ended by signal 9\n"
			    "did b\nlost fails: the process that read it could not keep what it "
			    "found\ndid c\n");
	crew_free(crew);
	buf_clear(&log.text);
}

static void a_signal_ends_all_and_each_says_what_it_did(void **state)
{
	struct log log = {0};
	struct crew *crew = crew_of(&log, 3);

	(void)state;
	assert_true(signal(SIGTERM, on_term) != SIG_ERR);
	assert_int_equal(begin(crew, "waits1"), 0);
	assert_int_equal(begin(crew, "waits2"), 0);
	log.stop = 1;
	assert_int_equal(crew_finish(crew, NULL), 0);
	assert_string_equal(log.text.data, "cut waits1\ncut waits2\n");
	crew_free(crew);
	buf_clear(&log.text);
	assert_true(has_no_child());
}

static void where_telling_fails_nothing_runs_on(void **state)
{
	struct log log = {.fail_at = 1};
	struct crew *crew = crew_of(&log, 3);

	(void)state;
	assert_true(signal(SIGTERM, on_term) != SIG_ERR);
	assert_int_equal(begin(crew, "a"), 0);
	assert_int_equal(begin(crew, "waits"), 0);
	assert_int_equal(crew_finish(crew, NULL), -SL_EIO);
	crew_free(crew);
	assert_int_equal(log.told, 1);
	assert_true(has_no_child());
	buf_clear(&log.text);
}

static void they_work_at_the_same_time(void **state)
{
	struct log log = {0};
	struct crew *crew = crew_of(&log, 8);
	struct timespec began, ended;

	(void)state;
	(void)clock_gettime(CLOCK_MONOTONIC, &began);
	for (int i = 0; i < 8; i++)
		assert_int_equal(begin(crew, "slow"), 0);
	assert_int_equal(crew_finish(crew, NULL), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &ended);
	/* one after the other they sleep for 1.2 s */
	assert_true(ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) / 1e9 < 1.1);
	crew_free(crew);
	buf_clear(&log.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_told_in_the_order_of_their_beginning),
		cmocka_unit_test(one_that_dies_costs_itself_only),
		cmocka_unit_test(a_signal_ends_all_and_each_says_what_it_did),
		cmocka_unit_test(where_telling_fails_nothing_runs_on),
		cmocka_unit_test(they_work_at_the_same_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
