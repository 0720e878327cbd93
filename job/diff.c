/* SPDX-License-Identifier: Apache-2.0 */
#include "job/diff.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "core/yarascan.h"
#include "host/host.h"
#include "job/diffcrew.h"
#include "job/digestcache.h"
#include "job/hashlists.h"
#include "job/outplace.h"
#include "job/policy.h"
#include "job/resolve.h"

/* One that is not compared, after those that are. */
static int leave_unread(struct diff_run *run, const struct sl_container *c, const char *why,
			int sys)
{
	int rc = diffcrew_finish(run);

	return rc == 0 ? diffrun_unread(run, c, why, sys) : rc;
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
		rc = leave_unread(run, c, sl_error_text(why), why->sys);
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
		rc = leave_unread(run, c, gap->why, gap->sys);
	sl_container_free(c);
	return rc;
}

/* Takes over @c. A failure ends the run, and is in run->err. */
static int diff_found(void *payload, struct sl_container *c)
{
	struct diff_run *run = payload;
	int rc = outplace_check_container(run->request->output, run->host, c, run->err);

	if (rc == 0 && run->crew != NULL) {
		rc = diffcrew_container(run, c);
	} else if (rc < 0) {
		sl_container_free(c);
	} else {
		rc = diffrun_container(run, c);
		sl_container_free(c);
	}
	if (rc == 0 && job_stopped(run->job))
		rc = diffcrew_finish(run);
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
	if (diffrun_is_fatal(rc) || run->request->container_count == 1)
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
	int rc = 0;

	/* what is compared says itself what its metadata lacks */
	if (request->stopped || !is_run || c->state == SL_STATE_RUNNING ||
	    c->state == SL_STATE_PAUSED)
		return diff_found(payload, c);
	if (c->metadata_gap != NULL)
		rc = leave_unread(payload, c, c->metadata_gap, 0);
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
				     .orphans = run->request->orphans,
				     .own_gaps = true};
	int rc;

	/* where nothing was looked at, nothing can be called clean */
	if (!host_has_stores(run->host))
		return sl_fail(run->err, SL_ENOTFOUND, 0,
			       "no engine's store was found: name one with --store ENGINE=DIR");
	(void)host_stores(run->host, say_store, run);
	rc = host_containers(run->host, &filter, on_container, on_gap, run, run->err);
	if (rc == 0)
		rc = diffcrew_finish(run);
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
		return diffrun_directory(run);
	rc = resolve_host(run->job, &run->host, run->err);
	if (rc < 0)
		return rc;
	rc = diffcrew_open(run);
	if (rc == 0)
		rc = run->request->all ? diff_all(run) : diff_named(run);
	if (rc == 0)
		rc = diffcrew_finish(run);
	diffcrew_close(run);
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
		rc = diffrun_begin(&run);
	if (rc == 0) {
		run.about.run.finished = clock_now();
		rc = sl_sink_end(sink, &run.about.run, err);
	}
	policy_free(run.policy);
	job_run_clear(&run.about);
	hashlists_free(run.hashes);
	yarascan_close(run.yara);
	digestcache_free(run.digests);
	*status = run.status < 0 ? 0 : run.status;
	return rc;
}
