/* SPDX-License-Identifier: Apache-2.0 */
/* What changed and what it means, out of what was collected: the container is not read again. */
#include <string.h>

#include "core/cleanup.h"
#include "job/bundle_sink.h"
#include "job/capture_run.h"
#include "job/comparison.h"
#include "job/meaning.h"

static void count(struct capture_outcome *out, const struct sl_counts *counts)
{
	out->has_findings = true;
	for (size_t i = 0; i < ARRAY_SIZE(out->by_severity); i++)
		out->by_severity[i] += counts->by_severity[i];
	out->gaps += counts->gaps;
}

static int compare_recorded(struct capture *c, const struct capture_target *t,
			    struct comparison *comparison, struct sl_error *err)
{
	struct bundle_sink_options options = {.writer = c->writer,
					      .target = t->id,
					      .recording = t->recording,
					      .stack = &t->container->stack,
					      .before_bytes = c->request->before_bytes,
					      .before_total = c->request->before_total};
	struct drift_options how = {.jobs = c->job->threads, .stop = c->job->stop};
	struct meaning_request wanted = {.host = c->host,
					 .policy = c->enrich.policy,
					 .hashes = c->enrich.hashes,
					 .yara = c->enrich.yara,
					 .volumes = c->request->volumes};
	struct sl_source *upper = NULL, *after = NULL;
	struct sl_sink *sink = NULL;
	struct meaning meaning = {0};
	struct sl_summary summary;
	int rc = recording_open(&upper, t->recording, err);

	if (rc == 0)
		rc = comparison_after(comparison, upper, &after, err);
	if (rc == 0)
		rc = bundle_sink_new(&sink, &options, err);
	if (rc == 0)
		rc = meaning_open(&meaning, c->job, &wanted, comparison, err);
	if (rc == 0)
		rc = comparison_run(comparison, after, &meaning, &how, sink, &summary, err);
	if (rc == 0) {
		count(c->out, &summary.counts);
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
