/* SPDX-License-Identifier: Apache-2.0 */
/* List, show and forget approved profiles. */
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
#include "core/quote.h"
#include "job/approve.h"

/* ---- list ---- */

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

static void members(struct jout *j, const struct approval *a)
{
	jout_key_str(j, "kind", approval_kind_name(a->kind));
	jout_key_str(j, "key", a->key);
	jout_key_str(j, "by", a->by);
	jout_key_str(j, "reason", a->reason);
	jout_key_time(j, "at", a->at);
	jout_key(j, "settings");
	jout_raw(j, a->profile, strlen(a->profile));
}

static int object(void *payload, const struct approval *a)
{
	struct jout *j = payload;

	jout_object(j);
	members(j, a);
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
	CLEANUP(output_clear) struct output output = {0};
	int rc;

	columns_init(&columns, headings, ARRAY_SIZE(headings));
	rc = job_approvals(job, row, &columns, err);
	if (rc == 0)
		rc = output_open(&output, app->options.output, err);
	if (rc == 0)
		rc = columns_write(&columns, output.stream, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

static int run_list(struct app *app, const void *args, const struct operands *words)
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
	.run = run_list,
};

/* ---- show, rm ---- */

struct named_args {
	unsigned int as;
};

static const struct opt named_options[] = {
	{"as", 0, OPT_WORD, "KIND", approve_kinds, offsetof(struct named_args, as),
	 "only that of a name, pod or image"},
};

static int write_one(struct app *app, const struct approval *a, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)64 << 20);
	struct jout j;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.approval/1");
	members(&j, a);
	jout_object_end(&j);
	(void)buf_append_char(&text, '\n');
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "approved profile");
	return output_text(app->options.output, &text, err);
}

static int run_show(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(approval_clear) struct approval a = {0};
	const struct named_args *named = args;
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = job_approval(&j.job, words->items[0], approve_kind(named->as), &a, &err);
	if (rc == 0)
		rc = write_one(app, &a, &err);
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static const char *const json_only[] = {"table", "json", NULL};

const struct command command_approve_show = {
	.name = "approve show",
	.summary = "show an approved profile",
	.operands = "KEY",
	.description = "Print an approved profile as JSON (docs/settings.md). KEY is that of "
		       "approve list; the engine in front of a name may be left out.",
	.options = named_options,
	.option_count = ARRAY_SIZE(named_options),
	.formats = json_only,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct named_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline approve show web", "What was approved for \"web\"?"},
		     {"strandline approve show nginx:1.25 --as image", "And for an image:"}},
	.run = run_show,
};

static int run_rm(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(approval_clear) struct approval a = {0};
	const struct named_args *named = args;
	AUTO_FREE char *shown = NULL;
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = job_approval_remove(&j.job, words->items[0], approve_kind(named->as), &a,
					 &err);
	if (rc < 0)
		return app_fail(app, &err);
	shown = quote_dup(a.key, strlen(a.key));
	if (!app->options.quiet)
		(void)printf("forgot the approved profile of %s %s\n", approval_kind_name(a.kind),
			     shown != NULL ? shown : "?");
	return EXIT_DONE;
}

const struct command command_approve_rm = {
	.name = "approve rm",
	.summary = "forget an approved profile",
	.operands = "KEY",
	.description = "Forget an approved profile. KEY is that of approve list; the engine in "
		       "front of a name may be left out.",
	.options = named_options,
	.option_count = ARRAY_SIZE(named_options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct named_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline approve rm web", "Forget that of a container:"},
		     {"strandline approve rm docker:web --as name", "The same, in full:"}},
	.run = run_rm,
};
