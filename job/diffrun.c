/* SPDX-License-Identifier: Apache-2.0 */
#include "job/diffrun.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "diff/verdict.h"
#include "host/host.h"
#include "job/baseline.h"
#include "job/check.h"
#include "job/comparison.h"
#include "job/database.h"
#include "job/digestcache.h"
#include "job/directory.h"
#include "job/meaning.h"
#include "job/standstill.h"
#include "snapshot/layertree.h"

/* The document starts with its first container, so that a word that means nothing starts none. */
int diffrun_begin(struct diff_run *run)
{
	if (run->begun)
		return 0;
	run->begun = true;
	return sl_sink_begin(run->sink, &run->about.run, run->err);
}

static uint64_t raced_so_far(void *payload)
{
	return layertree_raced(payload);
}

void diffrun_take_status(struct diff_run *run, const struct sl_summary *summary)
{
	int status = verdict_status(summary, run->request->fail_on, run->request->accept_unproven,
				    run->request->fail_on_new);

	run->status = run->status < 0 ? status : verdict_combine(run->status, status);
}

/* A container that cannot be examined at all is still in the document: by its gaps. */
int diffrun_unread(struct diff_run *run, const struct sl_container *c, const char *why, int sys)
{
	static const char *const nothing[] = {NULL};
	struct sl_subject subject = {.container = c,
				     .image = {.ref = c->image_ref,
					       .has_id = c->has_image_id,
					       .trust = SL_TRUST_ON_DISK},
				     .compared = nothing};
	const char *label = sl_container_label(c);
	struct sl_gap gap = {.what = {label, strlen(label)}, .why = why, .sys = sys};
	struct sl_gap metadata = {.what = gap.what, .why = c->metadata_gap};
	bool has_both = c->metadata_gap != NULL && c->metadata_gap != why;
	struct sl_summary summary = {.subject = &subject, .counts.gaps = has_both ? 2 : 1};
	int rc;

	memcpy(subject.image.id, c->image_id, SL_SHA256_SIZE);
	rc = diffrun_begin(run);
	if (rc == 0)
		rc = sl_sink_container(run->sink, &subject, run->err);
	if (rc == 0)
		rc = sl_sink_gap(run->sink, &gap, run->err);
	if (rc == 0 && has_both)
		rc = sl_sink_gap(run->sink, &metadata, run->err);
	if (rc == 0)
		rc = sl_sink_container_end(run->sink, &summary, run->err);
	if (rc == 0)
		diffrun_take_status(run, &summary);
	return rc;
}

static int end_standstill(void *payload, struct sl_summary *summary, struct sl_gap *gap)
{
	return standstill_end(payload, summary, gap);
}

/*
 * May files be taken for what they were in an earlier run? Only where the kernel keeps their change
 * times from whoever is in the container: an overlay passes no file system's own requests on. And
 * where a database is used; @root is no machine that runs.
 */
static bool may_remember(const struct diff_run *run, const struct comparison *comparison)
{
	const struct diff_request *request = run->request;
	const struct sl_stack *stack = &comparison->container->stack;
	bool is_directory = request->upper != NULL || request->rootfs != NULL;
	bool is_overlay = !stack->is_whole && (stack->marker == SL_MARKER_OVERLAY_TRUSTED ||
					       stack->marker == SL_MARKER_OVERLAY_USER ||
					       stack->marker == SL_MARKER_FUSE_OVERLAY);

	return !request->paranoid && !request->quick && !is_directory && is_overlay &&
	       run->job->db != NULL && comparison->baselines != NULL &&
	       (run->job->root == NULL || run->job->live);
}

/* Beside the database itself, wherever its name leads. Without it everything is read. */
static int open_digests(struct diff_run *run)
{
	AUTO_FREE char *db = realpath(run->job->db, NULL);
	AUTO_FREE char *path = NULL;
	struct digestcache_run here;

	if (run->digests != NULL || db == NULL || !digestcache_run_here(&here))
		return 0;
	if (asprintf(&path, "%s" DIGESTCACHE_SUFFIX, db) < 0) {
		path = NULL;
		return sl_fail(run->err, SL_ENOMEM, 0, "digest cache");
	}
	return digestcache_new(&run->digests, path, &here, run->err);
}

static void say_digest_trouble(struct diff_run *run)
{
	const char *why = digestcache_trouble(run->digests);

	if (why != NULL)
		job_say(run->job, "digests of earlier runs: %s", why);
}

/* From the first look at what runs to the last byte read, nothing moves if that was asked for. */
static int compare(struct diff_run *run, struct comparison *comparison, struct sl_source *after,
		   struct sl_source *walked)
{
	CLEANUP(standstill_clear) struct standstill standstill = {0};
	struct drift_options options = {.jobs = run->job->threads,
					.quick = run->request->quick,
					.max_holes = run->request->max_holes,
					.show_touched = run->request->show_touched,
					.max_seconds = run->request->max_seconds,
					.max_bytes = run->request->max_bytes,
					.count_posture = run->request->posture,
					.stop = run->job->stop,
					.raced = raced_so_far,
					.raced_payload = walked,
					.finish = end_standstill,
					.finish_payload = &standstill};
	struct meaning_request wanted = {.host = run->host,
					 .policy = run->policy,
					 .hashes = run->hashes,
					 .yara = run->yara,
					 .volumes = run->request->volumes,
					 .no_processes = run->request->no_processes,
					 .posture = run->request->posture,
					 .is_news = run->request->fail_on_new};
	struct drift_cache cache;
	struct sl_summary summary;
	struct meaning meaning;
	int rc = diffrun_begin(run);

	if (rc == 0 && may_remember(run, comparison))
		rc = open_digests(run);
	if (rc < 0)
		return rc;
	if (run->digests != NULL && may_remember(run, comparison)) {
		cache = digestcache_for_drift(run->digests);
		options.cache = &cache;
	}
	standstill_begin(&standstill, run->job, run->host, comparison->container,
			 run->request->freeze_seconds);
	rc = meaning_open(&meaning, run->job, &wanted, comparison, run->err);
	if (rc < 0)
		return rc;
	rc = comparison_run(comparison, after, &meaning, &options, run->sink, &summary, run->err);
	if (rc == 0)
		rc = meaning_finish(&meaning, run->err);
	meaning_close(&meaning);
	say_digest_trouble(run);
	if (rc == 0)
		diffrun_take_status(run, &summary);
	return rc;
}

/* The writable directory, as the container shows it. */
static int compare_upper(struct diff_run *run, struct comparison *comparison,
			 const struct sl_stack *stack)
{
	struct sl_source *upper = NULL, *after = NULL;
	int rc = layertree_open(&upper, stack->upper_fd,
				stack->is_whole ? SL_MARKER_NONE : stack->marker, &stack->idmap,
				run->err);

	if (rc == 0)
		rc = comparison_after(comparison, upper, &after, run->err);
	if (rc == 0)
		rc = compare(run, comparison, after, upper);
	sl_source_close(after);
	return rc;
}

/* Ends the whole run; anything else is about this container only. */
bool diffrun_is_fatal(int rc)
{
	return rc == -SL_ENOMEM || rc == -SL_ECANCELLED;
}

static void say_more(const struct job *job, const struct sl_container *c, uint64_t more)
{
	const char *label = sl_container_label(c);
	AUTO_FREE char *shown = quote_dup(label, strlen(label));

	job_say(job, "'%s': %" PRIu64 " more differences in its layers are not listed",
		shown != NULL ? shown : "?", more);
}

/* Are the directories below what the image says? What is found goes to @out. */
static int check_layers(struct diff_run *run, const struct sl_container *c,
			struct layerfindings *out, struct sl_baselines **kept)
{
	const struct check_how how = {.no_index = run->request->no_index, .kept = kept};
	struct sl_check_totals totals = {{0}};
	struct sl_check_sink *sink = NULL;
	int rc = layerfindings_sink(&sink, out, run->err);

	if (rc == 0)
		rc = job_check_container(run->job, run->host, c, &how, sink, &totals, run->err);
	if (sink != NULL)
		sink->ops->close(sink);
	if (rc == 0 && out->more > 0)
		say_more(run->job, c, out->more);
	/* what was to be checked and was not is no good result */
	if (rc == 0)
		layerfindings_unread(out, totals.gaps);
	return rc;
}

static void say_no_image(const struct job *job, const struct sl_container *c,
			 const struct sl_error *why)
{
	const char *label = sl_container_label(c);
	AUTO_FREE char *shown = quote_dup(label, strlen(label));

	job_say(job, "image of '%s': %s", shown != NULL ? shown : "?", sl_error_text(why));
}

static void close_baselines(struct sl_baselines **b)
{
	sl_baselines_close(*b);
}

int diffrun_container(struct diff_run *run, struct sl_container *c)
{
	CLEANUP(layerfindings_clear) struct layerfindings checked = {0};
	/* a private one would have to be filled twice */
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	struct comparison_options options = {.no_index = run->request->no_index,
					     .baselines = &baselines};
	struct sl_error why = SL_ERROR_INIT, refused = SL_ERROR_INIT;
	struct sl_image *image = NULL;
	struct comparison comparison;
	int rc;

	rc = host_container_settings(run->host, c, run->err);
	if (rc < 0)
		return rc;
	if (c->stack.unsupported != NULL)
		return diffrun_unread(run, c, c->stack.unsupported, 0);
	if (run->request->check) {
		rc = check_layers(run, c, &checked, &baselines);
		if (rc < 0)
			return rc;
		options.checked = &checked;
	}
	rc = host_container_image(run->host, c, &image, &refused);
	if (rc < 0)
		image = NULL;
	if (rc == -SL_EUNTRUSTED)
		options.contradiction = sl_error_text(&refused);
	else if (rc < 0)
		say_no_image(run->job, c, &refused);
	rc = comparison_open(&comparison, run->job, c, image, &options, &why);
	sl_error_clear(&refused);
	if (rc < 0 && !diffrun_is_fatal(rc)) {
		rc = diffrun_unread(run, c, sl_error_text(&why), why.sys);
		sl_error_clear(&why);
		return rc;
	}
	if (rc < 0)
		return sl_fail(run->err, why.code, 0, "%s", sl_error_text(&why));
	rc = compare_upper(run, &comparison, &c->stack);
	comparison_close(&comparison);
	return rc;
}

/* The image of a directory may be stored and nowhere else. */
static int resolve_stored(struct diff_run *run, struct sl_image **out)
{
	const struct diff_request *request = run->request;
	struct sl_baselines *baselines = NULL;
	int rc = job_database_open(run->job, &baselines, run->err);

	if (rc == 0)
		rc = baseline_resolve(run->job, baselines, request->image, request->platform, out,
				      run->err);
	sl_baselines_close(baselines);
	return rc;
}

int diffrun_directory(struct diff_run *run)
{
	struct comparison_options options = {.no_index = run->request->no_index,
					     .must_prove = true};
	bool is_upper = run->request->upper != NULL;
	struct sl_container *c = NULL;
	struct sl_image *image = NULL;
	struct comparison comparison;
	int rc;

	if (run->request->image == NULL)
		return sl_fail(run->err, SL_EINVAL, 0, "--upper and --rootfs need --image REF");
	rc = directory_container(&c, is_upper ? run->request->upper : run->request->rootfs,
				 is_upper ? run->request->marker : SL_MARKER_NONE, run->err);
	if (rc < 0)
		return rc;
	c->stack.is_whole = !is_upper;
	if (is_upper)
		directory_hint(c, run->job);
	rc = resolve_stored(run, &image);
	if (rc == 0)
		rc = comparison_open(&comparison, run->job, c, image, &options, run->err);
	if (rc == 0) {
		rc = compare_upper(run, &comparison, &c->stack);
		comparison_close(&comparison);
	}
	sl_container_free(c);
	return rc;
}
