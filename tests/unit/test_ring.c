/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of buffers: whoever is slow, reader and work see every byte, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "snapshot/ring.h"

#define BUFFERS 100

enum slow { SLOW_NONE, SLOW_FILLER, SLOW_READER, SLOW_WORK };

struct run {
	struct ring *ring;
	enum slow slow;
	int end;
	unsigned int worked; /* the ring's until the filler is joined */
	bool in_order;
	bool was_cancelled; /* the filler's until joined */
};

static void nap(void)
{
	static const struct timespec t = {.tv_nsec = 200 * 1000};

	(void)nanosleep(&t, NULL);
}

static void work(void *payload, const uint8_t *bytes, size_t len)
{
	struct run *run = payload;

	if (run->slow == SLOW_WORK)
		nap();
	run->in_order = run->in_order && len == 1 && bytes[0] == run->worked;
	run->worked++;
}

static void *fill(void *arg)
{
	struct run *run = arg;
	uint8_t *buf;
	size_t cap;

	for (unsigned int i = 0; i < BUFFERS; i++) {
		if (run->slow == SLOW_FILLER)
			nap();
		if (ring_begin(run->ring, &buf, &cap) != 0) {
			run->was_cancelled = true;
			break;
		}
		buf[0] = (uint8_t)i;
		ring_commit(run->ring, 1, i);
	}
	ring_end(run->ring, run->end);
	return NULL;
}

/* Read at most @most buffers and then cancel, or all. Returns what the stream said at its end. */
static int pass(struct run *run, unsigned int most)
{
	struct istream *in = NULL;
	pthread_t filler;
	const uint8_t *bytes;
	unsigned int n = 0;
	size_t len;
	int rc = 0;

	run->in_order = true;
	assert_int_equal(ring_new(&run->ring, 4, 16, work, run, NULL), 0);
	assert_int_equal(ring_reader(&in, run->ring, NULL), 0);
	assert_int_equal(pthread_create(&filler, NULL, fill, run), 0);
	while (n < most && (rc = istream_next(in, &bytes, &len, NULL)) == 0) {
		assert_int_equal(len, 1);
		assert_int_equal(bytes[0], n);
		assert_int_equal(ring_position(in), n);
		n++;
		if (run->slow == SLOW_READER)
			nap();
	}
	if (n == most)
		ring_cancel(run->ring);
	(void)pthread_join(filler, NULL);
	if (most > BUFFERS)
		assert_int_equal(n, BUFFERS);
	istream_close(in);
	ring_free(run->ring);
	return rc;
}

static void reader_and_work_see_all_of_it_whoever_is_slow(void **state)
{
	(void)state;
	for (enum slow slow = SLOW_NONE; slow <= SLOW_WORK; slow++) {
		struct run run = {.slow = slow};

		assert_int_equal(pass(&run, UINT32_MAX), 1);
		assert_true(run.in_order);
		assert_int_equal(run.worked, BUFFERS);
	}
}

static void a_failure_comes_behind_the_last_buffer_and_the_work_is_done(void **state)
{
	struct run run = {.end = -SL_EFORMAT};

	(void)state;
	assert_int_equal(pass(&run, UINT32_MAX), -SL_EFORMAT);
	assert_int_equal(run.worked, BUFFERS);
}

static void a_cancelled_ring_lets_its_filler_go(void **state)
{
	struct run run = {.slow = SLOW_NONE};

	(void)state;
	(void)pass(&run, 3);
	assert_true(run.was_cancelled);
	assert_true(run.in_order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_and_work_see_all_of_it_whoever_is_slow),
		cmocka_unit_test(a_failure_comes_behind_the_last_buffer_and_the_work_is_done),
		cmocka_unit_test(a_cancelled_ring_lets_its_filler_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
