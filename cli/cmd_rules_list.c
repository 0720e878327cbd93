/* SPDX-License-Identifier: Apache-2.0 */
/* What drift is judged by. */
#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "job/rules.h"

struct rules_list_args {
	struct text_list rules;
};

static int list(struct app *app, const struct rules_list_args *a, struct sl_error *err)
{
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(buf_clear) struct buf lines = BUF_INIT(16 << 20);
	int rc = cli_job_init(&j, app, 0, err);

	if (rc == 0)
		rc = job_rules_open(&j.rules, &j.job, a->rules.items, a->rules.count,
				    app->options.verbose > 0, err);
	if (rc == 0)
		rc = job_rules_list(j.rules, &lines, err);
	return rc == 0 ? output_text(app->options.output, &lines, err) : rc;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	(void)words;
	return list(app, args, &err) < 0 ? app_fail(app, &err) : EXIT_DONE;
}

#define AT(member) offsetof(struct rules_list_args, member)

static const struct opt options[] = {
	{"rules", 0, OPT_LIST, "DIR", NULL, AT(rules), CLI_RULES_HELP},
};

const struct command command_rules_list = {
	.name = "rules list",
	.summary = "list the rules, the most severe first",
	.operands = "",
	.description = "One line a rule: its severity, \"explains\" or \"info\" where it is "
		       "benign, its id, its ATT&CK techniques, where it stands, and its reason.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.args_size = sizeof(struct rules_list_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline rules list", "The built-in ones:"},
		     {"strandline rules list --rules site-rules", "With those of a site:"}},
	.run = run,
};
