/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zframes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "core/cleanup.h"
#include "core/pool.h"
#include "core/zframeread.h"

enum {
	/* Beside one for each worker: lent, waiting to be lent, and held. */
	SLOTS_SPARE = 4,
	WORKERS_MAX = 16,
	SLOTS_MAX = WORKERS_MAX + SLOTS_SPARE,
};

/* What a worker keeps from frame to frame. */
struct worker {
	ZSTD_DCtx *ctx;
	uint8_t *packed;
	size_t packed_cap;
};

/* One frame on its way: read and decompressed by a worker, lent to the caller. */
struct slot {
	struct zframes *z;
	uint64_t turn;
	bool is_past_end; /* there was no frame left for it */
	/* Its bytes are the worker's room while it is there; what a skippable frame holds stays. */
	struct zframe_packed frame;
	uint8_t *plain;
	bool busy;           /* on its way, or lent */
	unsigned int holds;  /* guarded by the reader's lock */
	const char *failure; /* static text; NULL when good */
};

struct zframes {
	/* The worker's whose turn it is: frames are read in order, one at a time. */
	struct zframe_reader reader;
	/* How reading ended; for the caller once a slot past the end came back. */
	bool is_read;
	int end_rc;
	struct sl_error end_error;
	pthread_mutex_t lock;
	pthread_cond_t turned, released;
	uint64_t turn; /* guarded by lock */
	/* The caller's. */
	struct pool *pool;
	struct slot slots[SLOTS_MAX];
	size_t slot_count;
	bool is_serial;
	struct slot *lent;
	size_t in_flight;
	uint64_t next_turn;
	bool is_done;
	uint64_t end_offset;
};

static void worker_clear(void *worker)
{
	struct worker *w = worker;

	if (w == NULL)
		return;
	ZSTD_freeDCtx(w->ctx);
	free(w->packed);
	free(w);
}

static int worker_init(void **worker, void *payload, struct sl_error *err)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)payload;
	if (w != NULL)
		w->ctx = ZSTD_createDCtx();
	if (w == NULL || w->ctx == NULL) {
		worker_clear(w);
		return sl_fail(err, SL_ENOMEM, 0, "decompressor");
	}
	*worker = w;
	return 0;
}

static void swap_packed(struct slot *s, struct worker *w)
{
	struct worker had = *w;

	w->packed = s->frame.bytes;
	w->packed_cap = s->frame.cap;
	s->frame.bytes = had.packed;
	s->frame.cap = had.packed_cap;
}

/* Wait for the slot's turn at the file, read its frame, pass the turn on. */
static void read_in_turn(struct zframes *z, struct slot *s)
{
	pthread_mutex_lock(&z->lock);
	while (z->turn != s->turn)
		pthread_cond_wait(&z->turned, &z->lock);
	pthread_mutex_unlock(&z->lock);

	if (!z->is_read) {
		z->end_rc = zframe_read(&z->reader, &s->frame, &z->end_error);
		z->is_read = z->end_rc != 0;
	}
	s->is_past_end = z->is_read;

	pthread_mutex_lock(&z->lock);
	z->turn++;
	pthread_cond_broadcast(&z->turned);
	pthread_mutex_unlock(&z->lock);
}

static void decompress(struct slot *s, ZSTD_DCtx *ctx)
{
	size_t n;

	if (s->frame.view.is_skippable) {
		bool kept = s->frame.len == ZFRAME_SKIP_HEADER + s->frame.content;

		s->frame.view.bytes = kept ? s->frame.bytes + ZFRAME_SKIP_HEADER : NULL;
		s->frame.view.len = kept ? s->frame.content : 0;
		return;
	}
	if (s->plain == NULL)
		s->plain = malloc(ZFRAMES_MAX_PLAIN);
	if (s->plain == NULL) {
		s->failure = "";
		return;
	}
	n = ZSTD_decompressDCtx(ctx, s->plain, ZFRAMES_MAX_PLAIN, s->frame.bytes, s->frame.len);
	if (ZSTD_isError(n))
		s->failure = ZSTD_getErrorName(n);
	else if (n != s->frame.content)
		s->failure = "another content size than promised";
	s->frame.view.bytes = s->plain;
	s->frame.view.len = n;
}

/* Runs on a worker; jobs begin in the order of their turns. */
static void read_and_decompress(void *job, void *worker)
{
	struct slot *s = job;
	struct worker *w = worker;

	s->failure = NULL;
	swap_packed(s, w);
	read_in_turn(s->z, s);
	if (!s->is_past_end)
		decompress(s, w->ctx);
	if (!s->frame.view.is_skippable)
		swap_packed(s, w);
}

int zframes_open(struct zframes **out, struct rfile *file, unsigned int threads,
		 struct sl_error *err)
{
	struct pool_options options = {
		.workers = threads > WORKERS_MAX ? WORKERS_MAX : threads,
		.run = read_and_decompress,
		.worker_init = worker_init,
		.worker_clear = worker_clear,
	};
	struct zframes *z = calloc(1, sizeof(*z));
	int rc;

	if (z == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "frame reader");
	pthread_mutex_init(&z->lock, NULL);
	pthread_cond_init(&z->turned, NULL);
	pthread_cond_init(&z->released, NULL);
	/* one at a time without threads: the other one is for whoever holds the last */
	z->is_serial = options.workers == 0;
	z->slot_count = z->is_serial ? 2 : options.workers + SLOTS_SPARE;
	options.queue = z->slot_count;
	rc = zframe_reader_init(&z->reader, file, err);
	if (rc == 0)
		rc = pool_new(&z->pool, &options, err);
	if (rc < 0) {
		zframes_close(z);
		return rc;
	}
	*out = z;
	return 0;
}

void zframes_close(struct zframes *z)
{
	void *job;

	if (z == NULL)
		return;
	while (z->in_flight > 0 && pool_take(z->pool, &job) == 0)
		z->in_flight--;
	if (z->pool != NULL)
		pool_free(z->pool);
	for (size_t i = 0; i < z->slot_count; i++) {
		free(z->slots[i].frame.bytes);
		free(z->slots[i].plain);
	}
	pthread_mutex_destroy(&z->lock);
	pthread_cond_destroy(&z->turned);
	pthread_cond_destroy(&z->released);
	sl_error_clear(&z->end_error);
	zframe_reader_clear(&z->reader);
	free(z);
}

/* Neither on its way nor lent nor held. */
static struct slot *find_free(struct zframes *z)
{
	for (size_t i = 0; i < z->slot_count; i++) {
		if (!z->slots[i].busy && z->slots[i].holds == 0)
			return &z->slots[i];
	}
	return NULL;
}

/* NULL when there is none and others are on their way; else one is waited for. */
static struct slot *free_slot(struct zframes *z)
{
	struct slot *s;

	pthread_mutex_lock(&z->lock);
	while ((s = find_free(z)) == NULL && z->in_flight == 0)
		pthread_cond_wait(&z->released, &z->lock);
	pthread_mutex_unlock(&z->lock);
	return s;
}

/* Keep free slots on their way while there are frames left; without threads, one. */
static int read_ahead(struct zframes *z, struct sl_error *err)
{
	size_t most = z->is_serial ? 1 : z->slot_count;
	struct slot *s;

	while (!z->is_done && z->in_flight < most && (s = free_slot(z)) != NULL) {
		int rc;

		s->z = z;
		s->turn = z->next_turn;
		rc = pool_submit(z->pool, s, err);
		if (rc < 0)
			return rc;
		z->next_turn++;
		s->busy = true;
		z->in_flight++;
	}
	return 0;
}

/* The oldest slot on its way, which is the caller's from now on. */
static int take_slot(struct zframes *z, struct slot **out, struct sl_error *err)
{
	void *job;

	if (pool_take(z->pool, &job) != 0)
		return sl_fail(err, SL_EINVAL, 0, "frame lost");
	z->in_flight--;
	*out = job;
	return 0;
}

static int fail_frame(const struct slot *s, struct sl_error *err)
{
	return s->failure[0] == '\0' ? sl_fail(err, SL_ENOMEM, 0, "frame")
				     : sl_fail(err, SL_EFORMAT, 0, "frame: %s", s->failure);
}

static int at_end(const struct zframes *z, struct sl_error *err)
{
	if (z->end_rc < 0)
		return sl_fail(err, z->end_error.code, 0, "%s", sl_error_text(&z->end_error));
	return 1;
}

int zframes_next(struct zframes *z, const struct zframe_view **out, struct sl_error *err)
{
	struct slot *s = NULL;
	int rc;

	if (z->lent != NULL)
		z->lent->busy = false;
	z->lent = NULL;
	if (z->is_done)
		return at_end(z, err);
	rc = read_ahead(z, err);
	if (rc == 0)
		rc = take_slot(z, &s, err);
	if (rc != 0)
		return rc;
	z->lent = s;
	z->is_done = s->is_past_end || s->failure != NULL;
	if (!z->is_done) {
		*out = &s->frame.view;
		return 0;
	}
	z->end_offset = s->frame.view.offset;
	/* the slots behind it hold nothing, or what nobody may see any more */
	while (z->in_flight > 0 && take_slot(z, &s, err) == 0)
		continue;
	if (!z->lent->is_past_end)
		z->end_rc = fail_frame(z->lent, &z->end_error);
	return at_end(z, err);
}

const struct zframe_view *zframes_hold(struct zframes *z)
{
	pthread_mutex_lock(&z->lock);
	z->lent->holds++;
	pthread_mutex_unlock(&z->lock);
	return &z->lent->frame.view;
}

void zframes_release(struct zframes *z, const struct zframe_view *frame)
{
	struct slot *s;

	pthread_mutex_lock(&z->lock);
	for (s = z->slots; &s->frame.view != frame;)
		s++;
	s->holds--;
	pthread_cond_signal(&z->released);
	pthread_mutex_unlock(&z->lock);
}

enum zframes_end zframes_end(const struct zframes *z)
{
	return z->reader.end;
}

uint64_t zframes_offset(const struct zframes *z)
{
	return z->end_offset;
}
