/* SPDX-License-Identifier: Apache-2.0 */
/* What a container wrote, as its engine kept it. */
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "job/capture_run.h"

/* Is what such a driver takes in a file that has been captured? */
static bool keeps_files(const char *driver)
{
	static const char *const known[] = {"json-file", "local", "k8s-file", "json", "cri"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(driver, known[i]) == 0)
			return true;
	return false;
}

static size_t count_logs(const struct sl_container *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->artifact_count; i++)
		count += c->artifacts[i].is_log && c->artifacts[i].log_format != NULL;
	return count;
}

/* A driver that sends its messages away leaves at most the engine's cache of them. */
static int say_elsewhere(struct capture *c, const struct capture_target *t, size_t logs,
			 struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf what = BUF_INIT(4096);

	(void)buf_printf(&what, "log of driver %.256s", t->container->log_driver);
	if (what.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "gap");
	return capture_gap_of(c, t, what.data,
			      logs > 0 ? "its messages lie elsewhere: only the engine's cache of "
					 "the last ones was taken"
				       : "its messages lie elsewhere: the engine keeps no file of "
					 "them",
			      0, err);
}

int capture_logs(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	const struct sl_container *container = t->container;
	int rc = capture_artifacts(c, t, true, err);
	const char *driver = container->log_driver;
	size_t logs = count_logs(container);

	/* with "none" there is nothing that could have been taken */
	if (rc < 0 || driver == NULL || strcmp(driver, "none") == 0)
		return rc;
	if (!keeps_files(driver))
		return say_elsewhere(c, t, logs, err);
	/* the file is made when the container starts */
	if (logs == 0 && (container->has_started || container->state == SL_STATE_RUNNING))
		return capture_gap_of(c, t, "log",
				      "the engine's record names one, and none is there", 0, err);
	return 0;
}
