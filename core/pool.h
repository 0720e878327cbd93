/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ordered worker pool: jobs run on any thread, results come back in the order of submission, so
 * that one worker and sixteen produce the same bytes.
 *
 * Workers compute on what they are handed and touch no output, database or shared error. With 0
 * workers the pool is its own serial twin: submit runs the job at once, same interface. So it is
 * where no thread can be started; where fewer can than were asked for, those do the work.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <strandline/error.h>

struct pool;

/* Runs on a worker. @worker is that worker's private state from pool_worker_ops.init. */
typedef void (*pool_job_fn)(void *job, void *worker);

struct pool_options {
	unsigned int workers; /* 0: serial */
	size_t queue;         /* most jobs in flight before submit blocks; at least 1 */
	pool_job_fn run;
	/* Per-worker state (hash contexts, buffers); both may be NULL. */
	int (*worker_init)(void **worker, void *payload, struct sl_error *err);
	void (*worker_clear)(void *worker);
	void *payload;
};

int pool_new(struct pool **out, const struct pool_options *options, struct sl_error *err);

/* Hand a job over. Blocks while the queue is full. 0, or -SL_ENOMEM. */
int pool_submit(struct pool *p, void *job, struct sl_error *err);

/* True when the oldest job is done, or no more can be submitted without taking one. */
bool pool_ready(struct pool *p);

/* Wait for the oldest job in order of submission. 0 and the job; 1 when none is in flight. */
int pool_take(struct pool *p, void **job);

/* Waits for running jobs; jobs not taken are the caller's to free via pool_take before this. */
void pool_free(struct pool *p);

#endif
