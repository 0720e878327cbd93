/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_ahead.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/pool.h"

/* At most so many files, each of CAPTURE_AHEAD_MAX, are in memory. */
#define SLOTS 32

/* The walk's until it is put and after it was taken, a thread's between. */
struct slot {
	struct capture_ahead_file file;
	struct sl_content content; /* what file.content is when it was read */
	struct sl_content *inner;  /* owned; NULL: nothing is to be read */
	/* What was read: one byte more than promised at most, so that growth shows. */
	uint8_t *bytes; /* owned, reused */
	size_t cap, len;
	struct sl_read read;
	bool is_read;
};

struct capture_ahead {
	struct pool *pool; /* NULL: nothing is read ahead */
	struct slot slots[SLOTS];
	size_t oldest, count;
};

/* ---- on a thread ---- */

struct fill_tap {
	struct sl_tap tap;
	struct slot *slot;
	size_t most;
	struct sha256 *sha256;
};

static int fill(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct fill_tap *t = container_of(tap, struct fill_tap, tap);
	size_t room = t->most - t->slot->len, n = len < room ? len : room;

	memcpy(t->slot->bytes + t->slot->len, bytes, n);
	sha256_update(t->sha256, bytes, n);
	t->slot->len += n;
	return t->slot->len < t->most ? 0 : sl_fail(err, SL_ECANCELLED, 0, "larger than it was");
}

static int reserve(struct slot *s, size_t size)
{
	uint8_t *bytes;

	if (size <= s->cap)
		return 0;
	bytes = realloc(s->bytes, size);
	if (bytes == NULL)
		return -SL_ENOMEM;
	s->bytes = bytes;
	s->cap = size;
	return 0;
}

static void read_slot(void *job, void *worker)
{
	struct slot *s = job;
	struct fill_tap t = {.tap.data = fill, .slot = s, .sha256 = worker};
	struct sl_tap *taps[] = {&t.tap};

	if (s->inner == NULL)
		return;
	t.most = (size_t)s->file.entry->size + 1;
	/* without memory for it, it is read when it is its turn */
	if (reserve(s, t.most) < 0)
		return;
	sha256_reset(t.sha256);
	(void)sl_content_read(s->inner, taps, ARRAY_SIZE(taps), &s->read, NULL);
	s->is_read = true;
	s->file.has_sha256 = sha256_final(t.sha256, s->file.sha256, NULL) == 0;
	s->file.bytes = s->len;
	sl_content_close(take_ptr(&s->inner));
}

/* ---- a slot as a content ---- */

static int slot_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
		     struct sl_read *out, struct sl_error *err)
{
	const struct slot *s = container_of(c, struct slot, content);

	*out = s->read;
	for (size_t i = 0; i < count && s->len > 0; i++) {
		int rc = taps[i]->data(taps[i], s->bytes, s->len, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static void slot_close(struct sl_content *c)
{
	(void)c; /* its memory is used again */
}

static void slot_reset(struct slot *s)
{
	static const struct sl_content_ops ops = {.read = slot_read, .close = slot_close};

	sl_content_close(take_ptr(&s->inner));
	if (s->file.content != &s->content)
		sl_content_close(s->file.content);
	sl_entry_free(s->file.entry);
	s->file = (struct capture_ahead_file){0};
	s->content.ops = &ops;
	s->len = 0;
	s->read = (struct sl_read){0};
	s->is_read = false;
}

/* ---- on the walk's thread ---- */

int capture_ahead_new(struct capture_ahead **out, unsigned int threads, struct sl_error *err)
{
	struct pool_options options = {.workers = threads > 2 ? 2 : 1,
				       .queue = SLOTS,
				       .run = read_slot,
				       .worker_init = sha256_worker_init,
				       .worker_clear = sha256_worker_clear};
	struct capture_ahead *a = calloc(1, sizeof(*a));
	int rc = 0;

	if (a == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "reading ahead");
	if (threads > 1)
		rc = pool_new(&a->pool, &options, err);
	if (rc < 0) {
		free(a);
		return rc;
	}
	*out = a;
	return 0;
}

void capture_ahead_free(struct capture_ahead *a)
{
	void *job;

	if (a == NULL)
		return;
	while (a->pool != NULL && pool_take(a->pool, &job) == 0)
		continue;
	pool_free(a->pool);
	for (size_t i = 0; i < SLOTS; i++) {
		slot_reset(&a->slots[i]);
		free(a->slots[i].bytes);
	}
	free(a);
}

bool capture_ahead_fits(const struct capture_ahead *a, const struct sl_entry *e)
{
	return a->pool != NULL && S_ISREG(e->mode) && e->nlink <= 1 && e->size > 0 &&
	       e->size <= CAPTURE_AHEAD_MAX;
}

bool capture_ahead_is_empty(const struct capture_ahead *a)
{
	return a->count == 0;
}

bool capture_ahead_is_full(const struct capture_ahead *a)
{
	return a->count == SLOTS;
}

static void open_slot(struct slot *s, struct sl_source *source)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc = sl_source_open(source, &s->inner, &why);

	s->file.is_unopened = rc < 0;
	s->file.open_sys = why.sys;
	sl_error_clear(&why);
	/* where holes are is for the writer to ask */
	if (rc == 0 && sl_content_holes(s->inner) > 0)
		s->file.content = take_ptr(&s->inner);
}

int capture_ahead_put(struct capture_ahead *a, const struct sl_entry *e, struct sl_source *source,
		      struct sl_error *err)
{
	struct slot *s = &a->slots[(a->oldest + a->count) % SLOTS];
	int rc;

	slot_reset(s);
	if (sl_entry_copy(&s->file.entry, e) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "reading ahead");
	if (source != NULL)
		open_slot(s, source);
	rc = pool_submit(a->pool, s, err);
	if (rc == 0)
		a->count++;
	return rc;
}

int capture_ahead_take(struct capture_ahead *a, struct capture_ahead_file **out,
		       struct sl_error *err)
{
	void *job;
	struct slot *s;

	if (pool_take(a->pool, &job) != 0)
		return sl_fail(err, SL_EINVAL, 0, "reading ahead: nothing is on its way");
	s = job;
	a->oldest = (a->oldest + 1) % SLOTS;
	a->count--;
	if (s->inner != NULL)
		s->file.content = take_ptr(&s->inner);
	else if (s->is_read)
		s->file.content = &s->content;
	*out = &s->file;
	return 0;
}
