/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/root.h"
#include "job/capture_output.h"
#include "job/capture_records.h"
#include "job/capture_run.h"

static const struct capture_step steps[] = {
	{"metadata", CAPTURE_TRIAGE, capture_metadata, NULL},
	{"upper", CAPTURE_TRIAGE, capture_upper, NULL},
	{"logs", CAPTURE_TRIAGE, capture_logs, NULL},
	{CAPTURE_VOLUMES, CAPTURE_FULL, capture_volumes, NULL},
	{"lowers", CAPTURE_TRIAGE, capture_lowers, NULL},
	{"host", CAPTURE_TRIAGE, NULL, capture_host},
	{CAPTURE_FINDINGS, CAPTURE_TRIAGE, capture_findings, NULL},
};

const struct capture_step *capture_steps(size_t *count)
{
	*count = ARRAY_SIZE(steps);
	return steps;
}

bool capture_wants(const struct capture_request *r, const struct capture_step *step)
{
	if (r->no_findings && strcmp(step->name, CAPTURE_FINDINGS) == 0)
		return false;
	if (r->volumes && strcmp(step->name, CAPTURE_VOLUMES) == 0)
		return true;
	return r->profile >= step->from;
}

static int start_bundle(struct capture *c, struct capture_output *output, struct sl_error *err)
{
	struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX), key = BUF_INIT(16384);
	struct sl_bundle_options options = {.threads = c->job->threads,
					    .checkpoint = capture_output_checkpoint,
					    .payload = output};
	int rc = capture_open_members(&members, c->job, c->request, err);

	if (rc == 0 && c->request->key_file != NULL)
		rc = root_read_named(c->request->key_file, &key, err);
	if (rc == 0) {
		options.open_members = members.data;
		options.key_pem = key.data;
		rc = sl_bundle_create(&c->writer, take_fd(&output->fd), &options, err);
	}
	buf_clear(&members);
	if (key.data != NULL)
		explicit_bzero(key.data, key.cap);
	buf_clear(&key);
	if (rc < 0)
		return rc;
	(void)snprintf(c->out->bundle_id, sizeof(c->out->bundle_id), "%s", sl_bundle_id(c->writer));
	(void)snprintf(c->out->fingerprint, sizeof(c->out->fingerprint), "%s",
		       sl_bundle_fingerprint(c->writer));
	job_say(c->job, "bundle %s, fingerprint %s (write it down)", c->out->bundle_id,
		c->out->fingerprint);
	return 0;
}

static int step_each(struct capture *c, const struct capture_step *step, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->target_count && !job_stopped(c->job); i++)
		rc = step->each(c, &c->targets[i], err);
	return rc;
}

/* A step is on the disk before the next one begins. */
static int take_step(struct capture *c, const struct capture_step *step, struct sl_error *err)
{
	int rc = capture_action(c, NULL, step->name, NULL, "begun", err);

	if (rc == 0)
		rc = step->once != NULL ? step->once(c, err) : step_each(c, step, err);
	if (rc == 0)
		rc = capture_action(c, NULL, step->name, NULL,
				    job_stopped(c->job) ? "stopped" : "done", err);
	return rc < 0 ? rc : sl_bundle_sync(c->writer, err);
}

static int collect(struct capture *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->target_count; i++)
		rc = capture_declare(c, &c->targets[i], err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(steps) && !job_stopped(c->job); i++)
		if (capture_wants(c->request, &steps[i]))
			rc = take_step(c, &steps[i], err);
	return rc;
}

/* Whatever happened, the bundle says how it ended. */
static int close_bundle(struct capture *c, int rc, struct sl_error *err)
{
	enum sl_bundle_status status = SL_BUNDLE_COMPLETE;
	struct sl_error last = SL_ERROR_INIT;

	if (rc < 0 && err->sys == ENOSPC)
		status = SL_BUNDLE_NOSPACE;
	else if (job_stopped(c->job) || rc == -SL_ECANCELLED)
		status = SL_BUNDLE_SIGNAL;
	else if (rc < 0)
		status = SL_BUNDLE_ABORTED;
	if (status != SL_BUNDLE_COMPLETE) {
		(void)capture_gap_of(c, NULL, "capture",
				     rc < 0 ? sl_error_text(err) : "stopped by a signal",
				     rc < 0 ? err->sys : 0, &last);
		sl_error_clear(&last);
	}
	c->out->closed_as = status;
	if (sl_bundle_close(c->writer, status, &last) < 0) {
		if (rc == 0)
			rc = sl_fail(err, last.code, 0, "close bundle: %s", sl_error_text(&last));
		sl_error_clear(&last);
		return rc < 0 ? rc : -SL_EIO;
	}
	/* a full disk or a signal is a result, and it is in the bundle */
	return status == SL_BUNDLE_ABORTED ? rc : 0;
}

static void clear(struct capture *c)
{
	sl_bundle_writer_free(c->writer);
	enrichers_close(&c->enrich);
	capture_targets_clear(c);
	host_close(c->host);
}

int job_capture(const struct job *job, const struct capture_request *request,
		struct capture_outcome *out, int *status, struct sl_error *err)
{
	struct capture c = {.job = job, .request = request, .out = out};
	struct capture_output output;
	int rc;

	*out = (struct capture_outcome){0};
	if (request->upper != NULL && request->image == NULL)
		return sl_fail(err, SL_EINVAL, 0, "--upper needs --image REF");
	rc = enrichers_open(&c.enrich, job, &request->enrich, err);
	if (rc == 0)
		rc = capture_find(&c, err);
	if (rc == 0)
		rc = capture_output_open(&output, request, c.targets[0].container, err);
	if (rc < 0) {
		clear(&c);
		return rc;
	}
	rc = start_bundle(&c, &output, err);
	if (rc == 0)
		rc = close_bundle(&c, collect(&c, err), err);
	capture_output_close(&output);
	clear(&c);
	if (rc < 0)
		return rc;
	*status = out->contradicted ? 1 : out->gaps > 0 ? 3 : 0;
	return 0;
}
