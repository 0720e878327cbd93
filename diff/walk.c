/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/walk.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "diff/facts.h"
#include "diff/lane.h"
#include "diff/links.h"
#include "diff/logprefix.h"
#include "diff/recall.h"
#include "diff/settle.h"
#include "diff/unread.h"

/* Stepping over an entry costs far less than a seek through all layers: try these many first. */
#define STEPS_BEFORE_SEEK 256
/* Holes of smaller files are not counted: hashing them costs little more than looking. */
#define HOLES_COUNTED_FROM ((uint64_t)64 << 10)

struct walk {
	const struct drift_input *in;
	const struct drift_options *options;
	const struct walk_sink *sink;
	struct walk_counts *counts;
	struct lane *lane;
	struct links *links;
	struct settle settle;
	struct unread unread;
	/* Borrowed from their sources; NULL at the end. */
	const struct sl_entry *before, *after;
	/*
	 * Sparse only: beneath this path the image's names that the container does not list are
	 * gone. Outside of it they are unchanged.
	 */
	struct buf region;
	bool has_region;
	uint64_t region_signals; /* of what is gone there */
	uint64_t deadline_ns;    /* of clock_boot_ns(); 0: none */
	uint64_t bytes_left;     /* of the budget; UINT64_MAX where there is none */
	bool is_cut;         /* a source failed or we were told to stop: nothing more is known */
	uint64_t holes_left; /* bytes of holes that are still hashed */
};

static int on_pair(void *payload, struct pair *p, struct sl_error *err)
{
	struct walk *w = payload;

	links_settle(w->links, p);
	recall_keep(w->options->cache, p);
	if ((p->after_read.fields & SL_ENTRY_CACHED) != 0)
		w->counts->cached++;
	return settle_pair(&w->settle, p, err);
}

static int on_gap(void *payload, const struct sl_gap *gap, struct sl_error *err)
{
	struct walk *w = payload;

	return w->sink->gap(w->sink->payload, gap, err);
}

static int queue_gap(void *payload, const struct sl_gap *gap, struct sl_error *err)
{
	struct walk *w = payload;

	return lane_add_gap(w->lane, gap, err);
}

/* ---- moving on ---- */

/* A source that fails ends the walk with a gap; only our own trouble is a failure. */
static int cut(struct walk *w, const char *why, int rc, struct sl_error *own, struct sl_error *err)
{
	struct sl_gap gap = {.why = why, .sys = own->sys};
	const char *text;

	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED) {
		sl_fail(err, own->code, 0, "%s", sl_error_text(own));
		sl_error_clear(own);
		return rc;
	}
	text = own->msg != NULL ? own->msg : "unknown error";
	gap.what = (struct sl_bytes){text, strlen(text)};
	rc = lane_add_gap(w->lane, &gap, err);
	sl_error_clear(own);
	w->is_cut = true;
	w->before = w->after = NULL;
	return rc < 0 ? rc : 0;
}

static int next_before(struct walk *w, struct sl_error *err)
{
	struct sl_error own = SL_ERROR_INIT;
	int rc = sl_source_next(w->in->before, &w->before, &own);
	const struct sl_gap *gap;
	int failed = 0;

	while (failed >= 0 && (gap = sl_source_gap(w->in->before)) != NULL)
		failed = lane_add_gap(w->lane, gap, err);
	if (failed < 0) {
		sl_error_clear(&own);
		return failed;
	}
	if (rc < 0)
		return cut(w, "the image's side could not be walked to its end", rc, &own, err);
	if (rc == 1)
		w->before = NULL;
	return 0;
}

static int next_after(struct walk *w, struct sl_error *err)
{
	struct sl_error own = SL_ERROR_INIT;
	const struct sl_gap *gap;
	int failed = 0;
	int rc;

	if (w->after != NULL) {
		failed = unread_flush(&w->unread, w->after->path, err);
		unread_leave(&w->unread, w->after->path);
		if (failed < 0)
			return failed;
	}
	rc = sl_source_next(w->in->after, &w->after, &own);
	while (failed >= 0 && (gap = sl_source_gap(w->in->after)) != NULL)
		failed = unread_add(&w->unread, gap, err);
	if (failed < 0) {
		sl_error_clear(&own);
		return failed;
	}
	if (rc < 0)
		return cut(w, "the container's side could not be walked to its end", rc, &own, err);
	if (rc == 1)
		w->after = NULL;
	else
		w->counts->entries++;
	return 0;
}

/* Leave out the image's entries before the container's next one: they are unchanged. */
static int skip_unchanged(struct walk *w, const struct sl_entry *until, struct sl_error *err)
{
	unsigned int steps = 0;
	int rc = 0;

	while (rc == 0 && w->before != NULL && sl_path_compare(w->before->path, until->path) < 0) {
		struct sl_error own = SL_ERROR_INIT;

		if (++steps == STEPS_BEFORE_SEEK) {
			rc = sl_source_seek(w->in->before, until->path, &own);
			if (rc < 0)
				return cut(w, "the image's side could not be searched", rc, &own,
					   err);
		}
		rc = next_before(w, err);
	}
	return rc;
}

/* ---- regions ---- */

static bool in_region(const struct walk *w, struct sl_bytes path)
{
	return w->has_region &&
	       sl_path_within(path, (struct sl_bytes){w->region.data, w->region.len});
}

static int enter_region(struct walk *w, struct sl_bytes path, uint64_t signals,
			struct sl_error *err)
{
	if (in_region(w, path))
		return 0; /* the outer one covers it */
	buf_reset(&w->region);
	if (buf_append(&w->region, path.data, path.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "walk");
	w->has_region = true;
	w->region_signals = signals;
	return 0;
}

/* ---- pairs ---- */

/* Only what is not there any more is gone: a file server's ESTALE may be about what still is. */
static bool is_gone(int rc, const struct sl_error *own)
{
	return rc == -SL_ENOTFOUND || own->sys == ENOENT;
}

/* Who makes holes pays nothing for them: hashing them has a bound, which all files share. */
static void spend_holes(struct walk *w, const struct sl_entry *e, struct reading *r)
{
	uint64_t holes = e->size < HOLES_COUNTED_FROM ? 0 : sl_content_holes(r->content);

	if (holes <= w->holes_left) {
		w->holes_left -= holes;
		return;
	}
	sl_content_close(r->content);
	r->content = NULL;
	r->why = "too much of it is holes to be hashed (--max-holes)";
}

/*
 * Open one side's content. 0; 1 when the name has vanished; negative only when memory ran out.
 * What else goes wrong stands in @r.
 */
static int open_content(struct walk *w, struct sl_source *src, const struct sl_entry *e,
			struct reading *r, struct sl_error *err)
{
	struct sl_error own = SL_ERROR_INIT;
	int rc = sl_source_open(src, &r->content, &own);
	int out = 0;

	if (rc == -SL_ENOMEM) {
		out = sl_fail(err, SL_ENOMEM, 0, "open content");
	} else if (rc < 0) {
		r->content = NULL;
		r->why = "cannot be opened";
		r->sys = own.sys;
		out = is_gone(rc, &own) ? 1 : 0;
	} else if (rc == 1) {
		r->content = NULL;
	} else {
		spend_holes(w, e, r);
	}
	sl_error_clear(&own);
	return out;
}

/* By the size at opening: a file that is larger than what is left is not begun. */
static void spend(struct walk *w, struct reading *r, const struct sl_entry *e)
{
	if (r->content == NULL)
		return;
	if (e->size <= w->bytes_left) {
		w->bytes_left -= w->bytes_left == UINT64_MAX ? 0 : e->size;
		return;
	}
	reading_clear(r);
	r->why = "the bytes for this container are used up";
}

/* One digest says all there is to say; a second one would cost a tenth of the time. */
static void want_digest(const struct walk *w, struct reading *r)
{
	r->want_xxh3 = w->options->quick;
	r->want_sha256 = !w->options->quick;
}

/* The container's bytes: hashed when it gives them, else as the source recorded them. */
static int open_after(struct walk *w, struct pair *p, struct sl_error *err)
{
	struct reading *r = &p->after_read;
	int rc;

	/* what the cache and other names know says nothing about its beginning */
	r->prefix = w->options->quick ? 0 : logprefix_wanted(p->before, p->after);
	/* a quick look may need the digest of one name and not that of the next */
	if (!w->options->quick && r->prefix == 0 &&
	    (links_share(w->links, p) || recall(w->options->cache, w->in->after, p)))
		return 0;
	rc = open_content(w, w->in->after, p->after, r, err);
	spend(w, r, p->after);
	r->expected = p->after->size;
	want_digest(w, r);
	if (rc != 0 || r->content != NULL || r->why != NULL)
		return rc;
	if ((p->after->fields & SL_ENTRY_SHA256) == 0)
		r->why = "its content is not available";
	return 0;
}

/* The image's bytes, where the source did not bring the digest that is needed. */
static int open_before(struct walk *w, struct pair *p, struct sl_error *err)
{
	uint32_t needed = w->options->quick ? SL_ENTRY_XXH3 : SL_ENTRY_SHA256;
	struct reading *r = &p->before_read;
	int rc;

	if ((p->before->fields & needed) != 0)
		return 0;
	rc = open_content(w, w->in->before, p->before, r, err);
	if (rc < 0)
		return rc;
	spend(w, r, p->before);
	want_digest(w, r);
	if (r->content != NULL || r->why != NULL)
		return 0;
	if ((p->before->fields & SL_ENTRY_SHA256) != 0)
		p->after_read.want_sha256 = true; /* quick, but this is all there is to compare */
	else
		r->why = "the image's content is not available";
	return 0;
}

/* Queue the pair of @before and @after, either of which may be NULL. */
static int queue_pair(struct walk *w, const struct sl_entry *before, const struct sl_entry *after,
		      uint64_t signals, struct sl_error *err)
{
	struct pair *p = pair_new(before, after);
	int rc = 0;

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "walk");
	p->signals = signals;
	if (after != NULL && S_ISREG(after->mode)) {
		rc = open_after(w, p, err);
		if (rc == 0 && before != NULL && S_ISREG(before->mode))
			rc = open_before(w, p, err);
	}
	if (rc == 0)
		rc = unread_flush(&w->unread, p->path, err);
	if (rc == 0)
		return lane_add_pair(w->lane, p, err);
	links_drop(w->links, p);
	pair_free(p);
	if (rc == 1)
		w->counts->raced++;
	return rc < 0 ? rc : 0;
}

/* ---- the three cases ---- */

/* The directory itself may look as it did; that it was replaced shows in what it no longer has. */
static uint64_t why_gone(const struct walk *w)
{
	return in_region(w, w->before->path) ? w->region_signals : 0;
}

static int only_before(struct walk *w, struct sl_error *err)
{
	bool is_listed_in_full = !w->in->after->sparse || in_region(w, w->before->path);
	int rc = 0;

	if (!is_listed_in_full) {
		w->has_region = false;
		return w->after != NULL ? skip_unchanged(w, w->after, err) : next_before(w, err);
	}
	if (!unread_covers(&w->unread, w->before->path))
		rc = queue_pair(w, w->before, NULL, why_gone(w), err);
	return rc < 0 ? rc : next_before(w, err);
}

static int only_after(struct walk *w, struct sl_error *err)
{
	const struct sl_entry *a = w->after;
	int rc = 0;

	/* the root is no change: it was not made by anything inside */
	if (a->path.len > 0)
		rc = queue_pair(w, NULL, a,
				(a->flags & SL_ENTRY_WHITEOUT) != 0 ? SL_SIGNAL_STRAY_WHITEOUT : 0,
				err);
	if (rc >= 0 && (a->flags & SL_ENTRY_COMPLETE) != 0)
		rc = enter_region(w, a->path, 0, err);
	return rc < 0 ? rc : next_after(w, err);
}

/* A deletion has a time where the layer says it with an object of its own. */
static bool is_at_start(const struct walk *w, const struct sl_entry *whiteout)
{
	const struct sl_subject *subject = w->in->subject;
	const struct sl_container *container = subject != NULL ? subject->container : NULL;

	return container != NULL && facts_is_at_start(whiteout, container);
}

static int both(struct walk *w, struct sl_error *err)
{
	const uint32_t replaced = SL_ENTRY_OPAQUE | SL_ENTRY_COMPLETE;
	const struct sl_entry *a = w->after;
	bool is_deleted = (a->flags & SL_ENTRY_WHITEOUT) != 0;
	bool is_dir = S_ISDIR(a->mode) && !is_deleted;
	uint64_t signals = 0;
	int rc = 0;

	if (is_dir && S_ISDIR(w->before->mode) && (a->flags & replaced) != 0 &&
	    a->redirect.data == NULL && w->in->after->sparse)
		signals = SL_SIGNAL_OPAQUE;
	if (is_deleted && is_at_start(w, a))
		signals = SL_SIGNAL_DELETED_AT_START;
	if (!is_dir || (a->flags & replaced) != 0)
		rc = enter_region(w, a->path, signals, err);
	if (rc >= 0)
		rc = queue_pair(w, w->before, is_deleted ? NULL : a, signals, err);
	if (rc >= 0)
		rc = next_before(w, err);
	return rc < 0 || w->is_cut ? rc : next_after(w, err);
}

static bool is_late(const struct walk *w)
{
	return w->deadline_ns != 0 && clock_boot_ns() >= w->deadline_ns;
}

static int stop(struct walk *w, const char *why, int sys, struct sl_error *err)
{
	static const char what[] = "the rest of the walk";
	struct sl_gap gap = {.what = {what, sizeof(what) - 1}, .why = why, .sys = sys};

	w->is_cut = true;
	return lane_add_gap(w->lane, &gap, err);
}

static int merge(struct walk *w, struct sl_error *err)
{
	int rc = next_before(w, err);

	if (rc >= 0 && !w->is_cut)
		rc = next_after(w, err);
	while (rc >= 0 && !w->is_cut) {
		int order;

		/* what the container does not list, where it lists sparsely, is unchanged */
		if (w->after == NULL &&
		    (w->before == NULL || (w->in->after->sparse && !in_region(w, w->before->path))))
			break;
		if (w->options->stop != NULL && *w->options->stop != 0)
			return stop(w, "interrupted", EINTR, err);
		if (is_late(w))
			return stop(w, reading_no_time, 0, err);
		order = w->after == NULL    ? -1
			: w->before == NULL ? 1
					    : sl_path_compare(w->before->path, w->after->path);
		if (order < 0)
			rc = only_before(w, err);
		else if (order > 0)
			rc = only_after(w, err);
		else
			rc = both(w, err);
	}
	return rc;
}

static uint64_t deadline(const struct drift_options *o)
{
	return o->max_seconds == 0 ? 0 : clock_boot_ns() + o->max_seconds * UINT64_C(1000000000);
}

int walk_run(const struct drift_input *input, const struct drift_options *options,
	     const struct walk_sink *sink, struct walk_counts *out, struct sl_error *err)
{
	struct walk w = {.in = input,
			 .options = options,
			 .sink = sink,
			 .counts = out,
			 .settle = {.quick = options->quick,
				    .sparse = input->after->sparse,
				    .change = sink->change,
				    .gap = sink->gap,
				    .payload = sink->payload},
			 .unread = {.emit = queue_gap, .payload = &w},
			 .region = BUF_INIT(SIZE_MAX),
			 .bytes_left = options->max_bytes != 0 ? options->max_bytes : UINT64_MAX,
			 .deadline_ns = deadline(options)};
	struct lane_options lane = {.jobs = options->jobs,
				    .stop = options->stop,
				    .deadline_ns = w.deadline_ns,
				    .pair = on_pair,
				    .gap = on_gap,
				    .payload = &w};
	int rc;

	*out = (struct walk_counts){0};
	w.holes_left = options->max_holes > 0 ? options->max_holes : DRIFT_MAX_HOLES;
	lower_init(&w.settle.lower, &input->disk);
	rc = links_new(&w.links, err);
	if (rc >= 0)
		rc = lane_new(&w.lane, &lane, err);
	if (rc >= 0)
		rc = merge(&w, err);
	if (rc >= 0)
		rc = unread_flush_all(&w.unread, err);
	if (rc >= 0)
		rc = lane_finish(w.lane, err);
	out->bytes_read = w.settle.bytes_read;
	lane_free(w.lane);
	links_free(w.links);
	lower_clear(&w.settle.lower);
	unread_clear(&w.unread);
	buf_clear(&w.region);
	return rc < 0 ? rc : 0;
}
