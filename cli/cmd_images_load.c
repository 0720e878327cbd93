/* SPDX-License-Identifier: Apache-2.0 */
/* A baseline from text. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/words.h"
#include "job/images.h"

struct load_args {
	const char *name;
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	const struct load_args *a = args;
	struct sl_index_result result = {0};
	uint8_t digest[SL_SHA256_SIZE] = {0};
	char id[DIGEST_TEXT_SIZE];
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = job_image_load(&j.job, words->items[0], a->name, digest, &result, &err);
	if (rc < 0)
		return cli_job_fail(app, &err);
	digest_format(id, digest);
	if (!app->options.quiet)
		(void)printf("loaded %s: %zu layer%s, %zu of them already known, %" PRIu64
			     " entries\n",
			     id, result.layers, words_s(result.layers), result.layers_known,
			     result.entries);
	return EXIT_DONE;
}

static const struct opt options[] = {
	{"name", 0, OPT_TEXT, "NAME", NULL, offsetof(struct load_args, name),
	 "what to call the image; by default what it is called already, or its id"},
};

const struct command command_images_load = {
	.name = "images load",
	.summary = "store a baseline that 'images dump' printed",
	.operands = "FILE|-",
	.description =
		"Store the baseline of a dump. Its configuration and the layers that it lists are "
		"proven by their digests, but that these entries are what the layers hold is not: "
		"such a layer is stored as recorded, and 'diff' says so, until the image is "
		"indexed or somebody signs for it. A layer that is stored already stays as it is; "
		"a dump that contradicts it is refused, exit status 1.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct load_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline images load nginx.baseline", "Read a dump from a file:"},
		     {"ssh host strandline images dump nginx | strandline images load -",
		      "Read it from another host:"}},
	.run = run,
};
