/* SPDX-License-Identifier: Apache-2.0 */
/* Put evidence under a legal hold. */
#include "cli/app.h"
#include "cli/custody.h"
#include "core/cleanup.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	return custody_run(app, args, CUSTODY_HELD, words->items[0]);
}

static const struct opt options[] = {
	CUSTODY_OPTIONS,
	{"matter", 0, OPT_TEXT, "NAME", NULL, CUSTODY_AT(matter),
	 "what the hold is for; several may be in force side by side"},
};

const struct command command_custody_hold = {
	.name = "custody hold",
	.summary = "put a bundle under a legal hold",
	.operands = "BUNDLE",
	.description =
		"Record a legal hold. Until it is released, 'custody add --action disposed' "
		"refuses. Whoever has a key can do that, also while the bundle is on its way.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct custody_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline custody hold b.tar.zst --key roe.key --matter 'Roe v. Doe'",
		      "It may be needed in court:"},
		     {"strandline custody release b.tar.zst --key roe.key --matter 'Roe v. Doe'",
		      "No more:"}},
	.holds_keys = true,
	.run = run,
};
