/* SPDX-License-Identifier: Apache-2.0 */
/* What changed and what it means, out of what was collected: the container is not read again. */
#include <string.h>

#include "core/cleanup.h"
#include "job/bundle_sink.h"
#include "job/capture_run.h"
#include "job/capture_seen.h"
#include "job/comparison.h"
#include "job/meaning.h"

static void count(struct capture_outcome *out, const struct sl_counts *counts, uint64_t left_out)
{
	out->has_findings = true;
	for (size_t i = 0; i < ARRAY_SIZE(out->by_severity); i++)
		out->by_severity[i] += counts->by_severity[i];
	out->gaps += counts->gaps - left_out;
}

/* What the image had counts into --max-bytes, too. */
static uint64_t before_total(const struct capture *c)
{
	uint64_t most = c->request->scope.max_bytes, done = c->out->payload_bytes;
	uint64_t left = most == 0 ? UINT64_MAX : most > done ? most - done : 0;

	return left < c->request->before_total ? left : c->request->before_total;
}

static int compare_recorded(struct capture *c, const struct capture_target *t,
			    struct comparison *comparison, struct sl_error *err)
{
	struct bundle_sink_options options = {.writer = c->writer,
					      .target = t->id,
					      .recording = t->recording,
					      .stack = &t->container->stack,
					      .before_bytes = c->request->before_bytes,
					      .before_total = before_total(c),
					      .seen = t->seen};
	struct drift_options how = {.jobs = c->job->threads,
				    .stop = c->job->stop,
				    .show_touched = true, /* the sink leaves out most */
				    .max_seconds = job_seconds_left(c->job)};
	struct meaning_request wanted = {.host = c->host,
					 .policy = c->enrich.policy,
					 .hashes = c->enrich.hashes,
					 .yara = c->enrich.yara,
					 .volumes = c->request->volumes,
					 .is_recorded = true};
	struct sl_source *upper = NULL, *after = NULL;
	struct sl_sink *sink = NULL;
	struct meaning meaning = {0};
	struct sl_summary summary;
	int rc = recording_open(&upper, t->recording, err);

	if (t->seen != NULL && t->seen->has_processes)
		wanted.processes = &t->seen->processes;

	if (rc == 0)
		rc = comparison_after(comparison, upper, &after, err);
	if (rc == 0)
		rc = bundle_sink_new(&sink, &options, err);
	if (rc == 0)
		rc = meaning_open(&meaning, c->job, &wanted, comparison, err);
	if (rc == 0)
		rc = comparison_run(comparison, after, &meaning, &how, sink, &summary, err);
	if (rc == 0) {
		count(c->out, &summary.counts, bundle_sink_left_out(sink));
		c->out->contradicted |=
			comparison->contradiction != NULL || bundle_sink_contradictions(sink) > 0;
	}
	meaning_close(&meaning);
	sl_sink_close(sink);
	sl_source_close(after);
	return rc;
}

/* Collected first, understood later: what fails here is a gap, the evidence is already safe. */
int capture_findings(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	struct comparison_options options = {.must_prove = t->container->stack.lower_count == 0,
					     .checked = t->is_checked ? &t->checked : NULL};
	struct sl_error why = SL_ERROR_INIT;
	struct comparison comparison;
	int rc;

	if (t->container->stack.unsupported != NULL)
		return 0;
	rc = comparison_open(&comparison, c->job, t->container, take_ptr(&t->image), &options,
			     &why);
	if (rc < 0) {
		rc = capture_gap_of(c, t, "findings", sl_error_text(&why), why.sys, err);
		sl_error_clear(&why);
		return rc;
	}
	rc = compare_recorded(c, t, &comparison, err);
	comparison_close(&comparison);
	return rc;
}
