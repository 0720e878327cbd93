/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/root.h"
#include "job/capture_output.h"
#include "job/capture_records.h"
#include "job/capture_run.h"

#define SECOND_NS ((uint64_t)1000000000)

static const struct capture_step steps[] = {
	{"network", CAPTURE_TRIAGE, NULL, capture_network},
	{"processes", CAPTURE_TRIAGE, capture_processes, NULL},
	/* what stands between these two is read while nothing moves */
	{CAPTURE_FREEZE, CAPTURE_TRIAGE, capture_freeze, NULL},
	{CAPTURE_MEMORY, CAPTURE_TRIAGE, capture_memory, NULL},
	{"deleted", CAPTURE_TRIAGE, capture_deleted, NULL},
	{CAPTURE_THAW, CAPTURE_TRIAGE, NULL, capture_thaw_all},
	{"tmpfs", CAPTURE_STANDARD, capture_tmpfs, NULL},
	{"metadata", CAPTURE_TRIAGE, capture_metadata, NULL},
	{"upper", CAPTURE_TRIAGE, capture_upper, NULL},
	{"logs", CAPTURE_TRIAGE, capture_logs, NULL},
	{CAPTURE_VOLUMES, CAPTURE_FULL, capture_volumes, NULL},
	{"lowers", CAPTURE_TRIAGE, capture_lowers, NULL},
	{"host", CAPTURE_TRIAGE, NULL, capture_host},
	{CAPTURE_FINDINGS, CAPTURE_TRIAGE, capture_findings, NULL},
};

const char *capture_profile_name(enum capture_profile profile)
{
	static const char *const names[] = {[CAPTURE_TRIAGE] = "triage",
					    [CAPTURE_STANDARD] = "standard",
					    [CAPTURE_FULL] = "full"};

	return names[profile];
}

const struct capture_step *capture_steps(size_t *count)
{
	*count = ARRAY_SIZE(steps);
	return steps;
}

bool capture_wants(const struct capture_request *r, const struct capture_step *step)
{
	bool is_asked = true;

	if (r->volumes && strcmp(step->name, CAPTURE_VOLUMES) == 0)
		return true;
	/* a tree without an image has nothing to be compared with, and no gap there */
	if (strcmp(step->name, CAPTURE_FINDINGS) == 0)
		is_asked = !r->no_findings && (r->rootfs == NULL || r->image != NULL);
	else if (strcmp(step->name, CAPTURE_MEMORY) == 0)
		is_asked = capture_memory_mode(r) != CAPTURE_MEMORY_NONE;
	else if (strcmp(step->name, CAPTURE_FREEZE) == 0 || strcmp(step->name, CAPTURE_THAW) == 0)
		is_asked = r->freeze_seconds > 0;
	return is_asked && r->profile >= step->from;
}

static int start_bundle(struct capture *c, struct capture_output *output, struct sl_error *err)
{
	struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX), key = BUF_INIT(16384);
	struct sl_bundle_options options = {.threads = c->job->threads,
					    .max_holes = c->request->scope.max_holes,
					    .checkpoint = capture_output_checkpoint,
					    .payload = output};
	int rc = capture_open_members(&members, c->job, c->request, output, err);

	if (rc == 0 && c->request->key_file != NULL)
		rc = root_read_named(c->request->key_file, &key, err);
	if (rc == 0) {
		options.open_members = members.data;
		options.key_pem = key.data;
		options.key_passphrase = c->request->passphrase;
		if (c->request->encryption != NULL) {
			options.recipients = c->request->encryption->recipients.data;
			options.encryption_passphrase = c->request->encryption->passphrase.text;
		}
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

/* A step is on the disk before the next one begins, unless somebody stands still meanwhile. */
static int take_step(struct capture *c, const struct capture_step *step, struct sl_error *err)
{
	int rc = capture_action(c, NULL, step->name, NULL, "begun", err);

	if (rc == 0)
		rc = step->once != NULL ? step->once(c, err) : step_each(c, step, err);
	if (rc == 0)
		rc = capture_action(c, NULL, step->name, NULL,
				    job_stopped(c->job) ? "stopped" : "done", err);
	return rc < 0 || c->frozen > 0 ? rc : sl_bundle_sync(c->writer, err);
}

/* What comes after a signal or the deadline is not begun, and that is said of each step. */
static int leave_step(struct capture *c, const struct capture_step *step, struct sl_error *err)
{
	/* that is always done */
	if (strcmp(step->name, CAPTURE_THAW) == 0)
		return capture_thaw_all(c, err);
	return capture_gap_of(c, NULL, step->name,
			      job_is_late(c->job) ? "step not begun: the deadline has passed"
						  : "step not begun: stopped by a signal",
			      0, err);
}

static int collect(struct capture *c, struct sl_error *err)
{
	int rc = capture_declare_lost(c, err);

	for (size_t i = 0; rc == 0 && i < c->target_count; i++)
		rc = capture_declare(c, &c->targets[i], err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(steps); i++) {
		if (!capture_wants(c->request, &steps[i]))
			continue;
		rc = job_stopped(c->job) ? leave_step(c, &steps[i], err)
					 : take_step(c, &steps[i], err);
	}
	/* whatever ended the steps: nobody stands still because of a signal or a full disk */
	if (c->frozen > 0) {
		struct sl_error last = SL_ERROR_INIT;
		int thawed = capture_thaw_all(c, rc < 0 ? &last : err);

		sl_error_clear(&last);
		rc = rc < 0 ? rc : thawed;
	}
	return rc;
}

/* How it ended, and why if not as planned. */
static enum sl_bundle_status status_of(const struct capture *c, int rc, const struct sl_error *err,
				       const char **why)
{
	*why = rc < 0 ? sl_error_text(err) : "stopped by a signal";
	if (rc < 0 && err->sys == ENOSPC)
		return SL_BUNDLE_NOSPACE;
	if (rc < 0 && rc != -SL_ECANCELLED)
		return SL_BUNDLE_ABORTED;
	if (job_is_late(c->job)) {
		*why = "the deadline has passed";
		return SL_BUNDLE_DEADLINE;
	}
	return job_stopped(c->job) || rc < 0 ? SL_BUNDLE_SIGNAL : SL_BUNDLE_COMPLETE;
}

/* Whatever happened, the bundle says how it ended. */
static int close_bundle(struct capture *c, int rc, struct sl_error *err)
{
	struct sl_error last = SL_ERROR_INIT;
	const char *why;
	enum sl_bundle_status status = status_of(c, rc, err, &why);

	if (status != SL_BUNDLE_COMPLETE) {
		(void)capture_gap_of(c, NULL, "capture", why, rc < 0 ? err->sys : 0, &last);
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
	capture_filter_free(c->filter);
	enrichers_close(&c->enrich);
	capture_targets_clear(c);
	host_close(c->host);
}

int capture_check(const struct capture_request *r, struct sl_error *err)
{
	int given = (r->container_count > 0) + (r->upper != NULL) + (r->rootfs != NULL);

	if (given != 1)
		return sl_fail(err, SL_EINVAL, 0,
			       "give either containers, or --upper DIR with --image REF, or "
			       "--rootfs DIR");
	if (r->upper != NULL && r->image == NULL)
		return sl_fail(err, SL_EINVAL, 0, "--upper needs --image REF");
	return 0;
}

static int capture(struct capture *c, struct sl_error *err)
{
	struct capture_output output;
	int rc = capture_filter_new(&c->filter, &c->request->scope, err);

	if (rc == 0)
		rc = capture_find(c, err);
	if (rc == 0)
		rc = capture_output_open(&output, c, err);
	if (rc < 0)
		return rc;
	rc = start_bundle(c, &output, err);
	if (rc == 0)
		rc = close_bundle(c, collect(c, err), err);
	capture_output_close(&output);
	return rc;
}

int job_capture(const struct job *job, const struct capture_request *request,
		struct capture_outcome *out, int *status, struct sl_error *err)
{
	struct job in_time = *job;
	struct capture c = {.job = &in_time, .request = request, .out = out};
	int rc = capture_check(request, err);

	*out = (struct capture_outcome){0};
	if (request->deadline > 0)
		in_time.deadline_ns = clock_boot_ns() + request->deadline * SECOND_NS;
	if (rc == 0)
		rc = enrichers_open(&c.enrich, job, &request->enrich, err);
	if (rc == 0)
		rc = capture(&c, err);
	clear(&c);
	if (rc < 0)
		return rc;
	*status = out->contradicted ? 1 : out->gaps > 0 ? 3 : 0;
	return 0;
}
