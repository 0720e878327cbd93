/* SPDX-License-Identifier: Apache-2.0 */
/* Are these rules well formed? */
#include <stdio.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "job/rules.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	(void)args;
	if (rc == 0)
		rc = job_rules_open(&j.rules, &j.job, (const char *const *)words->items,
				    words->count, app->options.verbose > 0, &err);
	if (rc < 0)
		return app_fail(app, &err);
	if (!app->options.quiet)
		(void)printf("%zu rules, the built-in ones included\n", job_rules_count(j.rules));
	return EXIT_DONE;
}

const struct command command_rules_check = {
	.name = "rules check",
	.summary = "read directories of rules, and say what is wrong with them",
	.operands = "DIR...",
	.description = "Read the .yaml files of each directory as --rules does. The first thing "
		       "that is not understood is named with its file, line and column.",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.exits = EXIT_WORKS,
	.examples = {{"strandline rules check site-rules", "Before they are used:"},
		     {"strandline rules check -v site-rules", "Which built-in ones are replaced?"}},
	.run = run,
};
