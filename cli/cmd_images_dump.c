/* SPDX-License-Identifier: Apache-2.0 */
/* A baseline as text. */
#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "job/images.h"

struct dump_args {
	bool merged;
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(output_clear) struct output output = {0};
	const struct dump_args *a = args;
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = output_open(&output, app->options.output, &err);
	if (rc == 0)
		rc = job_image_dump(&j.job, words->items[0], a->merged, output.stream, &err);
	if (rc == 0)
		rc = output_commit(&output, &err);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}

static const struct opt options[] = {
	{"merged", 0, OPT_FLAG, NULL, NULL, offsetof(struct dump_args, merged),
	 "what the layers show together, instead of layer by layer"},
};

const struct command command_images_dump = {
	.name = "images dump",
	.summary = "print a baseline as text, one line an entry",
	.operands = "REF|ID",
	.description =
		"Print a stored baseline as text: the image's id and configuration, then each "
		"layer with its digests and one line an entry, in the words of mtree(5) where it "
		"has one. The lines of a layer hash to its tree digest. Every form of one image "
		"has the same dump, and 'images load' reads it back.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct dump_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline images dump docker:nginx:1.25 -o nginx.baseline",
		      "Take a baseline to another host:"},
		     {"strandline images dump --merged docker:nginx:1.25",
		      "What does a container of it start from?"}},
	.run = run,
};
