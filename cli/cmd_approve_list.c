/* SPDX-License-Identifier: Apache-2.0 */
/* List approved profiles. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/approve.h"
#include "cli/columns.h"
#include "cli/jobs.h"
#include "cli/output.h"
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

static int list_json(struct app *app, const struct job *job, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)256 << 20);
	struct jout j;
	int rc;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.approvals/1");
	jout_key(&j, "approvals");
	jout_array(&j);
	rc = job_approvals(job, object, &j, err);
	jout_array_end(&j);
	jout_object_end(&j);
	(void)buf_append_char(&text, '\n');
	if (rc == 0 && jout_end(&j) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "approved profiles");
	return rc < 0 ? rc : output_text(app->options.output, &text, err);
}

static int list_table(struct app *app, const struct job *job, struct sl_error *err)
{
	static const char *const headings[] = {"KIND", "KEY", "BY", "AT", "REASON"};
	CLEANUP(columns_clear) struct columns columns = {0};
	int rc;

	columns_init(&columns, headings, ARRAY_SIZE(headings));
	rc = job_approvals(job, row, &columns, err);
	return rc < 0 ? rc : output_columns(app->options.output, &columns, err);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	(void)args;
	(void)words;
	if (rc == 0)
		rc = app->options.format == FORMAT_JSON ? list_json(app, &j.job, &err)
							: list_table(app, &j.job, &err);
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static const char *const formats[] = {"table", "json", NULL};

const struct command command_approve_list = {
	.name = "approve list",
	.summary = "list approved profiles",
	.operands = "",
	.description = "List the approved profiles: whose they are, who approved, when and why.",
	.formats = formats,
	.exits = EXIT_WORKS,
	.examples = {{"strandline approve list", "What has been approved?"},
		     {"strandline approve list --format json", "With the settings themselves:"}},
	.run = run,
};
