/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/ostream.h"

static void a_full_disk_is_reported_with_its_errno(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct ostream *s = NULL;

	(void)state;
	assert_int_equal(ostream_to_fd(&s, open("/dev/full", O_WRONLY | O_CLOEXEC), &err), 0);
	assert_int_equal(ostream_write(s, "x", 1, &err), -SL_EIO);
	assert_int_equal(err.sys, ENOSPC);
	assert_non_null(strstr(sl_error_text(&err), "No space left"));
	ostream_close(s);
}

static void a_reader_that_left_is_an_error_and_no_signal(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct ostream *s = NULL;
	int ends[2];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	assert_int_equal(ostream_to_fd(&s, ends[1], &err), 0);
	assert_int_equal(ostream_write(s, "x", 1, &err), -SL_EIO);
	assert_int_equal(err.sys, EPIPE);
	ostream_close(s);
}

struct reader {
	int fd;
	size_t total;
	bool same;
};

static void *read_slowly(void *payload)
{
	struct reader *r = payload;
	char chunk[3000];
	ssize_t n;

	usleep(20000); /* let the pipe fill first */
	while ((n = read(r->fd, chunk, sizeof(chunk))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			r->same = r->same && chunk[i] == (char)((r->total + (size_t)i) % 251);
		r->total += (size_t)n;
	}
	return NULL;
}

/* More than a pipe holds, without blocking: every write but the first few is short or EAGAIN. */
static void short_writes_and_full_pipes_lose_nothing(void **state)
{
	static char bytes[300000];
	struct ostream *s = NULL;
	pthread_t thread;
	struct reader r = {.same = true};
	int ends[2];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 251);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	r.fd = ends[0];
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
	assert_int_equal(ostream_to_fd(&s, ends[1], NULL), 0);
	assert_int_equal(ostream_write(s, bytes, sizeof(bytes), NULL), 0);
	assert_int_equal(ostream_sync_point(s, NULL), 0);
	assert_int_equal(ostream_finish(s, NULL), 0);
	ostream_close(s);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(ends[0]);
	assert_int_equal(r.total, sizeof(bytes));
	assert_true(r.same);
}

static void a_sync_point_reaches_a_regular_file(void **state)
{
	char name[] = "/tmp/strandline-ostream.XXXXXX";
	struct ostream *s = NULL;
	int fd = mkostemp(name, O_CLOEXEC);
	char got[8] = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	AUTO_CLOSE int other = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	assert_int_equal(ostream_to_fd(&s, fd, NULL), 0);
	assert_int_equal(ostream_write(s, "abc", 3, NULL), 0);
	assert_int_equal(ostream_sync_point(s, NULL), 0);
	assert_int_equal(pread(other, got, sizeof(got), 0), 3);
	assert_string_equal(got, "abc");
	ostream_close(s);
}

static void a_closed_descriptor_is_refused(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct ostream *s = NULL;

	(void)state;
	assert_int_equal(ostream_to_fd(&s, -1, &err), -SL_EIO);
	assert_int_equal(err.sys, EBADF);
	assert_null(s);
}

static void memory_takes_bytes_up_to_its_maximum(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf b = BUF_INIT(4);
	struct ostream *s = NULL;

	(void)state;
	assert_int_equal(ostream_to_buf(&s, &b, &err), 0);
	assert_int_equal(ostream_write(s, "abcd", 4, &err), 0);
	assert_string_equal(b.data, "abcd");
	assert_int_equal(ostream_write(s, "e", 1, &err), -SL_ELIMIT);
	assert_string_equal(sl_error_text(&err), "output larger than 4 bytes");
	ostream_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_is_reported_with_its_errno),
		cmocka_unit_test(a_reader_that_left_is_an_error_and_no_signal),
		cmocka_unit_test(short_writes_and_full_pipes_lose_nothing),
		cmocka_unit_test(a_sync_point_reaches_a_regular_file),
		cmocka_unit_test(a_closed_descriptor_is_refused),
		cmocka_unit_test(memory_takes_bytes_up_to_its_maximum),
	};

	return cmocka_run_group_tests_name("ostream", tests, NULL, NULL);
}
