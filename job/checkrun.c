/* SPDX-License-Identifier: Apache-2.0 */
#include "job/checkrun.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "job/baseline.h"

/* One image under way. */
struct subject {
	struct checkrun *run;
	struct sl_image *image;
	struct sl_checker *checker;
	enum sl_check_method *proven_by; /* of each layer, just now; owned */
};

/* A directory that stands for a layer. */
struct standing {
	size_t layer;
	int dir_fd;
	const char *path;
	enum sl_marker marker;
	const struct sl_idmap *idmap;
	bool is_whole; /* it shows the layers below, too */
};

static bool is_fatal(int rc)
{
	return rc == -SL_ENOMEM || rc == -SL_ECANCELLED;
}

int checkrun_gap(struct checkrun *r, const char *what, const char *why, int sys)
{
	const struct sl_gap gap = {.what = {what, strlen(what)}, .why = why, .sys = sys};

	r->totals.gaps++;
	return r->sink->ops->gap(r->sink, &gap, r->err);
}

int checkrun_contradiction(struct checkrun *r, const char *what, const char *why)
{
	r->totals.contradictions++;
	return r->sink->ops->contradiction(r->sink, what, why, r->err);
}

/* ---- what is known of the image ---- */

struct freshness {
	struct subject *subject;
	struct sl_time since;
	size_t at;
};

/* Was the layer read, and stored, since then? */
static int note_fresh(void *payload, const struct sl_layer_info *info)
{
	struct freshness *f = payload;
	struct subject *s = f->subject;
	size_t i = f->at++;

	if (i >= s->image->layer_count ||
	    memcmp(info->chain_id, s->image->layers[i].chain_id, SL_SHA256_SIZE) != 0)
		return 0;
	if (info->has_checked_at && clock_compare(info->checked_at, f->since) >= 0)
		s->proven_by[i] = SL_CHECK_TAR_SPLIT;
	else if (info->proven_at.sec >= f->since.sec && s->image->layers[i].blob_fd >= 0)
		s->proven_by[i] = SL_CHECK_BLOB;
	return 0;
}

/*
 * The tar that comes out of a layer's own directory proves it by one hash of one stream. To index
 * takes a second hash of each file, and nothing here needs it.
 */
static bool is_rebuilt(const struct sl_image *image)
{
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct sl_layer *layer = &image->layers[i];

		if (layer->blob_fd >= 0 || layer->tar_split_fd < 0 || layer->dir_fd < 0 ||
		    layer->dir_is_whole)
			return false;
	}
	return true;
}

/*
 * Another image that is not known is indexed: that proves its layers, and the next check is faster.
 * Where that fails, the checker finds out layer by layer what can be known.
 */
static int index_first(struct subject *s)
{
	struct checkrun *r = s->run;
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	struct freshness fresh = {s, clock_now(), 0};
	struct sl_baseline_info info;
	int rc = baseline_ready(r->job, r->baselines, s->image, r->no_index, &info, &why);

	if (is_fatal(rc))
		return sl_fail(r->err, why.code, why.sys, "%s", sl_error_text(&why));
	if (rc < 0 && rc != -SL_ENOTFOUND)
		job_say(r->job, "%s; checking what can be known layer by layer",
			sl_error_text(&why));
	if (rc < 0)
		return 0;
	rc = sl_baselines_layers(r->baselines, s->image->config_digest, note_fresh, &fresh, r->err);
	return rc < 0 ? rc : 0;
}

static void subject_clear(struct subject *s)
{
	sl_checker_free(s->checker);
	free(s->proven_by);
}

/* Everything that takes time waits until a directory is really to be checked. */
static int begin(struct subject *s)
{
	struct checkrun *r = s->run;
	int rc;

	if (s->checker != NULL)
		return 0;
	s->proven_by = calloc(s->image->layer_count + 1, sizeof(*s->proven_by));
	if (s->proven_by == NULL)
		return sl_fail(r->err, SL_ENOMEM, 0, "layer check");
	rc = is_rebuilt(s->image) ? 0 : index_first(s);
	return rc < 0 ? rc
		      : sl_checker_new(&s->checker, r->baselines, s->image, r->job->threads,
				       &r->job->progress, r->err);
}

/* ---- one directory ---- */

static int on_difference(void *payload, const struct sl_difference *d)
{
	struct checkrun *r = payload;

	return r->sink->ops->difference(r->sink, d, r->err);
}

static int on_gap(void *payload, const struct sl_gap *gap)
{
	struct checkrun *r = payload;

	return r->sink->ops->gap(r->sink, gap, r->err);
}

static void add_counts(struct sl_check_counts *sum, const struct sl_check_counts *n)
{
	for (int i = 0; i < SL_DIFFERENCE_KINDS; i++)
		sum->by_kind[i] += n->by_kind[i];
	sum->doubtful += n->doubtful;
	sum->gaps += n->gaps;
	sum->entries += n->entries;
	sum->bytes += n->bytes;
}

/* A result that cannot be kept is still a result. */
static void keep(struct checkrun *r, const struct sl_layer *layer, const char *path,
		 const struct sl_layer_check *check)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;

	if (path == NULL ||
	    sl_baselines_keep_check(r->baselines, layer->chain_id, path, check, &why) == 0 ||
	    r->is_unkept)
		return;
	r->is_unkept = true;
	job_say(r->job, "results are not kept: %s", sl_error_text(&why));
}

static bool same_directory(int a, int b)
{
	struct stat x, y;

	return a >= 0 && b >= 0 && fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* What is known beforehand not to be readable is a result as well. */
static int fail_layer(struct sl_layer_check *out, const char *why, struct sl_error *err)
{
	*out = (struct sl_layer_check){.at = clock_now(),
				       .trust = SL_TRUST_ON_DISK,
				       .verdict = SL_CHECK_UNREAD,
				       .counts.gaps = 1,
				       .why = strdup(why)};
	return out->why != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "layer check");
}

static int check_layer(struct subject *s, const struct standing *at, struct sl_layer_check *out)
{
	struct checkrun *r = s->run;
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	const struct sl_layer *layer = &s->image->layers[at->layer];
	const struct sl_check_events events = {on_difference, on_gap, r};
	struct sl_check_place place = {.dir_fd = at->dir_fd,
				       .marker = at->marker,
				       .idmap = at->idmap,
				       .is_whole = at->is_whole,
				       .proven_by = s->proven_by[at->layer]};
	int rc;

	/* what came out of one directory proves no other */
	if (place.proven_by == SL_CHECK_TAR_SPLIT && !same_directory(at->dir_fd, layer->dir_fd))
		place.proven_by = SL_CHECK_NONE;
	rc = sl_checker_layer(s->checker, at->layer, &place, &events, out, &why);
	if (rc == 0)
		return 0;
	if (is_fatal(rc) || why.code == 0)
		return why.code != 0 ? sl_fail(r->err, why.code, why.sys, "%s", sl_error_text(&why))
				     : rc;
	return fail_layer(out, sl_error_text(&why), r->err);
}

static int check_directory(struct subject *s, struct checkplan_row *row, const struct standing *at)
{
	struct checkrun *r = s->run;
	const struct sl_layer *layer = &s->image->layers[at->layer];
	struct sl_check_subject subject = {.has_diff_id = layer->has_diff_id,
					   .directory = at->path,
					   .images = row->images.items,
					   .image_count = row->images.count,
					   .containers = row->containers.items,
					   .container_count = row->containers.count};
	struct sl_layer_check check = {0};
	int rc = begin(s);

	memcpy(subject.diff_id, layer->diff_id, SL_SHA256_SIZE);
	memcpy(subject.chain_id, layer->chain_id, SL_SHA256_SIZE);
	if (rc == 0)
		rc = r->sink->ops->layer(r->sink, &subject, r->err);
	if (rc == 0)
		rc = check_layer(s, at, &check);
	if (rc == 0) {
		row->done = true;
		r->totals.by_verdict[check.verdict]++;
		add_counts(&r->totals.counts, &check.counts);
		keep(r, layer, at->path, &check);
		rc = r->sink->ops->layer_end(r->sink, &check, r->err);
	}
	sl_layer_check_clear(&check);
	if (rc == 0 && job_stopped(r->job))
		return sl_fail(r->err, SL_ECANCELLED, 0, "stopped by a signal");
	return rc;
}

int checkrun_image(struct checkrun *r, struct sl_image *image)
{
	CLEANUP(subject_clear) struct subject s = {.run = r, .image = image};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < image->layer_count; i++) {
		const struct sl_layer *layer = &image->layers[i];
		const struct standing at = {i,
					    layer->dir_fd,
					    layer->dir_path,
					    layer->marker,
					    &layer->idmap,
					    layer->dir_is_whole};
		struct checkplan_row *row = NULL;

		rc = checkplan_row(&r->plan, layer->chain_id, layer->dir_fd, &row, r->err);
		if (rc == 0 && !row->done)
			rc = check_directory(&s, row, &at);
	}
	return rc;
}

/* ---- a container's own ---- */

static size_t image_lowers(const struct sl_stack *stack)
{
	size_t count = 0;

	for (size_t i = 0; i < stack->lower_count; i++)
		count += stack->lowers[i].kind == SL_LOWER_IMAGE;
	return count;
}

/* Does it show the layers below it, too? */
static bool is_whole(const struct sl_container *c, const struct sl_lower *lower)
{
	return c->stack.is_whole || lower->is_whole;
}

/* A directory that no layer of the image can be meant by. */
static int stray(struct checkrun *r, const struct sl_lower *lower, const char *why)
{
	return checkrun_gap(r, lower->dir_path != NULL ? lower->dir_path : "lower directory", why,
			    0);
}

static int check_lower(struct subject *s, const struct sl_container *c,
		       const struct sl_lower *lower, size_t layer)
{
	const struct standing at = {layer,           lower->dir_fd, lower->dir_path,
				    c->stack.marker, &lower->idmap, is_whole(c, lower)};
	struct checkplan_row *row = NULL;
	int rc = checkplan_row(&s->run->plan, s->image->layers[layer].chain_id, lower->dir_fd, &row,
			       s->run->err);

	if (rc == 0)
		rc = checkplan_share(row, c, s->run->err);
	return rc < 0 || row->done ? rc : check_directory(s, row, &at);
}

/* Layers of the image that no lower directory stands for. */
static int tell_absent(struct checkrun *r, const struct sl_container *c, const bool *seen,
		       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!seen[i])
			return checkrun_gap(
				r, c->name != NULL ? c->name : c->id,
				"a layer of the image is in none of its lower directories", 0);
	return 0;
}

static int check_lowers(struct subject *s, const struct sl_container *c)
{
	const struct sl_stack *stack = &c->stack;
	size_t layers = s->image->layer_count;
	bool fits = image_lowers(stack) == layers;
	bool *seen AUTO_FREE = calloc(layers + 1, sizeof(*seen));
	int rc = seen != NULL ? 0 : sl_fail(s->run->err, SL_ENOMEM, 0, "layer check");

	/* bottom first, as layers are */
	for (size_t i = stack->lower_count; rc == 0 && i-- > 0;) {
		const struct sl_lower *lower = &stack->lowers[i];

		if (lower->kind != SL_LOWER_IMAGE)
			continue;
		if (lower->image_layer >= layers || (!lower->has_image_layer && !fits)) {
			rc = stray(s->run, lower, "no layer of the image is known to lie here");
			continue;
		}
		for (size_t k = is_whole(c, lower) ? 0 : lower->image_layer;
		     k <= lower->image_layer; k++)
			seen[k] = true;
		rc = check_lower(s, c, lower, lower->image_layer);
	}
	return rc == 0 ? tell_absent(s->run, c, seen, layers) : rc;
}

int checkrun_container(struct checkrun *r, const struct sl_container *c, struct sl_image *image,
		       const char *why)
{
	CLEANUP(subject_clear) struct subject s = {.run = r, .image = image};
	const char *name = c->name != NULL ? c->name : c->id;

	if (c->stack.unsupported != NULL)
		return checkrun_gap(r, name, c->stack.unsupported, 0);
	if (image == NULL)
		return checkrun_gap(r, name, why, 0);
	return check_lowers(&s, c);
}
