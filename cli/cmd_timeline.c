/* SPDX-License-Identifier: Apache-2.0 */
/* One merged timeline of bundles. */
#include <stdint.h>

#include "cli/app.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "job/evidence.h"

static void close_events(struct sl_event_sink *const *sink)
{
	if (*sink != NULL)
		(*sink)->ops->close(*sink);
}

static int timeline(struct app *app, const struct operands *words, struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	CLEANUP(close_events) struct sl_event_sink *sink = NULL;
	struct report_options report;
	int rc = output_open(&output, app->options.output, err);

	if (rc < 0)
		return rc;
	report = app_report_options(app, output.is_terminal);
	rc = app->options.format == FORMAT_TABLE
		     ? report_events_table(&sink, output.stream, &report, err)
		     : report_events_jsonl(&sink, output.stream, err);
	if (rc == 0)
		rc = job_timeline((const char *const *)words->items, words->count, sink, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	(void)args;
	return timeline(app, words, &err) < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static const char *const formats[] = {"table", "jsonl", NULL};

const struct command command_timeline = {
	.name = "timeline",
	.summary = "merge what bundles know of times into one timeline",
	.operands = "BUNDLE...",
	.description = "Merge file times, the container's life, log lines and the capture itself "
		       "into one timeline, sorted. Each event says how exactly its time is known. "
		       "The jsonl format is what Timesketch imports.",
	.formats = formats,
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.exits = EXIT_WORKS,
	.examples = {{"strandline timeline web.tar.zst", "What happened when?"},
		     {"strandline timeline --format jsonl -o case.jsonl web.tar.zst db.tar.zst",
		      "Two containers in one, for Timesketch:"}},
	.run = run,
};
