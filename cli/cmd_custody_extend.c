/* SPDX-License-Identifier: Apache-2.0 */
/* Keep evidence longer. */
#include "cli/app.h"
#include "cli/custody.h"
#include "core/cleanup.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	return custody_run(app, args, CUSTODY_EXTENDED, words->items[0]);
}

static const struct opt options[] = {
	CUSTODY_OPTIONS,
	{"retain-until", 0, OPT_TEXT, "DATE", NULL, CUSTODY_AT(until),
	 "until when (2027-01-31, or with a time); never earlier than before"},
};

const struct command command_custody_extend = {
	.name = "custody extend",
	.summary = "keep a bundle longer",
	.operands = "BUNDLE",
	.description =
		"Record until when a bundle has to be kept. Before that, 'custody add --action "
		"disposed' refuses. The date can only move away.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct custody_args),
	.exits = EXIT_WORKS,
	.examples =
		{{"strandline custody extend b.tar.zst --key a.key --retain-until 2036-12-31",
		  "Keep it for ten years:"},
		 {"strandline custody verify web.tar.zst", "Until when is it kept?"}},
	.holds_keys = true,
	.run = run,
};
