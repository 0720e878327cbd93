/* SPDX-License-Identifier: Apache-2.0 */
/* One merged timeline of bundles. */
#include <stdint.h>

#include "cli/app.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	(void)args;
	(void)words;
	return app_unavailable(app); /* job: timeline of words->items */
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
	.examples = {{"strandline timeline web.strand", "What happened when?"},
		     {"strandline timeline --format jsonl -o case.jsonl web.strand db.strand",
		      "Two containers in one, for Timesketch:"}},
	.run = run,
};
