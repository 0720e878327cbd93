/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/ring.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/cleanup.h"

struct slot {
	uint8_t *buf;
	size_t len;        /* written by the filler before it is published */
	uint64_t position; /* the same */
};

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t filled;       /* lock: buffers published so far */
	uint64_t freed;        /* lock: buffers the reader is done with */
	uint64_t worked;       /* lock: buffers the work is done on */
	bool working;          /* lock: one thread is at the work */
	bool ended, cancelled; /* lock */
	int rc;                /* lock: valid once ended */
	ring_work_fn work;     /* fixed, as are those below */
	void *payload;         /* whoever set working may use what it points to */
	ring_fill_fn fill;     /* NULL: a thread does it */
	void *fill_payload;
	size_t slots, slot_bytes;
	struct slot slot[]; /* owned by the filler until published, then only read */
};

struct ring_stream {
	struct istream stream;
	struct ring *ring;
	uint64_t next; /* buffers taken */
	uint64_t position;
};

int ring_new(struct ring **out, size_t slots, size_t slot_bytes, ring_work_fn work, void *payload,
	     struct sl_error *err)
{
	struct ring *r = calloc(1, sizeof(*r) + slots * sizeof(r->slot[0]));

	if (r == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "ring of buffers");
	r->slots = slots;
	r->slot_bytes = slot_bytes;
	r->work = work;
	r->payload = payload;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->changed, NULL);
	for (size_t i = 0; i < slots; i++) {
		r->slot[i].buf = malloc(slot_bytes);
		if (r->slot[i].buf == NULL) {
			ring_free(r);
			return sl_fail(err, SL_ENOMEM, 0, "ring of buffers");
		}
	}
	*out = r;
	return 0;
}

void ring_fill_by(struct ring *r, ring_fill_fn fill, void *payload)
{
	r->fill = fill;
	r->fill_payload = payload;
}

void ring_free(struct ring *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->slots; i++)
		free(r->slot[i].buf);
	(void)pthread_cond_destroy(&r->changed);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

/* With the lock held. */
static bool is_full(const struct ring *r)
{
	return r->filled - r->freed == r->slots || r->filled - r->worked == r->slots;
}

/*
 * With the lock held, which is let go of meanwhile: instead of sleeping, do the work on the next
 * buffer, or else do sleep. Either way the caller looks again.
 */
static void work_or_wait(struct ring *r)
{
	const struct slot *s = &r->slot[r->worked % r->slots];

	if (r->working || r->worked == r->filled) {
		(void)pthread_cond_wait(&r->changed, &r->lock);
		return;
	}
	r->working = true;
	(void)pthread_mutex_unlock(&r->lock);
	r->work(r->payload, s->buf, s->len);
	(void)pthread_mutex_lock(&r->lock);
	r->working = false;
	r->worked++;
	(void)pthread_cond_broadcast(&r->changed);
}

int ring_begin(struct ring *r, uint8_t **buf, size_t *cap)
{
	bool cancelled;

	(void)pthread_mutex_lock(&r->lock);
	while (is_full(r) && !r->cancelled)
		work_or_wait(r);
	cancelled = r->cancelled;
	*buf = r->slot[r->filled % r->slots].buf;
	*cap = r->slot_bytes;
	(void)pthread_mutex_unlock(&r->lock);
	return cancelled ? 1 : 0;
}

void ring_commit(struct ring *r, size_t len, uint64_t position)
{
	struct slot *s;

	(void)pthread_mutex_lock(&r->lock);
	s = &r->slot[r->filled % r->slots];
	s->len = len;
	s->position = position;
	r->filled++;
	(void)pthread_cond_broadcast(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
}

void ring_end(struct ring *r, int rc)
{
	(void)pthread_mutex_lock(&r->lock);
	r->ended = true;
	r->rc = rc;
	(void)pthread_cond_broadcast(&r->changed);
	while (r->worked < r->filled && !r->cancelled)
		work_or_wait(r);
	(void)pthread_mutex_unlock(&r->lock);
}

void ring_cancel(struct ring *r)
{
	(void)pthread_mutex_lock(&r->lock);
	r->cancelled = true;
	(void)pthread_cond_broadcast(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
}

/* With the lock held, which is let go of meanwhile. */
static void fill_or_wait(struct ring *r)
{
	if (r->fill == NULL) {
		work_or_wait(r);
		return;
	}
	(void)pthread_mutex_unlock(&r->lock);
	r->fill(r->fill_payload);
	(void)pthread_mutex_lock(&r->lock);
}

static int reader_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct ring_stream *rs = container_of(s, struct ring_stream, stream);
	struct ring *r = rs->ring;
	int rc = 0;

	(void)pthread_mutex_lock(&r->lock);
	if (r->freed != rs->next) { /* give back the buffer lent before */
		r->freed = rs->next;
		(void)pthread_cond_broadcast(&r->changed);
	}
	while (rs->next == r->filled && !r->ended && !r->cancelled)
		fill_or_wait(r);
	if (r->cancelled) {
		rc = -SL_ECANCELLED;
	} else if (rs->next < r->filled) {
		const struct slot *slot = &r->slot[rs->next++ % r->slots];

		*bytes = slot->buf;
		*len = slot->len;
		rs->position = slot->position;
	} else {
		rc = r->rc < 0 ? r->rc : 1;
	}
	(void)pthread_mutex_unlock(&r->lock);
	if (rc < 0)
		return sl_fail(err, (enum sl_code)(-rc), 0, "stream ended early");
	return rc;
}

static void reader_close(struct istream *s)
{
	free(container_of(s, struct ring_stream, stream));
}

static const struct istream_ops reader_ops = {.next = reader_next, .close = reader_close};

int ring_reader(struct istream **out, struct ring *r, struct sl_error *err)
{
	struct ring_stream *rs = calloc(1, sizeof(*rs));

	if (rs == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "ring reader");
	rs->stream.ops = &reader_ops;
	rs->ring = r;
	*out = &rs->stream;
	return 0;
}

uint64_t ring_position(const struct istream *reader)
{
	const struct ring_stream *rs =
		(const struct ring_stream *)(const void *)((const char *)reader -
							   offsetof(struct ring_stream, stream));

	return rs->position;
}
