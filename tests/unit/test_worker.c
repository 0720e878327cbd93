/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "host/worker.h"

static const struct worker_limits quick = {.silence_ms = 200};
static const struct worker_limits patient = {.silence_ms = 20000};

static int count_to(struct worker_out *out, void *payload)
{
	uint32_t max = *(uint32_t *)payload;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < max; i++)
		rc = worker_send(out, i, &i, sizeof(i));
	return rc;
}

static void messages_come_in_their_order_and_then_the_end(void **state)
{
	uint32_t max = 1000;
	struct worker_message m;
	struct worker *w;

	(void)state;
	assert_int_equal(worker_start(&w, count_to, &max, NULL, 0, &patient, NULL), 0);
	for (uint32_t i = 0; i < max; i++) {
		assert_int_equal(worker_next(w, &m, NULL), 0);
		assert_int_equal(m.kind, i);
		assert_int_equal(m.bytes.len, sizeof(i));
		assert_memory_equal(m.bytes.data, &i, sizeof(i));
	}
	assert_int_equal(worker_next(w, &m, NULL), 1);
	assert_int_equal(worker_end(w), WORKER_ENDED);
}

static int send_large(struct worker_out *out, void *payload)
{
	static uint8_t bytes[WORKER_MESSAGE_MAX + 1];

	(void)payload;
	memset(bytes, 'x', sizeof(bytes));
	if (worker_send(out, 1, bytes, sizeof(bytes)) != -SL_ELIMIT)
		return -SL_EINVAL;
	return worker_send(out, 1, bytes, WORKER_MESSAGE_MAX);
}

static void a_message_is_as_long_as_the_limit_and_no_longer(void **state)
{
	struct worker_message m;
	struct worker *w;

	(void)state;
	assert_int_equal(worker_start(&w, send_large, NULL, NULL, 0, &patient, NULL), 0);
	assert_int_equal(worker_next(w, &m, NULL), 0);
	assert_int_equal(m.bytes.len, WORKER_MESSAGE_MAX);
	assert_int_equal(m.bytes.data[WORKER_MESSAGE_MAX - 1], 'x');
	assert_int_equal(worker_next(w, &m, NULL), 1);
	assert_int_equal(worker_end(w), WORKER_ENDED);
}

static int hang(struct worker_out *out, void *payload)
{
	int rc = worker_send(out, 7, payload, 0);

	while (rc == 0)
		(void)pause();
	return rc;
}

static void one_that_hangs_costs_its_deadline(void **state)
{
	struct sl_error err = SL_ERROR_INIT;
	uint64_t begin = clock_boot_ns();
	struct worker_message m;
	struct worker *w;

	(void)state;
	assert_int_equal(worker_start(&w, hang, NULL, NULL, 0, &quick, NULL), 0);
	assert_int_equal(worker_next(w, &m, NULL), 0);
	assert_int_equal(worker_next(w, &m, &err), -SL_ECANCELLED);
	assert_int_equal(err.sys, ETIMEDOUT);
	assert_int_equal(worker_end(w), WORKER_KILLED);
	assert_true(clock_boot_ns() - begin < UINT64_C(5000000000));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing of it is left */
	sl_error_clear(&err);
}

static int drip(struct worker_out *out, void *payload)
{
	struct timespec t = {.tv_nsec = 20000000};

	(void)payload;
	for (;;) {
		(void)nanosleep(&t, NULL);
		if (worker_send(out, 0, NULL, 0) < 0)
			return 0;
	}
}

static void one_that_drips_costs_its_deadline_too(void **state)
{
	struct worker_limits limits = {.silence_ms = 10000, .total_ms = 300};
	struct sl_error err = SL_ERROR_INIT;
	struct worker_message m;
	struct worker *w;
	int rc;

	(void)state;
	assert_int_equal(worker_start(&w, drip, NULL, NULL, 0, &limits, NULL), 0);
	while ((rc = worker_next(w, &m, &err)) == 0)
		;
	assert_int_equal(rc, -SL_ECANCELLED);
	assert_int_equal(err.sys, ETIMEDOUT);
	assert_int_equal(worker_end(w), WORKER_KILLED);
	sl_error_clear(&err);
}

static void a_signal_ends_the_waiting(void **state)
{
	volatile sig_atomic_t stop = 1;
	struct worker_limits limits = {.silence_ms = 20000, .stop = &stop};
	struct sl_error err = SL_ERROR_INIT;
	struct worker_message m;
	struct worker *w;

	(void)state;
	assert_int_equal(worker_start(&w, hang, NULL, NULL, 0, &limits, NULL), 0);
	assert_int_equal(worker_next(w, &m, &err), -SL_ECANCELLED);
	assert_int_equal(err.sys, 0);
	assert_int_equal(worker_end(w), WORKER_KILLED);
	sl_error_clear(&err);
}

static int crash(struct worker_out *out, void *payload)
{
	(void)out;
	(void)payload;
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

static int say_why(struct worker_out *out, void *payload)
{
	struct sl_error why = SL_ERROR_INIT;

	(void)payload;
	return worker_send_error(out, sl_fail(&why, SL_EUNSUPPORTED, EPERM, "look at it"), &why);
}

static int fail_silently(struct worker_out *out, void *payload)
{
	(void)out;
	(void)payload;
	return -SL_EIO;
}

static void one_that_dies_is_never_taken_for_one_that_is_done(void **state)
{
	static const struct {
		worker_fn fn;
		int rc, sys;
		const char *text;
	} rows[] = {
		{crash, -SL_EIO, 0, "the worker was ended by signal 6"},
		{say_why, -SL_EUNSUPPORTED, EPERM, "look at it: Operation not permitted"},
		{fail_silently, -SL_EIO, 0, "the worker failed"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_error err = SL_ERROR_INIT;
		struct worker_message m;
		struct worker *w;

		assert_int_equal(worker_start(&w, rows[i].fn, NULL, NULL, 0, &patient, NULL), 0);
		assert_int_equal(worker_next(w, &m, &err), rows[i].rc);
		assert_int_equal(err.sys, rows[i].sys);
		assert_string_equal(sl_error_text(&err), rows[i].text);
		(void)worker_end(w);
		sl_error_clear(&err);
	}
}

/* Sends which of the first descriptors are open. */
static int list_open(struct worker_out *out, void *payload)
{
	uint8_t open[64] = {0};

	(void)payload;
	for (int i = 0; i < 64; i++)
		open[i] = fcntl(i, F_GETFD) >= 0;
	return worker_send(out, 0, open, sizeof(open));
}

static void it_has_no_descriptor_but_those_it_was_given(void **state)
{
	AUTO_CLOSE int secret = fcntl(STDOUT_FILENO, F_DUPFD, 40);
	AUTO_CLOSE int kept = fcntl(STDOUT_FILENO, F_DUPFD, 30);
	struct worker_message m;
	struct worker *w;
	size_t count = 0;

	(void)state;
	assert_int_equal(worker_start(&w, list_open, NULL, &kept, 1, &patient, NULL), 0);
	assert_int_equal(worker_next(w, &m, NULL), 0);
	for (int i = 0; i < 64; i++)
		count += m.bytes.data[i] != 0;
	assert_int_equal(m.bytes.data[kept], 1);
	assert_int_equal(m.bytes.data[secret], 0);
	assert_int_equal(count, 2); /* and its pipe */
	assert_int_equal(worker_next(w, &m, NULL), 1);
	assert_int_equal(worker_end(w), WORKER_ENDED);
}

static void one_whose_caller_is_gone_ends(void **state)
{
	int ends[2];
	char byte;
	pid_t caller;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	caller = fork();
	if (caller == 0) {
		struct worker *w;
		struct worker_message m;

		(void)close(ends[0]);
		/* the worker holds the pipe open for as long as it lives */
		if (worker_start(&w, hang, NULL, &ends[1], 1, &patient, NULL) < 0 ||
		    worker_next(w, &m, NULL) < 0)
			_exit(1);
		(void)kill(getpid(), SIGKILL);
	}
	(void)close(ends[1]);
	assert_int_equal(waitpid(caller, NULL, 0), caller);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	(void)close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_in_their_order_and_then_the_end),
		cmocka_unit_test(a_message_is_as_long_as_the_limit_and_no_longer),
		cmocka_unit_test(one_that_hangs_costs_its_deadline),
		cmocka_unit_test(one_that_drips_costs_its_deadline_too),
		cmocka_unit_test(a_signal_ends_the_waiting),
		cmocka_unit_test(one_that_dies_is_never_taken_for_one_that_is_done),
		cmocka_unit_test(it_has_no_descriptor_but_those_it_was_given),
		cmocka_unit_test(one_whose_caller_is_gone_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
