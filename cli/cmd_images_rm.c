/* SPDX-License-Identifier: Apache-2.0 */
/* Forget baselines. */
#include <stdio.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "job/images.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	(void)args;
	for (size_t i = 0; rc == 0 && i < words->count; i++) {
		struct sl_remove_result result;
		uint8_t digest[SL_SHA256_SIZE];
		char id[DIGEST_TEXT_SIZE];

		rc = job_forget(&j.job, words->items[i], digest, &result, &err);
		if (rc < 0 || app->options.quiet)
			continue;
		digest_format(id, digest);
		(void)printf("forgot %s: %zu layers freed, %zu kept for other images\n", id,
			     result.layers_freed, result.layers_kept);
	}
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

const struct command command_images_rm = {
	.name = "images rm",
	.summary = "forget images",
	.operands = "REF|ID...",
	.description = "Forget images. Layers that no other image uses go with them, and the space "
		       "is given back.",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.exits = EXIT_WORKS,
	.examples = {{"strandline images rm docker:nginx:1.25", "Forget one by its name:"},
		     {"strandline images rm 4f67c8 9a0b1c", "Forget two by their ids:"}},
	.run = run,
};
