/* SPDX-License-Identifier: Apache-2.0 */
/* Every container found in every store. */
#include <stdint.h>

#include "cli/app.h"
#include "core/cleanup.h"

struct ps_args {
	bool running;       /* only these */
	const char *engine; /* only of this engine */
	const char *image;  /* only of this image: reference, or beginning of its id */
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	const struct ps_args *a = args;

	(void)a;
	(void)words;
	return app_unavailable(app); /* job: list containers */
}

#define AT(member) offsetof(struct ps_args, member)

static const struct opt options[] = {
	{"running", 0, OPT_FLAG, NULL, NULL, AT(running), "only containers that run or are paused"},
	{"engine", 0, OPT_TEXT, "ENGINE", NULL, AT(engine), "only containers of this engine"},
	{"image", 0, OPT_TEXT, "REF", NULL, AT(image),
	 "only containers of this image: a reference, or the beginning of its id"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_ps = {
	.name = "ps",
	.summary = "list every container that any store knows",
	.operands = "",
	.description = "List the containers of every engine's store, running or not, with engine, "
		       "image, state, process, pod and the directories they are made of. What "
		       "cannot be read is listed as a gap.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.args_size = sizeof(struct ps_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline ps --running", "What runs here?"},
		     {"strandline ps --root /mnt/disk", "What was on this mounted disk?"}},
	.run = run,
};
