/* SPDX-License-Identifier: Apache-2.0 */
/* Who had the evidence; each thing one can do with that is a nested command. */
#include "cli/app.h"
#include "core/cleanup.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	(void)args;
	(void)words;
	(void)sl_fail(&err, SL_EINVAL, 0,
		      "what with it? add, show, verify, hold, release or extend");
	return app_fail(app, &err);
}

const struct command command_custody = {
	.name = "custody",
	.summary = "record who had a bundle, when and what for, and check that record",
	.operands = "COMMAND",
	.description = "BUNDLE.custody.jsonl lies beside a bundle: a line for each event, signed "
		       "by whoever acted, chained to the line before it. The bundle is hashed "
		       "again for every line. Anything that is a file can have such a record. The "
		       "record says what happened; nothing is ever done to the bundle itself.",
	.exits = EXIT_WORKS,
	.examples = {{"strandline custody add web.tar.zst --action acquired --key eden.key",
		      "Begin a record:"},
		     {"strandline custody verify web.tar.zst --key eden.pub --key bell.pub",
		      "Is it whole, and signed by those two alone?"}},
	.run = run,
};
