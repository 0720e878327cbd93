/* SPDX-License-Identifier: Apache-2.0 */
/* One merged timeline of bundles. */
#include <stdint.h>

#include "cli/app.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/cleanup.h"
#include "job/evidence.h"

struct timeline_args {
	struct unlock_args unlock;
};

static void close_events(struct sl_event_sink *const *sink)
{
	if (*sink != NULL)
		(*sink)->ops->close(*sink);
}

static int timeline(struct app *app, const struct timeline_args *a, const struct operands *words,
		    struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	CLEANUP(close_events) struct sl_event_sink *sink = NULL;
	CLEANUP(cli_identities_free) struct age_identities *identities = NULL;
	struct report_options report;
	int rc = cli_unlock(&identities, &a->unlock, err);

	if (rc == 0)
		rc = output_open(&output, app->options.output, err);

	if (rc < 0)
		return rc;
	report = app_report_options(app, output.is_terminal);
	rc = app->options.format == FORMAT_TABLE
		     ? report_events_table(&sink, output.stream, &report, err)
		     : report_events_jsonl(&sink, output.stream, err);
	if (rc == 0)
		rc = job_timeline((const char *const *)words->items, words->count, identities,
				  app->stop, sink, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	return timeline(app, args, words, &err) < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static const struct opt options[] = {
	CLI_UNLOCK_OPTIONS(struct timeline_args, unlock),
};
static const char *const formats[] = {"table", "jsonl", NULL};

const struct command command_timeline = {
	.name = "timeline",
	.summary = "merge what bundles know of times into one timeline",
	.operands = "BUNDLE...",
	.description = "Merge file times, the container's life, log lines and the capture itself "
		       "into one timeline, sorted. Each event says how exactly its time is known. "
		       "The jsonl format is what Timesketch imports.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct timeline_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline timeline web.tar.zst", "What happened when?"},
		     {"strandline timeline --format jsonl -o case.jsonl web.tar.zst db.tar.zst",
		      "Two containers in one, for Timesketch:"}},
	.holds_keys = true,
	.run = run,
};
