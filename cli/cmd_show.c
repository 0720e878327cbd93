/* SPDX-License-Identifier: Apache-2.0 */
/* List what a bundle holds. */
#include "cli/app.h"
#include "core/cleanup.h"

struct show_args {
	struct text_list types; /* only records of these types */
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	const struct show_args *a = args;

	(void)a;
	(void)words;
	return app_unavailable(app); /* job: show words->items[0] */
}

#define AT(member) offsetof(struct show_args, member)

static const struct opt options[] = {
	{"type", 't', OPT_LIST, "TYPE", NULL, AT(types),
	 "only records of this type, such as file, finding or gap; may be repeated"},
};
static const char *const formats[] = {"table", "json", "jsonl", NULL};

const struct command command_show = {
	.name = "show",
	.summary = "list what a bundle holds",
	.operands = "BUNDLE",
	.description = "List the records of a bundle, one a line, without judging it. Each says "
		       "whether it lies under a checkpoint whose signature is good.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct show_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline show web.strand --type finding", "What was found?"},
		     {"strandline show web.strand --format jsonl | jq .path",
		      "The records, for another program:"}},
	.run = run,
};
