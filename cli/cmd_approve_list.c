/* SPDX-License-Identifier: Apache-2.0 */
/* List approved profiles. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/approve.h"
#include "cli/listing.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "job/approve.h"

static int row(void *payload, const struct approval *a)
{
	struct columns *c = payload;
	char time[CLOCK_TEXT_SIZE];

	columns_cell(c, approval_kind_name(a->kind));
	columns_cell(c, a->key);
	columns_cell(c, a->by);
	clock_format_short(time, a->at);
	columns_cell(c, time);
	columns_cell(c, a->reason != NULL ? a->reason : "");
	return 0;
}

static int object(void *payload, const struct approval *a)
{
	struct jout *j = payload;

	jout_object(j);
	approve_members(j, a);
	jout_object_end(j);
	return 0;
}

static int list_json(const struct job *job, struct jout *to, struct sl_error *err)
{
	return job_approvals(job, object, to, err);
}

static int list_table(const struct job *job, struct columns *to, struct sl_error *err)
{
	return job_approvals(job, row, to, err);
}

static const char *const headings[] = {"KIND", "KEY", "BY", "AT", "REASON"};
static const struct listing listing = {
	.schema = "strandline.approvals/1",
	.key = "approvals",
	.headings = headings,
	.heading_count = ARRAY_SIZE(headings),
	.table = list_table,
	.json = list_json,
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	(void)args;
	(void)words;
	return listing_run(app, &listing);
}

const struct command command_approve_list = {
	.name = "approve list",
	.summary = "list approved profiles",
	.operands = "",
	.description = "List the approved profiles: whose they are, who approved, when and why.",
	.formats = listing_formats,
	.exits = EXIT_WORKS,
	.examples = {{"strandline approve list", "What has been approved?"},
		     {"strandline approve list --format json", "With the settings themselves:"}},
	.run = run,
};
