/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/jobs.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "job/rules.h"

const char *const cli_marker_words[] = {
	"none", "oci", "overlay-trusted", "overlay-user", "fuse-overlayfs", "aufs", NULL};

static void say(void *payload, const char *line)
{
	app_note(payload, "%s", line);
}

/* On this machine a relative directory means one beneath the current; on a mounted disk, beneath
 * it. */
static int absolute(const struct app *app, const char *dir, char **out, struct sl_error *err)
{
	AUTO_FREE char *here = NULL;

	*out = NULL;
	if (app->options.root != NULL || dir[0] == '/') {
		*out = strdup(dir);
	} else {
		here = getcwd(NULL, 0);
		if (here == NULL)
			return sl_fail(err, SL_EIO, errno, "current directory");
		if (asprintf(out, "%s/%s", here, dir) < 0)
			*out = NULL;
	}
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "options");
}

int cli_job_init(struct cli_job *out, struct app *app, unsigned int asked, struct sl_error *err)
{
	const struct text_list *given = &app->options.stores;

	*out = (struct cli_job){.job = {.root = app->options.root,
					.live = app->options.live,
					.ns = app->options.ns,
					.db = app_database(app),
					.threads = app_jobs(asked),
					.progress = app->progress.iface,
					.say = say,
					.payload = app,
					.stop = app->stop}};

	out->job.progress.stop = app->stop;
	if (given->count > ARRAY_SIZE(out->stores))
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu stores", ARRAY_SIZE(out->stores));
	for (size_t i = 0; i < given->count; i++) {
		const char *dir = NULL;
		int rc = app_store(given->items[i], &out->engines[i], &dir, err);

		if (rc == 0)
			rc = absolute(app, dir, &out->dirs[i], err);
		if (rc < 0)
			return rc;
		out->stores[i] = (struct job_store){out->engines[i], out->dirs[i]};
	}
	out->job.stores = out->stores;
	out->job.store_count = given->count;
	return 0;
}

int cli_job_limits(struct cli_job *j, const struct text_list *given, struct sl_error *err)
{
	j->limits = SL_LIMITS_DEFAULT;
	j->job.limits = &j->limits;
	for (size_t i = 0; i < given->count; i++) {
		const char *equals = strchr(given->items[i], '=');
		AUTO_FREE char *name = NULL;
		uint64_t value;
		int rc;

		if (equals == NULL || option_number(equals + 1, true, &value) < 0)
			return sl_fail(err, SL_EINVAL, 0,
				       "--limit: give NAME=VALUE, such as bytes=64G");
		name = strndup(given->items[i], (size_t)(equals - given->items[i]));
		if (name == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "options");
		rc = sl_limits_set(&j->limits, name, value, err);
		if (rc < 0)
			return sl_wrap(err, rc, "--limit");
	}
	return 0;
}

int cli_job_rules(struct cli_job *j, const struct app *app, const struct text_list *given,
		  struct sl_error *err)
{
	int rc = job_rules_open(&j->rules, &j->job, given->items, given->count,
				app->options.verbose > 0, err);

	j->job.rules = j->rules;
	return rc;
}

void cli_job_idle(void)
{
	/* a kernel or scheduler without classes reads as ever: no reason not to */
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

void cli_job_clear(struct cli_job *j)
{
	job_rules_free(j->rules);
	for (size_t i = 0; i < ARRAY_SIZE(j->engines); i++) {
		free(j->engines[i]);
		free(j->dirs[i]);
	}
	*j = (struct cli_job){0};
}

int cli_job_fail(struct app *app, const struct sl_error *err)
{
	(void)app_fail(app, err);
	return err->code == SL_EUNTRUSTED ? EXIT_FOUND : EXIT_TROUBLE;
}
