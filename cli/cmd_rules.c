/* SPDX-License-Identifier: Apache-2.0 */
/* Rules; each thing one can do with them is a nested command. */
#include "cli/app.h"
#include "core/cleanup.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	(void)args;
	(void)words;
	(void)sl_fail(&err, SL_EINVAL, 0, "what with them? list or check");
	return app_fail(app, &err);
}

const struct command command_rules = {
	.name = "rules",
	.summary = "list or check what drift is judged by",
	.operands = "COMMAND",
	.description = "Rules say how severe a change is, and why, or that it is ordinary noise. "
		       "The built-in ones are the files in samples/rules; others are added with "
		       "--rules of diff and capture.",
	.exits = EXIT_WORKS,
	.examples = {{"strandline rules list", "All of them:"},
		     {"strandline rules check site-rules", "Are these well formed?"}},
	.run = run,
};
