/* SPDX-License-Identifier: Apache-2.0 */
/* What drift is expected; each thing one can do with that is a nested command. */
#include "cli/app.h"
#include "core/cleanup.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	(void)args;
	(void)words;
	(void)sl_fail(&err, SL_EINVAL, 0, "what with them? check, learn or test");
	return app_fail(app, &err);
}

const struct command command_policy = {
	.name = "policy",
	.summary = "write down what drift is expected, by whom and until when",
	.operands = "COMMAND",
	.description =
		"A policy is a YAML file: whose drift, in which places, of what kind, until when, "
		"who approved it and why. 'diff --policy FILE' explains what it expects; the rest "
		"is found as ever. Programs, setuid files, capabilities, account files, keys and "
		"devices are expected only where a rule allows them by name.",
	.exits = EXIT_WORKS,
	.examples = {{"strandline policy learn web --by 'Jane Doe' > web.policy.yaml",
		      "Propose one from what is there, and review it:"},
		     {"strandline diff web --policy web.policy.yaml", "From then on:"}},
	.run = run,
};
