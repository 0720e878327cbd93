/* SPDX-License-Identifier: Apache-2.0 */
#include "host/bolt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "core/tempfile.h"
#include "host/boltview.h"

/* How often a state is read in place, and the file copied, while it is being written. */
#define TRIES 3
/* Largest file that is copied. */
#define COPY_MAX ((uint64_t)1 << 30)
#define COPY_CHUNK ((size_t)256 << 10)

/* One call of bolt_view(): what is called, on which file. */
struct view {
	struct bolt *b;
	int (*fn)(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err);
	void *payload;
	int fd;
	bool is_copy; /* nobody writes it */
	bool stale;
};

int bolt_open(struct bolt **out, int fd, struct sl_error *err)
{
	AUTO_CLOSE int own = root_reopen(fd, err);
	struct boltmeta_pair pair;
	struct bolt *b;
	int rc;

	if (own < 0)
		return own;
	rc = boltmeta_read(&pair, own, err);
	if (rc < 0)
		return rc;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "database");
	b->cache = BOLTCACHE_CLOSED;
	b->fd = take_fd(&own);
	*out = b;
	return 0;
}

void bolt_close(struct bolt *b)
{
	if (b == NULL)
		return;
	close(b->fd);
	free(b->damage);
	free(b);
}

bool bolt_salvaging(const struct bolt *b)
{
	return b->salvaging;
}

const char *bolt_damage(const struct bolt *b)
{
	return b->damage;
}

/* Is @state no longer the newest one? */
static bool overwritten(int fd, const struct boltmeta *state)
{
	struct boltmeta_pair now;

	return boltmeta_read(&now, fd, NULL) < 0 || !boltmeta_equal(&now.newest, state);
}

/* Let the caller see one state. Once *moved is set, the answer is worth nothing. */
static int see(struct view *v, const struct boltmeta *newest, const struct boltmeta *state,
	       bool salvage, bool *moved, struct sl_error *err)
{
	const struct bolt_bucket root = {.root = state->root, .from = BOLTCACHE_FROM_META};
	struct bolt *b = v->b;
	int rc = boltcache_open(&b->cache, v->fd, state, err);

	if (rc < 0)
		return rc;
	b->salvaging = salvage;
	b->page_failed = false;
	rc = v->fn(b, root, v->payload, err);
	b->salvaging = false;
	boltview_take_back(b, NULL);
	boltcache_close(&b->cache);
	*moved = !v->is_copy && overwritten(v->fd, newest);
	return rc;
}

/* Did the caller fail because of what is in the file? */
static bool is_damage(const struct bolt *b, int rc)
{
	return rc == -SL_EFORMAT || (rc < 0 && b->page_failed);
}

/* The newest state, else the one before, else what is left of the newest one. */
static int see_best(struct view *v, bool *moved, struct sl_error *err)
{
	struct boltmeta_pair pair;
	int rc = boltmeta_read(&pair, v->fd, err);

	*moved = false;
	v->stale = false;
	free(v->b->damage);
	v->b->damage = NULL;
	if (rc < 0)
		return rc;
	rc = see(v, &pair.newest, &pair.newest, false, moved, err);
	if (*moved || !is_damage(v->b, rc))
		return rc;
	if (v->b->damage == NULL) /* the caller's own verdict */
		v->b->damage = strdup(sl_error_text(err));
	if (pair.has_before) {
		rc = see(v, &pair.newest, &pair.before, false, moved, err);
		v->stale = rc >= 0;
		if (*moved || !is_damage(v->b, rc))
			return rc;
	}
	return see(v, &pair.newest, &pair.newest, true, moved, err);
}

static int copy_bytes(int from, int to, struct sl_error *err)
{
	AUTO_FREE char *chunk = malloc(COPY_CHUNK);
	uint64_t at = 0;

	if (chunk == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "copy");
	while (at <= COPY_MAX) {
		int64_t n = boltmeta_pread(from, chunk, COPY_CHUNK, at, err);
		int rc = n > 0 ? tempfile_write(to, chunk, (size_t)n, err) : (int)n;

		if (rc < 0 || n == 0)
			return rc;
		at += (uint64_t)n;
	}
	return sl_fail(err, SL_ELIMIT, 0, "too large to be copied while it is being written");
}

/* A copy in which the newest state is whole: nobody could write to its pages meanwhile. */
static int copy_file(struct view *v, struct sl_error *err)
{
	for (int i = 0; i < TRIES; i++) {
		AUTO_CLOSE int fd = -1;
		struct boltmeta_pair pair;
		int rc = boltmeta_read(&pair, v->b->fd, err);

		if (rc < 0)
			return rc;
		fd = tempfile_open(NULL, err);
		if (fd < 0)
			return fd;
		rc = copy_bytes(v->b->fd, fd, err);
		if (rc < 0)
			return rc;
		if (!overwritten(v->b->fd, &pair.newest)) {
			v->is_copy = true;
			return take_fd(&fd);
		}
	}
	return sl_fail(err, SL_EIO, 0, "it is written to faster than it can be read");
}

/* The view's own error: what earlier tries said must not outlive a later success. */
static int view(struct view *v, struct sl_error *err)
{
	AUTO_CLOSE int copy = -1;
	bool moved = true;
	int rc = 0;

	for (int i = 0; moved && i < TRIES; i++)
		rc = see_best(v, &moved, err);
	if (!moved)
		return rc;
	copy = copy_file(v, err);
	if (copy < 0)
		return copy;
	v->fd = copy;
	return see_best(v, &moved, err);
}

int bolt_view(struct bolt *b,
	      int (*fn)(struct bolt *b, struct bolt_bucket root, void *payload,
			struct sl_error *err),
	      void *payload, bool *stale, struct sl_error *err)
{
	struct view v = {.b = b, .fn = fn, .payload = payload, .fd = b->fd};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = view(&v, &why);

	if (stale != NULL)
		*stale = v.stale;
	if (rc < 0 && err != NULL) {
		sl_error_clear(err);
		*err = why;
		why = SL_ERROR_INIT;
	}
	return rc;
}
