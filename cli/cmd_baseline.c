/* SPDX-License-Identifier: Apache-2.0 */
/* Baselines that travel; each thing one can do with them is a nested command. */
#include "cli/app.h"
#include "core/cleanup.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	(void)args;
	(void)words;
	(void)sl_fail(&err, SL_EINVAL, 0, "what with them? export, import or show");
	return app_fail(app, &err);
}

const struct command command_baseline = {
	.name = "baseline",
	.summary = "carry proven baselines to other machines, signed",
	.operands = "COMMAND",
	.description =
		"A node that never sees the blobs of its images cannot prove what their layers "
		"hold. A machine that can, in a build pipeline say, exports what it has proven as "
		"a signed file, and the node imports it under a key that it trusts.",
	.exits = EXIT_WORKS,
	.examples = {{"strandline baseline export docker:nginx:1.25 --key ci.key -o web.signed",
		      "Where the image can be proven:"},
		     {"strandline baseline import web.signed --key ci.key.pub",
		      "Where it only runs:"}},
	.run = run,
};
