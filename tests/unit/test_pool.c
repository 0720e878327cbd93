/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/pool.h"

#define JOBS 500

struct job {
	unsigned int number, result;
	bool naps;
};

struct state {
	unsigned int ran;
};

static unsigned int inits, clears;
static unsigned int fail_at; /* this init fails; 0: none */

static int init(void **worker, void *payload, struct sl_error *err)
{
	assert_ptr_equal(payload, &inits);
	if (++inits == fail_at)
		return sl_fail(err, SL_ENOMEM, 0, "no state");
	*worker = calloc(1, sizeof(struct state));
	return 0;
}

static void clear(void *worker)
{
	clears++;
	free(worker);
}

static void run(void *job, void *worker)
{
	struct job *j = job;
	struct timespec nap = {.tv_nsec = 2000000};

	if (j->naps)
		nanosleep(&nap, NULL);
	((struct state *)worker)->ran++;
	j->result = j->number * j->number + 1;
}

static struct pool *make(unsigned int workers, size_t queue)
{
	struct pool_options options = {.workers = workers,
				       .queue = queue,
				       .run = run,
				       .worker_init = init,
				       .worker_clear = clear,
				       .payload = &inits};
	struct pool *p = NULL;

	inits = clears = 0;
	assert_int_equal(pool_new(&p, &options, NULL), 0);
	return p;
}

static void results_come_in_order_with(unsigned int workers)
{
	struct pool *p = make(workers, 16);
	static struct job jobs[JOBS];
	unsigned int taken = 0;
	void *job = NULL;

	for (unsigned int i = 0; i < JOBS; i++) {
		/* early jobs are the slow ones: later ones finish first */
		jobs[i] = (struct job){.number = i, .naps = i % 50 == 0};
		while (i - taken == 16 || pool_ready(p)) {
			assert_int_equal(pool_take(p, &job), 0);
			assert_ptr_equal(job, &jobs[taken]);
			assert_int_equal(jobs[taken].result, taken * taken + 1);
			taken++;
		}
		assert_int_equal(pool_submit(p, &jobs[i], NULL), 0);
	}
	while (pool_take(p, &job) == 0)
		assert_ptr_equal(job, &jobs[taken++]);
	assert_int_equal(taken, JOBS);
	assert_int_equal(pool_take(p, &job), 1);
	pool_free(p);
	assert_int_equal(inits, workers > 0 ? workers : 1);
	assert_int_equal(clears, inits);
}

static void results_come_in_order_of_submission(void **state)
{
	(void)state;
	fail_at = 0;
	results_come_in_order_with(0);
	results_come_in_order_with(1);
	results_come_in_order_with(8);
}

static void a_worker_that_cannot_start_fails_the_pool(void **state)
{
	struct pool_options options = {.workers = 4,
				       .queue = 4,
				       .run = run,
				       .worker_init = init,
				       .worker_clear = clear,
				       .payload = &inits};
	struct sl_error err = SL_ERROR_INIT;
	struct pool *p = NULL;

	(void)state;
	inits = clears = 0;
	fail_at = 3;
	assert_int_equal(pool_new(&p, &options, &err), -SL_ENOMEM);
	assert_null(p);
	assert_string_equal(sl_error_text(&err), "start worker 2: no state");
	assert_int_equal(clears, 2); /* those that had started */
	sl_error_clear(&err);
	fail_at = 0;
}

static void a_full_queue_is_ready_before_its_oldest_is_done(void **state)
{
	struct pool *p = make(1, 2);
	struct job jobs[] = {{.number = 1, .naps = true}, {.number = 2, .naps = true}};
	void *job = NULL;

	(void)state;
	assert_false(pool_ready(p));
	assert_int_equal(pool_submit(p, &jobs[0], NULL), 0);
	assert_int_equal(pool_submit(p, &jobs[1], NULL), 0);
	assert_true(pool_ready(p));
	assert_int_equal(pool_take(p, &job), 0);
	assert_int_equal(jobs[0].result, 2);
	assert_int_equal(pool_take(p, &job), 0);
	pool_free(p);
}

static void *take_late(void *arg)
{
	struct timespec nap = {.tv_nsec = 20000000};
	void *job = NULL;

	nanosleep(&nap, NULL);
	return pool_take(arg, &job) == 0 ? job : NULL;
}

static void submit_waits_until_a_slot_is_free(void **state)
{
	struct pool *p = make(1, 1);
	struct job jobs[] = {{.number = 1}, {.number = 2}};
	pthread_t thread;
	void *job = NULL;

	(void)state;
	assert_int_equal(pool_submit(p, &jobs[0], NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, take_late, p), 0);
	assert_int_equal(pool_submit(p, &jobs[1], NULL), 0); /* not before the other takes */
	pthread_join(thread, &job);
	assert_ptr_equal(job, &jobs[0]);
	assert_int_equal(pool_take(p, &job), 0);
	assert_ptr_equal(job, &jobs[1]);
	pool_free(p);
}

static void free_waits_for_running_jobs(void **state)
{
	struct pool *p = make(2, 8);
	struct job jobs[4];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(jobs); i++) {
		jobs[i] = (struct job){.number = i, .naps = true};
		assert_int_equal(pool_submit(p, &jobs[i], NULL), 0);
	}
	pool_free(p);
	for (unsigned int i = 0; i < ARRAY_SIZE(jobs); i++)
		assert_int_equal(jobs[i].result, i * i + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_come_in_order_of_submission),
		cmocka_unit_test(a_worker_that_cannot_start_fails_the_pool),
		cmocka_unit_test(a_full_queue_is_ready_before_its_oldest_is_done),
		cmocka_unit_test(submit_waits_until_a_slot_is_free),
		cmocka_unit_test(free_waits_for_running_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
