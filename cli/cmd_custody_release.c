/* SPDX-License-Identifier: Apache-2.0 */
/* End a legal hold. */
#include "cli/app.h"
#include "cli/custody.h"
#include "core/cleanup.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	return custody_run(app, args, CUSTODY_RELEASED, words->items[0]);
}

static const struct opt options[] = {
	CUSTODY_OPTIONS,
	{"matter", 0, OPT_TEXT, "NAME", NULL, CUSTODY_AT(matter), "of which hold"},
};

const struct command command_custody_release = {
	.name = "custody release",
	.summary = "end a legal hold",
	.operands = "BUNDLE",
	.description =
		"Record that a legal hold has ended. Others, of another matter, stay. Who "
		"released it is in the record: that is what keeps it from being done lightly.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct custody_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline custody release b.tar.zst --key roe.key --matter 'Roe v. Doe'",
		      "The case is closed:"},
		     {"strandline custody verify web.tar.zst", "Which holds are in force?"}},
	.holds_keys = true,
	.run = run,
};
