/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pool.h"

#include <pthread.h>

#include "core/cleanup.h"

struct slot {
	void *job;
	bool is_done;
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	void *state; /* the worker's own, from worker_init */
};

/*
 * A ring of slots in order of submission: [oldest, started) runs or is done, [started, newest)
 * waits for a worker. The three counters only grow; a slot is at its counter modulo the size.
 */
struct pool {
	struct pool_options options;
	pthread_mutex_t lock;
	pthread_cond_t has_work;  /* workers wait: a job was submitted, or the pool ends */
	pthread_cond_t has_done;  /* takers wait: the oldest job is done */
	pthread_cond_t has_space; /* submitters wait: a slot was given back */
	struct slot *slots;       /* guarded by lock, like all below */
	uint64_t oldest, started, newest;
	unsigned int idle; /* workers that wait: no signal is due when there are none */
	bool ends;
	/* set once by pool_new */
	struct worker *workers;
	unsigned int worker_count; /* states that were made: at least one, also when serial */
	unsigned int thread_count; /* threads that could be started: 0 when serial */
};

static struct slot *slot_at(struct pool *p, uint64_t counter)
{
	return &p->slots[counter % p->options.queue];
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct slot *slot;
		void *job;

		while (p->started == p->newest && !p->ends) {
			p->idle++;
			pthread_cond_wait(&p->has_work, &p->lock);
			p->idle--;
		}
		if (p->started == p->newest)
			break;
		slot = slot_at(p, p->started);
		p->started++;
		job = slot->job;
		pthread_mutex_unlock(&p->lock);

		p->options.run(job, w->state);

		pthread_mutex_lock(&p->lock);
		slot->is_done = true;
		if (slot == slot_at(p, p->oldest))
			pthread_cond_broadcast(&p->has_done);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int make_states(struct pool *p, struct sl_error *err)
{
	unsigned int count = p->options.workers > 0 ? p->options.workers : 1;

	p->workers = calloc(count, sizeof(*p->workers));
	if (p->workers == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "worker pool");
	for (; p->worker_count < count; p->worker_count++) {
		struct worker *w = &p->workers[p->worker_count];
		int rc;

		w->pool = p;
		if (p->options.worker_init == NULL)
			continue;
		rc = p->options.worker_init(&w->state, p->options.payload, err);
		if (rc < 0)
			return sl_wrap(err, rc, "start worker %u", p->worker_count);
	}
	return 0;
}

/* Where no more threads are to be had (a limit of the user or the group) fewer do the same work. */
static void start_threads(struct pool *p)
{
	for (; p->thread_count < p->options.workers; p->thread_count++) {
		struct worker *w = &p->workers[p->thread_count];

		if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
			return;
	}
}

int pool_new(struct pool **out, const struct pool_options *options, struct sl_error *err)
{
	struct pool *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "worker pool");
	p->options = *options;
	if (p->options.queue == 0)
		p->options.queue = 1;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->has_work, NULL);
	pthread_cond_init(&p->has_done, NULL);
	pthread_cond_init(&p->has_space, NULL);
	p->slots = calloc(p->options.queue, sizeof(*p->slots));
	if (p->slots == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "worker pool");
	else
		rc = make_states(p, err);
	if (rc < 0) {
		pool_free(p);
		return rc;
	}
	start_threads(p);
	*out = p;
	return 0;
}

int pool_submit(struct pool *p, void *job, struct sl_error *err)
{
	bool is_serial = p->thread_count == 0;

	(void)err; /* every slot was allocated at the start */
	pthread_mutex_lock(&p->lock);
	while (p->newest - p->oldest == p->options.queue)
		pthread_cond_wait(&p->has_space, &p->lock);
	*slot_at(p, p->newest) = (struct slot){.job = job};
	if (!is_serial) {
		p->newest++;
		if (p->idle > 0)
			pthread_cond_signal(&p->has_work);
		pthread_mutex_unlock(&p->lock);
		return 0;
	}
	pthread_mutex_unlock(&p->lock);

	p->options.run(job, p->workers[0].state);

	pthread_mutex_lock(&p->lock);
	slot_at(p, p->newest)->is_done = true;
	p->newest++;
	p->started++;
	pthread_cond_broadcast(&p->has_done);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

bool pool_ready(struct pool *p)
{
	uint64_t in_flight;
	bool ready;

	pthread_mutex_lock(&p->lock);
	in_flight = p->newest - p->oldest;
	ready = in_flight > 0 && (in_flight == p->options.queue || slot_at(p, p->oldest)->is_done);
	pthread_mutex_unlock(&p->lock);
	return ready;
}

int pool_take(struct pool *p, void **job)
{
	struct slot *slot;

	pthread_mutex_lock(&p->lock);
	if (p->oldest == p->newest) {
		pthread_mutex_unlock(&p->lock);
		return 1;
	}
	slot = slot_at(p, p->oldest);
	while (!slot->is_done)
		pthread_cond_wait(&p->has_done, &p->lock);
	*job = slot->job;
	slot->job = NULL;
	p->oldest++;
	pthread_cond_signal(&p->has_space);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

void pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->ends = true;
	pthread_cond_broadcast(&p->has_work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned int i = 0; i < p->thread_count; i++)
		pthread_join(p->workers[i].thread, NULL);
	for (unsigned int i = 0; i < p->worker_count; i++)
		if (p->options.worker_clear != NULL)
			p->options.worker_clear(p->workers[i].state);
	pthread_cond_destroy(&p->has_space);
	pthread_cond_destroy(&p->has_done);
	pthread_cond_destroy(&p->has_work);
	pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p->slots);
	free(p);
}
