/* SPDX-License-Identifier: Apache-2.0 */
#include "job/diff.h"

#include <inttypes.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "core/yarascan.h"
#include "diff/verdict.h"
#include "host/host.h"
#include "job/baseline.h"
#include "job/check.h"
#include "job/comparison.h"
#include "job/database.h"
#include "job/directory.h"
#include "job/hashlists.h"
#include "job/meaning.h"
#include "job/policy.h"
#include "job/resolve.h"
#include "job/standstill.h"
#include "snapshot/layertree.h"

/* One run over several containers. */
struct diff_run {
	const struct job *job;
	const struct diff_request *request;
	struct host *host;
	struct hashlists *hashes; /* NULL: none were given */
	struct yarascan *yara;    /* the same */
	struct sl_sink *sink;
	struct job_run about;
	struct policy *policy;
	bool begun;
	int status;  /* combined so far; -1: no statement yet */
	bool failed; /* a container was found, and comparing it ended the run */
	struct sl_error *err;
};

/* The document starts with its first container, so that a word that means nothing starts none. */
static int begin_once(struct diff_run *run)
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

static void take_status(struct diff_run *run, const struct sl_summary *summary)
{
	int status = verdict_status(summary, run->request->fail_on, run->request->accept_unproven,
				    run->request->fail_on_new);

	run->status = run->status < 0 ? status : verdict_combine(run->status, status);
}

/* A container that cannot be examined at all is still in the document: as one gap. */
static int report_unread(struct diff_run *run, const struct sl_container *c, const char *why,
			 int sys)
{
	static const char *const nothing[] = {NULL};
	struct sl_subject subject = {.container = c,
				     .image_ref = c->image_ref,
				     .has_image_id = c->has_image_id,
				     .trust = SL_TRUST_ON_DISK,
				     .compared = nothing};
	const char *label = sl_container_label(c);
	struct sl_gap gap = {.what = {label, strlen(label)}, .why = why, .sys = sys};
	struct sl_summary summary = {.subject = &subject, .counts.gaps = 1};
	int rc;

	memcpy(subject.image_id, c->image_id, SL_SHA256_SIZE);
	rc = begin_once(run);
	if (rc == 0)
		rc = sl_sink_container(run->sink, &subject, run->err);
	if (rc == 0)
		rc = sl_sink_gap(run->sink, &gap, run->err);
	if (rc == 0)
		rc = sl_sink_container_end(run->sink, &summary, run->err);
	if (rc == 0)
		take_status(run, &summary);
	return rc;
}

static int end_standstill(void *payload, struct sl_summary *summary, struct sl_gap *gap)
{
	return standstill_end(payload, summary, gap);
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
	struct sl_summary summary;
	struct meaning meaning;
	int rc = begin_once(run);

	if (rc < 0)
		return rc;
	standstill_begin(&standstill, run->job, run->host, comparison->container,
			 run->request->freeze_seconds);
	rc = meaning_open(&meaning, run->job, &wanted, comparison, run->err);
	if (rc < 0)
		return rc;
	rc = comparison_run(comparison, after, &meaning, &options, run->sink, &summary, run->err);
	if (rc == 0)
		rc = meaning_finish(&meaning, run->err);
	meaning_close(&meaning);
	if (rc == 0)
		take_status(run, &summary);
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
static bool is_fatal(int rc)
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
			struct layerfindings *out)
{
	struct sl_check_totals totals = {{0}};
	struct sl_check_sink *sink = NULL;
	int rc = layerfindings_sink(&sink, out, run->err);

	if (rc == 0)
		rc = job_check_container(run->job, run->host, c, run->request->no_index, sink,
					 &totals, run->err);
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

static int diff_container(struct diff_run *run, struct sl_container *c)
{
	CLEANUP(layerfindings_clear) struct layerfindings checked = {0};
	struct comparison_options options = {.no_index = run->request->no_index};
	struct sl_error why = SL_ERROR_INIT, refused = SL_ERROR_INIT;
	struct sl_image *image = NULL;
	struct comparison comparison;
	int rc;

	rc = host_container_settings(run->host, c, run->err);
	if (rc < 0)
		return rc;
	if (c->stack.unsupported != NULL)
		return report_unread(run, c, c->stack.unsupported, 0);
	if (run->request->check) {
		rc = check_layers(run, c, &checked);
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
	if (rc < 0 && !is_fatal(rc)) {
		rc = report_unread(run, c, sl_error_text(&why), why.sys);
		sl_error_clear(&why);
		return rc;
	}
	if (rc < 0)
		return sl_fail(run->err, why.code, 0, "%s", sl_error_text(&why));
	rc = compare_upper(run, &comparison, &c->stack);
	comparison_close(&comparison);
	return rc;
}

/* A container that was asked for and cannot be found: unread, beside others that were read. */
static int report_missing(struct diff_run *run, const char *word, const struct sl_error *why)
{
	struct sl_container *c = NULL;
	int rc = sl_container_new(&c, run->err);

	if (rc < 0)
		return rc;
	c->engine = strdup("unknown");
	c->name = strdup(word);
	if (c->engine == NULL || c->name == NULL)
		rc = sl_fail(run->err, SL_ENOMEM, 0, "container");
	else
		rc = report_unread(run, c, sl_error_text(why), why->sys);
	sl_container_free(c);
	return rc;
}

/* A container whose metadata cannot be read was planned and not compared. */
static int on_gap(void *payload, const struct sl_gap *gap)
{
	struct diff_run *run = payload;
	struct sl_container *c = NULL;
	int rc = sl_container_new(&c, run->err);

	if (rc < 0)
		return rc;
	c->engine = strdup("unknown");
	c->name = strndup(gap->what.data, gap->what.len);
	if (c->engine == NULL || c->name == NULL)
		rc = sl_fail(run->err, SL_ENOMEM, 0, "gap");
	else
		rc = report_unread(run, c, gap->why, gap->sys);
	sl_container_free(c);
	return rc;
}

/* Takes over @c. A failure ends the run, and is in run->err. */
static int diff_found(void *payload, struct sl_container *c)
{
	struct diff_run *run = payload;
	int rc = diff_container(run, c);

	sl_container_free(c);
	if (rc == 0 && job_stopped(run->job))
		rc = sl_fail(run->err, SL_ECANCELLED, 0, "stopped by a signal");
	run->failed = rc < 0;
	return rc;
}

static int diff_word(struct diff_run *run, const char *word)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = host_find_containers(run->host, word, diff_found, on_gap, run, &why);

	if (rc == 0 || run->failed)
		return rc;
	if (is_fatal(rc) || run->request->container_count == 1)
		return sl_fail(run->err, why.code, why.sys, "%s", sl_error_text(&why));
	return report_missing(run, word, &why);
}

static int diff_named(struct diff_run *run)
{
	for (size_t i = 0; i < run->request->container_count; i++) {
		int rc = diff_word(run, run->request->containers[i]);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int on_container(void *payload, struct sl_container *c)
{
	const struct diff_request *request = ((struct diff_run *)payload)->request;
	bool is_run = c->kind == SL_CONTAINER_WORKLOAD || c->kind == SL_CONTAINER_SANDBOX;

	if (request->stopped || !is_run || c->state == SL_STATE_RUNNING ||
	    c->state == SL_STATE_PAUSED)
		return diff_found(payload, c);
	sl_container_free(c);
	return 0;
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

static int diff_directory(struct diff_run *run)
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

static int say_store(void *payload, const char *engine, const char *dir)
{
	const struct diff_run *run = payload;
	AUTO_FREE char *shown = quote_dup(dir, strlen(dir));

	job_say(run->job, "store read: %s at %s", engine, shown != NULL ? shown : "?");
	return 0;
}

static int diff_all(struct diff_run *run)
{
	struct host_filter filter = {.sandboxes = run->request->sandboxes,
				     .orphans = run->request->orphans};
	int rc;

	/* where nothing was looked at, nothing can be called clean */
	if (!host_has_stores(run->host))
		return sl_fail(run->err, SL_ENOTFOUND, 0,
			       "no engine's store was found: name one with --store ENGINE=DIR");
	(void)host_stores(run->host, say_store, run);
	rc = host_containers(run->host, &filter, on_container, on_gap, run, run->err);
	if (rc == 0 && run->status < 0)
		job_say(run->job, "no container %s",
			run->request->stopped ? "in any store" : "runs or is paused");
	return rc;
}

static int open_hashes(struct diff_run *run)
{
	const struct diff_request *request = run->request;

	if (request->hash_count == 0)
		return 0;
	if (request->quick)
		return sl_fail(run->err, SL_EINVAL, 0,
			       "--hashes needs SHA-256, which --quick does not compute");
	return hashlists_open(&run->hashes, run->job, request->hashes, request->hash_count,
			      run->err);
}

static int run_request(struct diff_run *run)
{
	int rc = open_hashes(run);

	if (rc == 0 && run->request->yara != NULL)
		rc = yarascan_open(&run->yara, run->request->yara, run->err);
	if (rc < 0)
		return rc;
	if (run->request->upper != NULL || run->request->rootfs != NULL)
		return diff_directory(run);
	rc = resolve_host(run->job, &run->host, run->err);
	if (rc < 0)
		return rc;
	rc = run->request->all ? diff_all(run) : diff_named(run);
	host_close(run->host);
	return rc;
}

int job_diff(const struct job *job, const struct diff_request *request, struct sl_sink *sink,
	     int *status, struct sl_error *err)
{
	struct diff_run run = {
		.job = job, .request = request, .sink = sink, .status = -1, .err = err};
	int rc = job_run_init(job, &run.about, "diff", err);

	if (rc < 0)
		return rc;
	rc = job_policy_read(&run.policy, request->policies, request->policy_count, err);
	if (rc == 0)
		rc = run_request(&run);
	if (rc == 0)
		job_policy_warn(job, run.policy, true);
	if (rc == 0)
		rc = begin_once(&run);
	if (rc == 0) {
		run.about.run.finished = clock_now();
		rc = sl_sink_end(sink, &run.about.run, err);
	}
	policy_free(run.policy);
	job_run_clear(&run.about);
	hashlists_free(run.hashes);
	yarascan_close(run.yara);
	*status = run.status < 0 ? 0 : run.status;
	return rc;
}
