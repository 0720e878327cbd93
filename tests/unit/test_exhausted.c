/* SPDX-License-Identifier: Apache-2.0 */
/* No more threads, no more descriptors: the work is done all the same, and nothing is guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/pool.h"
#include "core/within.h"
#include "snapshot/ring.h"

static struct {
	unsigned int threads; /* that can still be started */
	bool no_files;
} left = {.threads = 1000};

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
		   void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (real == NULL)
		real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_create");
	if (left.threads == 0)
		return EAGAIN;
	left.threads--;
	return real(thread, attributes, run, arg);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	static int (*real)(int, const char *, int, ...);
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = va_arg(list, mode_t);
	va_end(list);
	if (real == NULL)
		real = (__typeof__(real))dlsym(RTLD_NEXT, "openat");
	if (left.no_files) {
		errno = EMFILE;
		return -1;
	}
	return real(dir_fd, path, flags, mode);
}

static void square(void *job, void *worker)
{
	unsigned int *n = job;

	(void)worker;
	*n *= *n;
}

static void a_pool_works_with_the_threads_it_gets(void **state)
{
	struct pool_options options = {.workers = 4, .queue = 8, .run = square};

	(void)state;
	for (unsigned int threads = 0; threads < 3; threads++) {
		unsigned int numbers[8];
		struct pool *p = NULL;
		void *job;

		left.threads = threads;
		assert_int_equal(pool_new(&p, &options, NULL), 0);
		assert_int_equal(left.threads, 0);
		for (unsigned int i = 0; i < 8; i++) {
			numbers[i] = i;
			assert_int_equal(pool_submit(p, &numbers[i], NULL), 0);
		}
		for (unsigned int i = 0; i < 8; i++) {
			assert_int_equal(pool_take(p, &job), 0);
			assert_ptr_equal(job, &numbers[i]);
			assert_int_equal(numbers[i], i * i);
		}
		assert_int_equal(pool_take(p, &job), 1);
		pool_free(p);
	}
	left.threads = 1000;
}

/* ---- a ring that its reader fills ---- */

struct filling {
	struct ring *ring;
	unsigned int filled, worked;
	int end;
};

static void fill(void *payload)
{
	struct filling *f = payload;
	uint8_t *buf;
	size_t cap;

	if (f->filled == 20) {
		ring_end(f->ring, f->end);
		return;
	}
	assert_int_equal(ring_begin(f->ring, &buf, &cap), 0);
	buf[0] = (uint8_t)f->filled;
	ring_commit(f->ring, 1, f->filled++);
}

static void work(void *payload, const uint8_t *bytes, size_t len)
{
	struct filling *f = payload;

	assert_int_equal(len, 1);
	assert_int_equal(bytes[0], f->worked++);
}

static void a_ring_without_a_thread_gives_the_same(void **state)
{
	static const int ends[] = {0, -SL_EFORMAT};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct filling f = {.end = ends[i]};
		struct istream *in = NULL;
		const uint8_t *bytes;
		unsigned int n = 0;
		size_t len;
		int rc;

		assert_int_equal(ring_new(&f.ring, 4, 16, work, &f, NULL), 0);
		assert_int_equal(ring_reader(&in, f.ring, NULL), 0);
		ring_fill_by(f.ring, fill, &f);
		while ((rc = istream_next(in, &bytes, &len, NULL)) == 0)
			assert_int_equal(bytes[0], n++);
		assert_int_equal(rc, ends[i] < 0 ? ends[i] : 1);
		assert_int_equal(n, 20);
		assert_int_equal(f.worked, 20);
		istream_close(in);
		ring_free(f.ring);
	}
}

/* ---- where a place lies ---- */

static void without_descriptors_a_place_lies_neither_inside_nor_outside(void **state)
{
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int here = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sl_error err = SL_ERROR_INIT;
	struct stat st, other = {0};

	(void)state;
	assert_int_equal(fstat(root, &st), 0);
	assert_int_equal(lies_within(here, &st, 1, NULL), 1);
	assert_int_equal(lies_within(here, &other, 1, NULL), 0);
	left.no_files = true;
	assert_int_equal(lies_within(here, &st, 1, &err), -SL_EIO);
	left.no_files = false;
	assert_int_equal(err.sys, EMFILE);
	sl_error_clear(&err);
}

/* Out of memory, even the telling of an error can fail: it is none the less one. */
static void an_error_that_was_never_filled_in_is_a_failure(void **state)
{
	struct sl_error empty = SL_ERROR_INIT, err = SL_ERROR_INIT;

	(void)state;
	assert_int_equal(sl_fail(&err, empty.code, 0, "%s", sl_error_text(&empty)), -SL_ENOMEM);
	assert_int_equal(err.code, SL_ENOMEM);
	sl_error_clear(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_works_with_the_threads_it_gets),
		cmocka_unit_test(a_ring_without_a_thread_gives_the_same),
		cmocka_unit_test(without_descriptors_a_place_lies_neither_inside_nor_outside),
		cmocka_unit_test(an_error_that_was_never_filled_in_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
