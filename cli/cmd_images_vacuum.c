/* SPDX-License-Identifier: Apache-2.0 */
/* A database without free space in it. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "job/images.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	uint64_t before = 0, after = 0;
	int rc = cli_job_init(&j, app, 0, &err);

	(void)args;
	(void)words;
	if (rc == 0)
		rc = job_images_vacuum(&j.job, &before, &after, &err);
	if (rc < 0)
		return app_fail(app, &err);
	if (!app->options.quiet)
		(void)printf("%" PRIu64 " bytes before, %" PRIu64 " bytes after\n", before, after);
	return EXIT_DONE;
}

const struct command command_images_vacuum = {
	.name = "images vacuum",
	.summary = "rewrite the database without its free space",
	.operands = "",
	.description =
		"Rewrite the database so that it takes no more space than it needs. Removing "
		"images gives their space back anyway; this also closes the gaps inside "
		"pages. It needs room for a second copy meanwhile.",
	.exits = EXIT_WORKS,
	.examples = {{"strandline images vacuum", "Make the database as small as it gets:"},
		     {"strandline images vacuum --db FILE", "The same for another database:"}},
	.run = run,
};
