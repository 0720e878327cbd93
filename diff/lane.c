/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/lane.h"

#include "core/cleanup.h"
#include "core/pool.h"
#include "diff/gapcopy.h"

/* Pairs with content under way: enough to keep the threads busy, few enough descriptors (two each)
 * and memory. */
#define LANE_HASHING 64
/* Everything under way, pairs without content and gaps included. */
#define LANE_ITEMS 512

struct item {
	struct pair *pair; /* owned; NULL: a gap */
	struct sl_gap gap; /* its strings lie behind the item */
	bool is_hashing;   /* went to the pool */
};

/* A ring in order of arrival. */
struct lane {
	struct lane_options options;
	struct pool *pool; /* NULL: not needed yet */
	struct item *items[LANE_ITEMS];
	size_t first, count;
	size_t hashing;
};

struct pair *pair_new(const struct sl_entry *before, const struct sl_entry *after)
{
	struct pair *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if ((before != NULL && sl_entry_copy(&p->before, before) < 0) ||
	    (after != NULL && sl_entry_copy(&p->after, after) < 0)) {
		pair_free(p);
		return NULL;
	}
	if (p->after != NULL)
		p->path = p->after->path;
	else if (p->before != NULL)
		p->path = p->before->path;
	return p;
}

void pair_free(struct pair *p)
{
	if (p == NULL)
		return;
	reading_clear(&p->before_read);
	reading_clear(&p->after_read);
	sl_entry_free(p->before);
	sl_entry_free(p->after);
	free(p);
}

static void item_free(struct item *it)
{
	if (it != NULL)
		pair_free(it->pair);
	free(it);
}

/* On a worker: touches nothing but the pair it was handed. */
static void run_job(void *job, void *worker)
{
	struct pair *p = ((struct item *)job)->pair;

	reading_run(&p->after_read, worker);
	reading_run(&p->before_read, worker);
}

/* @payload is the lane. */
static int start_worker(void **worker, void *payload, struct sl_error *err)
{
	struct hasher *h = NULL;
	const struct lane *l = payload;
	int rc = hasher_new(&h, l->options.stop, l->options.deadline_ns, err);

	*worker = h;
	return rc;
}

static void end_worker(void *worker)
{
	hasher_free(worker);
}

int lane_new(struct lane **out, const struct lane_options *options, struct sl_error *err)
{
	struct lane *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "hashing lane");
	l->options = *options;
	*out = l;
	return 0;
}

/* Where nothing is hashed no thread is made: the kernel and libc are quicker with one alone. */
static int submit(struct lane *l, struct item *it, struct sl_error *err)
{
	struct pool_options pool = {.workers = l->options.jobs,
				    .queue = LANE_HASHING,
				    .run = run_job,
				    .worker_init = start_worker,
				    .worker_clear = end_worker,
				    .payload = l};
	int rc = l->pool == NULL ? pool_new(&l->pool, &pool, err) : 0;

	return rc < 0 ? rc : pool_submit(l->pool, it, err);
}

/* Hand the oldest item out, waiting for its content. */
static int emit_oldest(struct lane *l, struct sl_error *err)
{
	struct item *it = l->items[l->first];
	void *job = NULL;
	int rc;

	if (it->is_hashing) {
		(void)pool_take(l->pool, &job); /* same order: this is the item itself */
		l->hashing--;
	}
	l->first = (l->first + 1) % LANE_ITEMS;
	l->count--;
	if (it->pair != NULL)
		rc = l->options.pair(l->options.payload, it->pair, err);
	else
		rc = l->options.gap(l->options.payload, &it->gap, err);
	item_free(it);
	return rc;
}

static int emit_ready(struct lane *l, struct sl_error *err)
{
	int rc = 0;

	while (rc >= 0 && l->count > 0 && (!l->items[l->first]->is_hashing || pool_ready(l->pool)))
		rc = emit_oldest(l, err);
	return rc;
}

/* Takes over the item, also on failure. */
static int add(struct lane *l, struct item *it, struct sl_error *err)
{
	int rc = 0;

	while (rc >= 0 &&
	       (l->count == LANE_ITEMS || (it->is_hashing && l->hashing == LANE_HASHING)))
		rc = emit_oldest(l, err);
	if (rc >= 0 && it->is_hashing)
		rc = submit(l, it, err);
	if (rc < 0) {
		item_free(it);
		return rc;
	}
	l->hashing += it->is_hashing;
	l->items[(l->first + l->count) % LANE_ITEMS] = it;
	l->count++;
	return emit_ready(l, err);
}

int lane_add_pair(struct lane *l, struct pair *p, struct sl_error *err)
{
	struct item *it = calloc(1, sizeof(*it));

	if (it == NULL) {
		pair_free(p);
		return sl_fail(err, SL_ENOMEM, 0, "hashing lane");
	}
	it->pair = p;
	it->is_hashing = p->before_read.content != NULL || p->after_read.content != NULL;
	return add(l, it, err);
}

int lane_add_gap(struct lane *l, const struct sl_gap *gap, struct sl_error *err)
{
	struct item *it = calloc(1, sizeof(*it) + gapcopy_size(gap));

	if (it == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "hashing lane");
	it->gap = gapcopy_into((char *)(it + 1), gap);
	return add(l, it, err);
}

int lane_finish(struct lane *l, struct sl_error *err)
{
	int rc = 0;

	while (rc >= 0 && l->count > 0)
		rc = emit_oldest(l, err);
	return rc;
}

void lane_free(struct lane *l)
{
	void *job = NULL;

	if (l == NULL)
		return;
	/* nothing may run any more when its pair is freed */
	while (l->pool != NULL && pool_take(l->pool, &job) == 0)
		;
	for (; l->count > 0; l->count--) {
		item_free(l->items[l->first]);
		l->first = (l->first + 1) % LANE_ITEMS;
	}
	pool_free(l->pool);
	free(l);
}
