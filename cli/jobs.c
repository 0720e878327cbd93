/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/jobs.h"

#include <stdlib.h>

#include "core/cleanup.h"

static void say(void *payload, const char *line)
{
	app_note(payload, "%s", line);
}

int cli_job_init(struct cli_job *out, struct app *app, unsigned int asked, struct sl_error *err)
{
	const struct text_list *given = &app->options.stores;

	*out = (struct cli_job){.job = {.root = app->options.root,
					.live = app->options.live,
					.db = app_database(app),
					.threads = app_jobs(asked),
					.progress = app->progress.iface,
					.say = say,
					.payload = app,
					.stop = app->stop}};
	if (given->count > ARRAY_SIZE(out->stores))
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu stores", ARRAY_SIZE(out->stores));
	for (size_t i = 0; i < given->count; i++) {
		int rc = app_store(given->items[i], &out->engines[i], &out->stores[i].dir, err);

		if (rc < 0)
			return rc;
		out->stores[i].engine = out->engines[i];
	}
	out->job.stores = out->stores;
	out->job.store_count = given->count;
	return 0;
}

void cli_job_clear(struct cli_job *j)
{
	for (size_t i = 0; i < ARRAY_SIZE(j->engines); i++)
		free(j->engines[i]);
	*j = (struct cli_job){0};
}

int cli_job_fail(struct app *app, const struct sl_error *err)
{
	(void)app_fail(app, err);
	return err->code == SL_EUNTRUSTED ? EXIT_FOUND : EXIT_TROUBLE;
}
