/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/memberhash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/pool.h"

enum {
	WORKERS_MAX = 16,
	/* Beside those in the pool: one being filled, and one whose successor is still in it. */
	SPARE = 2,
	RING_MAX = 2 * WORKERS_MAX + SPARE,
};

/* Bytes of one member in one frame. */
struct piece {
	const uint8_t *bytes;
	size_t len;
	size_t id;
	bool begins, ends; /* the member does, with this piece */
	uint8_t sha256[SL_SHA256_SIZE];
};

/* All pieces of one frame. */
struct batch {
	struct memberhash *h;
	const struct zframe_view *frame; /* held; NULL while there is none */
	struct piece *pieces;
	size_t count, cap;
	/* The member that goes on behind the last piece; for the batch that follows, once carried.
	 */
	struct sha256 *open;
	bool is_carried; /* guarded by the lock */
	const struct batch *before;
	bool failed;
};

struct memberhash {
	struct members *members;
	struct pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t carried;
	/* A ring, with room enough that a batch outlives the one that goes on with its member. */
	struct batch ring[RING_MAX];
	size_t ring_size;
	uint64_t next; /* batch that is being filled */
	size_t in_flight, queue;
	size_t id;    /* of the member at hand */
	bool is_open; /* some of it came */
	memberhash_fn take;
	void *payload;
};

/* ---- on a worker ---- */

static void carry_on(struct batch *b)
{
	pthread_mutex_lock(&b->h->lock);
	b->is_carried = true;
	pthread_cond_broadcast(&b->h->carried);
	pthread_mutex_unlock(&b->h->lock);
}

/* The pool begins its jobs in order, so the one before runs or is done. */
static void wait_for(struct memberhash *h, const struct batch *before)
{
	pthread_mutex_lock(&h->lock);
	while (!before->is_carried)
		pthread_cond_wait(&h->carried, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

static void hash_piece(struct batch *b, struct piece *p, struct sha256 *hash)
{
	if (!p->ends)
		hash = b->open;
	if (p->begins) {
		sha256_reset(hash);
	} else {
		wait_for(b->h, b->before);
		sha256_copy(hash, b->before->open);
	}
	sha256_update(hash, p->bytes, p->len);
	if (!p->ends)
		carry_on(b);
	else if (sha256_final(hash, p->sha256, NULL) < 0)
		b->failed = true;
}

/* Others wait for the last piece, if its member goes on, and this one waits for the first. */
static void hash_batch(void *job, void *worker)
{
	struct batch *b = job;
	size_t last = b->count - 1;

	if (last > 0)
		hash_piece(b, &b->pieces[last], worker);
	for (size_t i = 1; i < last; i++)
		hash_piece(b, &b->pieces[i], worker);
	hash_piece(b, &b->pieces[0], worker);
	members_release(b->h->members, b->frame);
}

/* ---- on the caller's thread ---- */

static struct batch *current(struct memberhash *h)
{
	return &h->ring[h->next % h->ring_size];
}

static int init_ring(struct memberhash *h, struct sl_error *err)
{
	for (size_t i = 0; i < h->ring_size; i++) {
		struct batch *b = &h->ring[i];
		int rc = sha256_new(&b->open, err);

		if (rc < 0)
			return rc;
		b->h = h;
		b->before = &h->ring[(i + h->ring_size - 1) % h->ring_size];
	}
	return 0;
}

int memberhash_new(struct memberhash **out, struct members *members, unsigned int threads,
		   memberhash_fn take, void *payload, struct sl_error *err)
{
	struct pool_options options = {
		.workers = threads > WORKERS_MAX ? WORKERS_MAX : threads,
		.run = hash_batch,
		.worker_init = sha256_worker_init,
		.worker_clear = sha256_worker_clear,
	};
	struct memberhash *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "digests of members");
	h->members = members;
	h->take = take;
	h->payload = payload;
	h->queue = options.workers == 0 ? 1 : 2 * options.workers;
	h->ring_size = h->queue + SPARE;
	options.queue = h->queue;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->carried, NULL);
	rc = init_ring(h, err);
	if (rc == 0)
		rc = pool_new(&h->pool, &options, err);
	if (rc < 0) {
		memberhash_free(h);
		return rc;
	}
	*out = h;
	return 0;
}

void memberhash_free(struct memberhash *h)
{
	void *job;

	if (h == NULL)
		return;
	while (h->in_flight > 0 && pool_take(h->pool, &job) == 0)
		h->in_flight--;
	if (current(h)->frame != NULL)
		members_release(h->members, current(h)->frame);
	pool_free(h->pool);
	for (size_t i = 0; i < h->ring_size; i++) {
		sha256_free(h->ring[i].open);
		free(h->ring[i].pieces);
	}
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->carried);
	free(h);
}

/* The oldest batch in the pool: its members go to the list, in order. */
static int take_batch(struct memberhash *h, struct sl_error *err)
{
	struct batch *b;
	void *job;

	if (pool_take(h->pool, &job) != 0)
		return sl_fail(err, SL_EINVAL, 0, "digests lost");
	h->in_flight--;
	b = job;
	if (b->failed)
		return sl_fail(err, SL_ENOMEM, 0, "OpenSSL could not compute SHA-256");
	for (size_t i = 0; i < b->count; i++)
		if (b->pieces[i].ends)
			h->take(h->payload, b->pieces[i].id, b->pieces[i].sha256);
	return 0;
}

int memberhash_flush(struct memberhash *h, struct sl_error *err)
{
	struct batch *b = current(h);
	int rc;

	if (b->count == 0)
		return 0;
	rc = pool_submit(h->pool, b, err);
	if (rc < 0)
		return rc;
	h->in_flight++;
	h->next++;
	b = current(h);
	b->frame = NULL;
	b->count = 0;
	b->is_carried = b->failed = false;
	return h->in_flight < h->queue ? 0 : take_batch(h, err);
}

static struct piece *add_piece(struct memberhash *h, struct sl_error *err)
{
	struct batch *b = current(h);

	if (b->count == b->cap) {
		size_t cap = b->cap == 0 ? 64 : b->cap * 2;
		struct piece *grown = reallocarray(b->pieces, cap, sizeof(*grown));

		if (grown == NULL) {
			(void)sl_fail(err, SL_ENOMEM, 0, "digests of members");
			return NULL;
		}
		b->pieces = grown;
		b->cap = cap;
	}
	if (b->frame == NULL)
		b->frame = members_hold(h->members);
	return &b->pieces[b->count++];
}

void memberhash_begin(struct memberhash *h, size_t id)
{
	h->id = id;
	h->is_open = false;
}

int memberhash_data(struct memberhash *h, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	struct piece *p;
	int rc = 0;

	if (current(h)->frame != members_frame(h->members))
		rc = memberhash_flush(h, err);
	p = rc < 0 ? NULL : add_piece(h, err);
	if (p == NULL)
		return -SL_ENOMEM;
	*p = (struct piece){.bytes = bytes, .len = len, .id = h->id, .begins = !h->is_open};
	h->is_open = true;
	return 0;
}

int memberhash_end(struct memberhash *h, struct sl_error *err)
{
	struct batch *b;
	/* one without content */
	int rc = h->is_open ? 0 : memberhash_data(h, NULL, 0, err);

	b = current(h);
	if (rc == 0)
		b->pieces[b->count - 1].ends = true;
	return rc;
}

int memberhash_settle(struct memberhash *h, struct sl_error *err)
{
	int rc = memberhash_flush(h, err);

	while (rc == 0 && h->in_flight > 0)
		rc = take_batch(h, err);
	return rc;
}
