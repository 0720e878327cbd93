/* SPDX-License-Identifier: Apache-2.0 */
/* Forget an approved profile. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/approve.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "job/approve.h"

struct args {
	unsigned int as;
};

static const struct opt options[] = {
	{"as", 0, OPT_WORD, "KIND", approve_kinds, offsetof(struct args, as),
	 "only that of a name, pod or image"},
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(approval_clear) struct approval a = {0};
	const struct args *named = args;
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
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline approve rm web", "Forget that of a container:"},
		     {"strandline approve rm docker:web --as name", "The same, in full:"}},
	.run = run,
};
