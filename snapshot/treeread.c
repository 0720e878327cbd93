/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/treeread.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/halt.h"
#include "core/pool.h"
#include "core/quote.h"
#include "snapshot/layertree.h"

#define HASHING_THREADS 2
#define IN_FLIGHT 64 /* bounds open files and copied entries */
#define PROGRESS_STEP (4u << 20)

/* An entry on its way through the pool: the walk's, then one worker's, then the walk's again. */
struct item {
	struct sl_entry *entry;     /* owned */
	struct sl_content *content; /* owned; NULL: nothing to read */
	const char *why;            /* it was not read as it was seen: static text; else NULL */
	int sys;
};

struct hasher {
	struct halt_tap halt; /* a file may take longer to read than anybody waits after a signal */
	struct sha256 *sha256;
	struct xxh3 *xxh3;
};

struct read {
	struct sl_source *tree;
	struct pool *pool;
	treeread_fn fn;
	void *payload;
	const struct sl_progress *progress;
	uint64_t bytes, reported;
};

static int refuse(struct sl_bytes path, const char *why, int sys, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(path.data, path.len);

	return sl_fail(err, SL_EIO, sys, "'/%s': %s", shown != NULL ? shown : "?", why);
}

/* ---- on a worker ---- */

static int hasher_new(void **out, void *payload, struct sl_error *err)
{
	struct hasher *h = calloc(1, sizeof(*h));
	int rc;

	*out = h;
	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "hash contexts");
	halt_tap_init(&h->halt, stop_of(payload));
	rc = sha256_new(&h->sha256, err);
	return rc < 0 ? rc : xxh3_new(&h->xxh3, err);
}

static void hasher_free(void *worker)
{
	struct hasher *h = worker;

	if (h == NULL)
		return;
	sha256_free(h->sha256);
	xxh3_free(h->xxh3);
	free(h);
}

static void hash_item(void *job, void *worker)
{
	struct hasher *h = worker;
	struct item *it = job;
	struct digest_tap tap;
	struct sl_tap *const taps[] = {&h->halt.tap, &tap.tap};
	struct sl_read result = {0};

	if (it->content == NULL)
		return;
	digest_tap_init(&tap, h->sha256, h->xxh3);
	if (sl_content_read(it->content, taps, ARRAY_SIZE(taps), &result, NULL) < 0)
		it->why = "cannot be read";
	else if (result.sys != 0)
		it->why = "reading ended early";
	else if (result.changed || result.is_short)
		it->why = "changed while it was read";
	else if (sha256_final(h->sha256, it->entry->sha256, NULL) < 0)
		it->why = "could not be hashed";
	it->sys = it->why != NULL ? result.sys : 0;
	xxh3_final(h->xxh3, it->entry->xxh3);
	it->entry->fields |= (uint32_t)SL_ENTRY_SHA256 | (uint32_t)SL_ENTRY_XXH3;
	sl_content_close(it->content);
	it->content = NULL;
}

/* ---- on the caller's thread ---- */

static void item_free(struct item *it)
{
	if (it == NULL)
		return;
	sl_content_close(it->content);
	sl_entry_free(it->entry);
	free(it);
}

static void read_clear(struct read *r)
{
	void *job = NULL;

	/* nothing may run any more when its item is freed */
	while (r->pool != NULL && pool_take(r->pool, &job) == 0)
		item_free(job);
	pool_free(r->pool);
	sl_source_close(r->tree);
}

static int hand_out(struct read *r, struct item *it, struct sl_error *err)
{
	int rc = halted(stop_of(r->progress), err);

	if (rc == 0)
		rc = it->why != NULL ? refuse(it->entry->path, it->why, it->sys, err)
				     : r->fn(r->payload, it->entry, err);
	r->bytes += it->entry->size;
	item_free(it);
	if (rc == 0 && r->progress != NULL && r->bytes - r->reported >= PROGRESS_STEP) {
		r->reported = r->bytes;
		r->progress->report(r->progress->payload, r->bytes, 0, "tree");
	}
	return rc;
}

/* Hand out what is done; with @all, wait for everything under way. */
static int collect(struct read *r, bool all, struct sl_error *err)
{
	void *job = NULL;
	int rc = 0;

	while (rc == 0 && (all || pool_ready(r->pool)) && pool_take(r->pool, &job) == 0)
		rc = hand_out(r, job, err);
	return rc;
}

static int submit(struct read *r, const struct sl_entry *e, struct sl_error *err)
{
	struct item *it = calloc(1, sizeof(*it));
	int rc;

	if (it == NULL || sl_entry_copy(&it->entry, e) < 0) {
		free(it);
		return sl_fail(err, SL_ENOMEM, 0, "tree");
	}
	rc = S_ISREG(e->mode) ? sl_source_open(r->tree, &it->content, err) : 0;
	if (rc < 0) {
		AUTO_FREE char *shown = quote_dup(e->path.data, e->path.len);

		rc = sl_wrap(err, rc, "'/%s'", shown != NULL ? shown : "?");
	}
	if (rc == 0)
		rc = pool_submit(r->pool, it, err);
	if (rc < 0)
		item_free(it);
	return rc;
}

static int next(struct read *r, const struct sl_entry **e, struct sl_error *err)
{
	int rc = sl_source_next(r->tree, e, err);
	const struct sl_gap *gap = rc < 0 ? NULL : sl_source_gap(r->tree);

	return gap != NULL ? refuse(gap->what, gap->why, gap->sys, err) : rc;
}

static int read_all(struct read *r, struct sl_error *err)
{
	const struct sl_entry *e;
	int rc;

	while ((rc = next(r, &e, err)) == 0) {
		rc = collect(r, false, err);
		if (rc == 0)
			rc = submit(r, e, err);
		if (rc < 0)
			return rc;
	}
	rc = rc < 0 ? rc : collect(r, true, err);
	if (rc == 0 && layertree_raced(r->tree) > 0)
		return sl_fail(err, SL_EIO, 0, "%" PRIu64 " names vanished while the tree was read",
			       layertree_raced(r->tree));
	return rc;
}

int treeread(int dir_fd, treeread_fn fn, void *payload, const struct sl_progress *progress,
	     uint64_t *bytes, struct sl_error *err)
{
	struct read r CLEANUP(read_clear) = {.fn = fn, .payload = payload, .progress = progress};
	struct pool_options pool = {.workers = HASHING_THREADS,
				    .queue = IN_FLIGHT,
				    .run = hash_item,
				    .worker_init = hasher_new,
				    .worker_clear = hasher_free,
				    .payload = (void *)(uintptr_t)progress};
	int rc = layertree_open(&r.tree, dir_fd, SL_MARKER_NONE, NULL, err);

	if (rc == 0)
		rc = pool_new(&r.pool, &pool, err);
	if (rc == 0)
		rc = read_all(&r, err);
	*bytes = r.bytes;
	return rc;
}
