/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/layercheck.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/change.h>

#include "core/cleanup.h"
#include "core/halt.h"
#include "core/pool.h"
#include "core/root.h"
#include "snapshot/checkdiff.h"
#include "snapshot/checktime.h"
#include "snapshot/filecontent.h"
#include "snapshot/layertree.h"

/* Files under way: enough to keep the threads busy, few enough descriptors. */
#define QUEUE 64
#define PROGRESS_STEP (UINT64_C(8) << 20)
/* A file that has no size to be, or another than it should: hashed for who reads, up to here. */
#define TOLD_MAX (UINT64_C(1) << 30)

struct walk {
	const struct layer_check *check;
	struct sl_check_counts *counts;
	struct checkdiff diff;
	struct checkowner owner;
	struct checktime times;
	bool surveyed;
	int guesses; /* -1: not looked yet; else whether the layer has entries that are guesses */
	struct sl_source *disk, *stored;
	const struct sl_entry *a, *b; /* where the walks stand; NULL at the end */
	struct pool *pool;
	struct checkhash *hash; /* of this thread */
	size_t queued;
	uint64_t reported;
	struct sl_error *err;
};

/* ---- telling ---- */

static int tell(struct walk *w, struct sl_bytes path, const struct checkitem_note *n)
{
	const struct sl_difference d = {.kind = n->kind,
					.is_doubtful = n->is_doubtful,
					.path = path,
					.what = n->what,
					.name = n->name,
					.before = n->before,
					.after = n->after};

	if (n->is_doubtful)
		w->counts->doubtful++;
	else
		w->counts->by_kind[n->kind]++;
	return w->check->events->difference(w->check->events->payload, &d);
}

static int tell_gap(struct walk *w, const struct sl_gap *gap)
{
	w->counts->gaps++;
	return w->check->events->gap(w->check->events->payload, gap);
}

static int tell_unread(struct walk *w, struct sl_bytes path, const char *why, int sys)
{
	return tell_gap(w, &(struct sl_gap){.what = path, .why = why, .sys = sys, .is_path = true});
}

static int out_of_memory(const struct walk *w)
{
	return sl_fail(w->err, SL_ENOMEM, 0, "layer check");
}

/* ---- contents ---- */

/* A file that moved while it was read is read again, as it is now. 0; 1 when it cannot be. */
static int read_again(struct walk *w, struct checkitem *it)
{
	struct sl_entry now = {.mode = S_IFREG};
	int fd = root_open_file(w->check->dir_fd, it->path.data, ROOT_NO_LINKS, NULL);
	struct stat st;

	if (fd < 0)
		return 1;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return 1;
	}
	now.size = (uint64_t)st.st_size;
	now.mtime = (struct sl_time){st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec};
	now.ctime = (struct sl_time){st.st_ctim.tv_sec, (uint32_t)st.st_ctim.tv_nsec};
	if (filecontent_new(&it->content, fd, &now, w->err) < 0)
		return out_of_memory(w);
	if (w->hash == NULL && checkhash_new(&w->hash, NULL, w->err) < 0)
		return out_of_memory(w);
	checkhash_run(w->hash, it);
	return 0;
}

static int judge_content(struct walk *w, struct checkitem *it)
{
	struct checkitem_note n = {
		.kind = SL_DIFFERENCE_CHANGED, .what = "content", .is_doubtful = it->is_doubtful};

	if (it->has_want && it->read.bytes == it->want_size &&
	    memcmp(it->got, it->want, sizeof(it->got)) == 0)
		return 0;
	if (!it->has_want) {
		AUTO_FREE char *digest = checkitem_digest_text(it->got, it->read.bytes);
		struct checkitem_note *told = &it->notes[it->told_in];
		char *joined = NULL;

		if (digest == NULL ||
		    asprintf(&joined, "%s%s%s", told->after != NULL ? told->after : "",
			     told->after != NULL ? ", " : "", digest) < 0)
			return out_of_memory(w);
		free(told->after);
		told->after = joined;
		return 0;
	}
	n.before = checkitem_digest_text(it->want, it->want_size);
	n.after = checkitem_digest_text(it->got, it->read.bytes);
	if (n.before == NULL || n.after == NULL) {
		free(n.before);
		free(n.after);
		return out_of_memory(w);
	}
	return checkitem_note(it, &n);
}

/* The content is hashed, or is not to be had: what does that say? */
static int settle_content(struct walk *w, struct checkitem *it)
{
	int rc = 0;

	if (it->interrupted)
		return sl_fail(w->err, SL_ECANCELLED, 0, "stopped by a signal");
	if (it->hashed && (it->read.changed || it->read.is_short))
		rc = read_again(w, it);
	if (rc < 0)
		return rc;
	w->counts->bytes += it->read.bytes;
	if (!it->hashed)
		return tell_unread(w, it->path, "reading ended early", it->read.sys);
	if (rc == 1 || it->read.changed || it->read.is_short)
		return tell_unread(w, it->path, "changed while it was read", 0);
	return judge_content(w, it);
}

static void progress(struct walk *w)
{
	const struct sl_progress *p = w->check->progress;

	if (p == NULL || w->counts->bytes - w->reported < PROGRESS_STEP)
		return;
	w->reported = w->counts->bytes;
	p->report(p->payload, w->counts->bytes, w->check->total, "layer directory");
}

/* ---- the queue ---- */

static int take_oldest(struct walk *w)
{
	void *job = NULL;
	struct checkitem *it;
	int rc = 0;

	if (pool_take(w->pool, &job) != 0)
		return 0;
	it = job;
	w->queued--;
	if (it->gap != NULL)
		rc = tell_unread(w, it->path, it->gap, it->gap_sys);
	else if (it->is_hashing)
		rc = settle_content(w, it);
	for (size_t i = 0; rc == 0 && i < it->note_count; i++)
		rc = tell(w, it->path, &it->notes[i]);
	checkitem_free(it);
	progress(w);
	return rc;
}

/* Takes over the item, also on failure. */
static int submit(struct walk *w, struct checkitem *it)
{
	int rc = 0;

	if (it->note_count == 0 && it->content == NULL && it->gap == NULL) {
		checkitem_free(it);
		return 0;
	}
	while (rc == 0 && w->queued > 0 && (w->queued == QUEUE || pool_ready(w->pool)))
		rc = take_oldest(w);
	if (rc == 0)
		rc = pool_submit(w->pool, it, w->err);
	if (rc != 0)
		checkitem_free(it);
	else
		w->queued++;
	return rc;
}

static int take_all(struct walk *w)
{
	int rc = 0;

	while (rc == 0 && w->queued > 0)
		rc = take_oldest(w);
	return rc;
}

/* ---- one path ---- */

/* Have the content of the entry on disk hashed; what cannot be opened is a gap. */
static int want_hash(struct walk *w, struct checkitem *it)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	int rc = sl_source_open(w->disk, &it->content, &why);

	if (rc == -SL_ENOMEM)
		return out_of_memory(w);
	it->is_hashing = rc == 0;
	if (rc != 0) {
		it->content = NULL;
		it->gap = why.sys != 0 ? "cannot be opened" : "replaced while it was walked";
		it->gap_sys = why.sys;
	}
	return 0;
}

static enum layer_file single(const struct walk *w, const struct sl_entry *disk)
{
	return w->check->single != NULL ? w->check->single(w->check->payload, disk)
					: LAYER_FILE_AS_ALL;
}

/* A file whose bytes are known to be others: tell which they are. */
static int note_other_content(struct walk *w, struct checkitem *it, const char *before)
{
	struct checkitem_note n = {.kind = SL_DIFFERENCE_CHANGED,
				   .what = "content",
				   .is_doubtful = it->is_doubtful,
				   .before = strdup(before)};
	int rc;

	if (n.before == NULL)
		return out_of_memory(w);
	if (w->a->size > TOLD_MAX && asprintf(&n.after, "%" PRIu64 " bytes", w->a->size) < 0) {
		free(n.before);
		return out_of_memory(w);
	}
	it->told_in = it->note_count;
	rc = checkitem_note(it, &n);
	return rc < 0 || w->a->size > TOLD_MAX ? rc : want_hash(w, it);
}

static int compare_content(struct walk *w, struct checkitem *it)
{
	const struct sl_entry *disk = w->a, *stored = w->b;
	const uint32_t without = SL_ENTRY_WHITEOUT | SL_ENTRY_METACOPY;
	const bool has_digest = (stored->fields & SL_ENTRY_SHA256) != 0;
	AUTO_FREE char *before = NULL;
	enum layer_file file;
	bool must_hash;

	if (!S_ISREG(disk->mode) || !S_ISREG(stored->mode) || (disk->flags & without) != 0 ||
	    (stored->flags & SL_ENTRY_WHITEOUT) != 0)
		return 0;
	it->is_doubtful = checkdiff_is_guess(stored);
	file = single(w, disk);
	if (file == LAYER_FILE_OTHER)
		return note_other_content(w, it, "other bytes: their checksum is another");
	must_hash = w->check->contents == LAYER_CONTENTS_HASH || file == LAYER_FILE_UNREAD;
	if ((stored->flags & SL_ENTRY_UNRESOLVED) != 0 || (must_hash && !has_digest)) {
		if (must_hash)
			it->gap = "the layer does not say what is in it: nothing to compare with";
		return 0;
	}
	if (disk->size != stored->size) {
		before = has_digest && w->check->contents != LAYER_CONTENTS_NAMED
				 ? checkitem_digest_text(stored->sha256, stored->size)
				 : NULL;
		if (before == NULL && asprintf(&before, "%" PRIu64 " bytes", stored->size) < 0)
			return out_of_memory(w);
		return note_other_content(w, it, before);
	}
	if (!must_hash)
		return 0;
	it->has_want = true;
	it->want_size = stored->size;
	memcpy(it->want, stored->sha256, sizeof(it->want));
	return want_hash(w, it);
}

/* The owner is another: is that so all over the directory? Looked at once, when it is first met. */
static int survey(struct walk *w)
{
	struct sl_source *disk = NULL, *stored = NULL;
	int rc = w->check->open(w->check->payload, LAYER_ON_DISK, &disk, w->err);

	if (rc == 0)
		rc = w->check->open(w->check->payload, LAYER_AS_STORED, &stored, w->err);
	if (rc == 0)
		rc = checkowner_survey(&w->owner, disk, stored, w->err);
	sl_source_close(disk);
	sl_source_close(stored);
	w->surveyed = true;
	return rc;
}

static bool may_move(const struct walk *w)
{
	const uint32_t without = SL_ENTRY_IMPLIED | SL_ENTRY_WHITEOUT;

	return w->b->path.len > 0 && !checkdiff_is_guess(w->b) && (w->b->flags & without) == 0 &&
	       (w->a->uid != w->b->uid || w->a->gid != w->b->gid);
}

static int both(struct walk *w)
{
	struct checkitem *it;
	int rc = 0;

	w->counts->entries++;
	if (!w->surveyed && may_move(w))
		rc = survey(w);
	if (rc < 0)
		return rc;
	it = checkitem_new(w->a->path);
	if (it == NULL)
		return out_of_memory(w);
	rc = checkdiff_entry(&w->diff, it, w->a, w->b, w->err);
	if (rc == 0)
		rc = compare_content(w, it);
	/* whoever changed anything else moved the time by that, or took care of it */
	if (rc == 0 && it->note_count == 0)
		rc = checktime_compare(&w->times, w->a, w->b, w->err);
	if (rc < 0) {
		checkitem_free(it);
		return rc;
	}
	return submit(w, it);
}

/* Does the layer have entries of which nobody knows where an engine put them? */
static int has_guesses(struct walk *w, bool *out)
{
	struct sl_source *stored = NULL;
	const struct sl_entry *e;
	int rc;

	if (w->guesses < 0) {
		w->guesses = 0;
		rc = w->check->open(w->check->payload, LAYER_AS_STORED, &stored, w->err);
		while (rc == 0 && w->guesses == 0 && (rc = sl_source_next(stored, &e, w->err)) == 0)
			w->guesses = (e->flags & SL_ENTRY_AMBIGUOUS) != 0;
		sl_source_close(stored);
		if (rc < 0)
			return rc;
	}
	*out = w->guesses == 1;
	return 0;
}

/*
 * A layer's own entries may have been unpacked through a link of a layer below; then the tar has
 * them elsewhere, as guesses. True when @path is, or is beneath, a name that is such a link.
 */
static int is_through_link(struct walk *w, struct sl_bytes path, bool *out)
{
	enum lower_kind kind = LOWER_ABSENT;
	int rc = 0;

	*out = false;
	if (w->diff.lower == NULL)
		return 0;
	for (size_t len = 1; rc == 0 && !*out && len <= path.len; len++) {
		if (len < path.len && path.data[len] != '/')
			continue;
		rc = lowertree_kind(w->diff.lower, (struct sl_bytes){path.data, len}, &kind,
				    w->err);
		*out = rc == 0 && kind == LOWER_LINK;
	}
	return rc == 0 && *out ? has_guesses(w, out) : rc;
}

/* A name in the directory that the layer does not have. */
static int only_disk(struct walk *w)
{
	struct checkitem_note n = {.kind = SL_DIFFERENCE_EXTRA,
				   .what = checkdiff_type(w->a),
				   .after = checkdiff_describe(w->a)};
	struct checkitem *it;
	int rc;

	w->counts->entries++;
	if (n.after == NULL)
		return out_of_memory(w);
	/* no archive holds a socket: it may be one that a build left */
	n.is_doubtful = S_ISSOCK(w->a->mode);
	rc = n.is_doubtful ? 0 : is_through_link(w, w->a->path, &n.is_doubtful);
	it = rc == 0 ? checkitem_new(w->a->path) : NULL;
	if (it == NULL) {
		free(n.after);
		return rc < 0 ? rc : out_of_memory(w);
	}
	rc = checkitem_note(it, &n);
	if (rc == 0 && S_ISREG(w->a->mode) && w->a->size <= TOLD_MAX &&
	    (w->a->flags & (SL_ENTRY_WHITEOUT | SL_ENTRY_METACOPY)) == 0)
		rc = want_hash(w, it);
	if (rc < 0) {
		checkitem_free(it);
		return rc;
	}
	return submit(w, it);
}

static int only_stored(struct walk *w)
{
	struct checkitem_note n = {.kind = SL_DIFFERENCE_MISSING,
				   .is_doubtful = checkdiff_is_guess(w->b),
				   .what = checkdiff_type(w->b),
				   .before = checkdiff_describe(w->b)};
	struct checkitem *it = checkitem_new(w->b->path);
	int rc;

	if (it == NULL || n.before == NULL) {
		free(n.before);
		checkitem_free(it);
		return out_of_memory(w);
	}
	rc = checkitem_note(it, &n);
	if (rc < 0) {
		checkitem_free(it);
		return rc;
	}
	return submit(w, it);
}

/* ---- the walk ---- */

static int step(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	int rc = sl_source_next(src, out, err);

	if (rc == 1)
		*out = NULL;
	return rc < 0 ? rc : 0;
}

static int tell_gaps(struct walk *w)
{
	const struct sl_gap *gap;
	int rc = 0;

	while (rc == 0 && (gap = sl_source_gap(w->disk)) != NULL)
		rc = tell_gap(w, gap);
	return rc;
}

static int merge(struct walk *w)
{
	int rc = step(w->disk, &w->a, w->err);

	if (rc == 0)
		rc = step(w->stored, &w->b, w->err);
	while (rc == 0 && (w->a != NULL || w->b != NULL)) {
		int order = w->a == NULL   ? 1
			    : w->b == NULL ? -1
					   : sl_path_compare(w->a->path, w->b->path);

		rc = halted(stop_of(w->check->progress), w->err);
		if (rc == 0)
			rc = tell_gaps(w);
		if (rc == 0)
			rc = order == 0 ? both(w) : order < 0 ? only_disk(w) : only_stored(w);
		if (rc == 0 && order <= 0)
			rc = step(w->disk, &w->a, w->err);
		if (rc == 0 && order >= 0)
			rc = step(w->stored, &w->b, w->err);
	}
	if (rc == 0)
		rc = take_all(w);
	return rc == 0 ? tell_gaps(w) : rc;
}

static int tell_owner(struct walk *w)
{
	const struct checkowner *o = &w->owner;
	struct checkitem_note n = {
		.kind = SL_DIFFERENCE_METADATA, .what = "owner", .is_doubtful = true};
	AUTO_FREE char *before = NULL, *after = NULL;
	int len = 0;

	if (o->kind == CHECKOWNER_NONE)
		return 0;
	if (asprintf(&before, "the layer's, of %" PRIu64 " entries", o->entries) < 0)
		return out_of_memory(w);
	if (o->kind == CHECKOWNER_SHIFTED)
		len = asprintf(&after, "shifted by %" PRId32 ":%" PRId32, (int32_t)o->uid,
			       (int32_t)o->gid);
	else
		len = asprintf(&after, "squashed to %" PRIu32 ":%" PRIu32, o->uid, o->gid);
	if (len < 0)
		return out_of_memory(w);
	n.before = before;
	n.after = after;
	return tell(w, (struct sl_bytes){"", 0}, &n);
}

static int tell_time(void *payload, struct sl_bytes path, const struct checkitem_note *n)
{
	return tell(payload, path, n);
}

/* Names that vanish while the walk goes on are races, and what they were is not known. */
static int tell_raced(struct walk *w, bool is_tree)
{
	static const char all[] = "";

	if (!is_tree || layertree_raced(w->disk) == 0)
		return 0;
	return tell_unread(w, (struct sl_bytes){all, 0}, "names vanished while it was walked", 0);
}

static void run_job(void *job, void *worker)
{
	checkhash_run(worker, job);
}

static int start_worker(void **worker, void *payload, struct sl_error *err)
{
	const struct layer_check *check = payload;
	struct checkhash *h = NULL;
	int rc = checkhash_new(&h, stop_of(check->progress), err);

	*worker = h;
	return rc;
}

static void end_worker(void *worker)
{
	checkhash_free(worker);
}

static void walk_clear(struct walk *w)
{
	void *job = NULL;

	while (w->pool != NULL && pool_take(w->pool, &job) == 0)
		checkitem_free(job);
	pool_free(w->pool);
	checkhash_free(w->hash);
	checktime_clear(&w->times);
	sl_source_close(w->disk);
	sl_source_close(w->stored);
}

int layer_check(const struct layer_check *check, struct sl_check_counts *counts,
		struct sl_error *err)
{
	struct layer_check lent = *check;
	const struct pool_options pool = {.workers = check->jobs,
					  .queue = QUEUE,
					  .run = run_job,
					  .worker_init = start_worker,
					  .worker_clear = end_worker,
					  .payload = &lent};
	struct walk w CLEANUP(walk_clear) = {
		.check = check, .counts = counts, .guesses = -1, .err = err};
	int rc = check->open(check->payload, LAYER_ON_DISK, &w.disk, err);

	w.diff = (struct checkdiff){.lower = check->lower, .owner = &w.owner};
	*counts = (struct sl_check_counts){0};
	if (rc == 0)
		rc = check->open(check->payload, LAYER_AS_STORED, &w.stored, err);
	if (rc == 0)
		rc = pool_new(&w.pool, &pool, err);
	if (rc == 0)
		rc = merge(&w);
	if (rc == 0)
		rc = tell_owner(&w);
	if (rc == 0)
		rc = checktime_tell(&w.times, tell_time, &w, err);
	return rc == 0 ? tell_raced(&w, check->dir_fd >= 0) : rc;
}
