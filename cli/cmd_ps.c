/* SPDX-License-Identifier: Apache-2.0 */
/* What is there, and whose a path is. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/jobs.h"
#include "cli/ps.h"
#include "core/cleanup.h"

struct ps_args {
	bool running, sandboxes, orphans;
	const char *engine, *image, *pod;
	const char *path; /* of the host, or CONTAINER:/PATH */
};

/* The colon in "CONTAINER:/PATH"; NULL for a path of the host. A pod without a namespace begins
 * with "pod:/", which ends no container. */
static const char *inside_colon(const char *path)
{
	static const char pod[] = "pod:/";
	const char *from = strncmp(path, pod, strlen(pod)) == 0 ? path + strlen(pod) : path;

	return path[0] == '/' ? NULL : strstr(from, ":/");
}

/* On this machine a relative path begins where we are; on a mounted disk, at its root. */
static int ps_host_path(struct app *app, const struct job *job, const char *path,
			struct sl_error *err)
{
	AUTO_FREE char *here = NULL, *whole = NULL;

	if (path[0] == '/' || app->options.root != NULL)
		return ps_path(app, job, path, err);
	here = getcwd(NULL, 0);
	if (here == NULL)
		return sl_fail(err, SL_EIO, errno, "current directory");
	if (asprintf(&whole, "%s/%s", here, path) < 0) {
		whole = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "path");
	}
	return ps_path(app, job, whole, err);
}

static int where(struct app *app, const struct job *job, const char *path, struct sl_error *err)
{
	const char *colon = inside_colon(path);
	AUTO_FREE char *container = colon != NULL ? strndup(path, (size_t)(colon - path)) : NULL;

	if (colon == NULL)
		return ps_host_path(app, job, path, err);
	if (container == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	return ps_inside(app, job, container, colon + 1, err);
}

static int check(const struct ps_args *a, struct sl_error *err)
{
	bool filtered = a->running || a->sandboxes || a->orphans || a->engine != NULL ||
			a->image != NULL || a->pod != NULL;

	if (a->path != NULL && filtered)
		return sl_fail(err, SL_EINVAL, 0, "--path looks everywhere: it takes no filter");
	return 0;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	const struct ps_args *a = args;
	struct ps_request request = {.running = a->running,
				     .sandboxes = a->sandboxes,
				     .orphans = a->orphans,
				     .engine = a->engine,
				     .image = a->image,
				     .pod = a->pod};
	int rc = check(a, &err);

	(void)words;
	if (rc == 0)
		rc = cli_job_init(&j, app, 0, &err);
	if (rc == 0)
		rc = a->path != NULL ? where(app, &j.job, a->path, &err)
				     : ps_list(app, &j.job, &request, &err);
	return rc < 0 ? app_fail(app, &err) : rc;
}

#define AT(member) offsetof(struct ps_args, member)

static const struct opt options[] = {
	{"running", 0, OPT_FLAG, NULL, NULL, AT(running), "only containers that run or are paused"},
	{"engine", 0, OPT_TEXT, "ENGINE", NULL, AT(engine), "only containers of this engine"},
	{"image", 0, OPT_TEXT, "REF", NULL, AT(image),
	 "only containers of this image: part of a reference, or the beginning of its id"},
	{"pod", 0, OPT_TEXT, "POD", NULL, AT(pod),
	 "only containers of this pod: NAMESPACE/POD, or POD in any namespace"},
	{"sandboxes", 0, OPT_FLAG, NULL, NULL, AT(sandboxes),
	 "what holds the namespaces of pods (pause), too"},
	{"orphans", 0, OPT_FLAG, NULL, NULL, AT(orphans),
	 "writable directories that belong to no container, or to an image build, too"},
	{"path", 0, OPT_TEXT, "PATH", NULL, AT(path),
	 "instead: whose the path PATH of the host is; or, of CONTAINER:/PATH, where it comes "
	 "from"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_ps = {
	.name = "ps",
	.summary = "list every container that any store knows, or say whose a path is",
	.operands = "",
	.description =
		"List the containers of every engine's store, running or not, with engine, image, "
		"state, process, pod and the directories they are made of. What cannot be read is "
		"listed as a gap, and a container whose own directories cannot be read says why; "
		"either makes the exit status 3. Sandboxes of pods, working containers of image "
		"builds, and orphans (directories that lost their container) are shown when they "
		"are asked for.\n\n"
		"With --path, say which layer of which image, and which containers and pods, a "
		"path of the host belongs to: what a virus scanner found, for example. It is told "
		"by the directories themselves, not by their names, so that links and other mount "
		"points do not matter. \"shown\" is whether the container shows this very object. "
		"Of CONTAINER:/PATH, say which directories have the path, topmost first, and which "
		"of them the container shows.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.args_size = sizeof(struct ps_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline ps --root /mnt/disk --orphans", "What was on this mounted disk?"},
		     {"strandline ps --path /var/lib/docker/overlay2/4f1e/diff/tmp/x",
		      "A virus scanner names a file: whose is it?"}},
	.run = run,
};
