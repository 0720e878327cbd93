/* SPDX-License-Identifier: Apache-2.0 */
/* Show an approved profile. */
#include "cli/app.h"
#include "cli/approve.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "job/approve.h"

struct args {
	unsigned int as;
};

static const struct opt options[] = {
	{"as", 0, OPT_WORD, "KIND", approve_kinds, offsetof(struct args, as),
	 "only that of a name, pod or image"},
};

static int write_one(struct app *app, const struct approval *a, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)64 << 20);
	struct jout j;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.approval/1");
	approve_members(&j, a);
	jout_object_end(&j);
	(void)buf_append_char(&text, '\n');
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "approved profile");
	return output_text(app->options.output, &text, err);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(approval_clear) struct approval a = {0};
	const struct args *named = args;
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = job_approval(&j.job, words->items[0], approve_kind(named->as), &a, &err);
	if (rc == 0)
		rc = write_one(app, &a, &err);
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static const char *const formats[] = {"table", "json", NULL};

const struct command command_approve_show = {
	.name = "approve show",
	.summary = "show an approved profile",
	.operands = "KEY",
	.description = "Print an approved profile as JSON (docs/settings.md). KEY is that of "
		       "approve list; the engine in front of a name may be left out.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline approve show web", "What was approved for \"web\"?"},
		     {"strandline approve show nginx:1.25 --as image", "And for an image:"}},
	.run = run,
};
