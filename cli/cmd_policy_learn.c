/* SPDX-License-Identifier: Apache-2.0 */
/* A policy proposed from what is there. */
#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "job/diff.h"
#include "job/policylearn.h"

struct learn_args {
	const char *by, *reason;
	unsigned int days;
	bool for_image, no_index;
};

static int learn(struct app *app, const struct job *job, const struct learn_args *a,
		 const struct operands *words, struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	CLEANUP(close_sink) struct sl_sink *sink = NULL;
	struct policylearn_options options = {.approved_by = a->by,
					      .reason = a->reason,
					      .by_image = a->for_image,
					      .expires = clock_now()};
	struct diff_request request = {.containers = (const char *const *)words->items,
				       .container_count = words->count,
				       .no_index = a->no_index,
				       .paranoid = true, /* it is about to be allowed */
				       .accept_unproven = true};
	int found, rc = output_open(&output, app->options.output, err);

	options.expires.sec += (int64_t)a->days * 86400;
	if (rc == 0)
		rc = policylearn_sink(&sink, output.stream, &options, err);
	if (rc == 0)
		rc = job_diff(job, &request, sink, &found, err);
	progress_erase(&app->progress);
	return rc == 0 ? output_commit(&output, err) : rc;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	const struct learn_args *a = args;
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0 && a->by == NULL)
		rc = sl_fail(&err, SL_EINVAL, 0, "who approves what is learned? give --by WHO");
	if (rc == 0 && (a->days < 1 || a->days > 3660))
		rc = sl_fail(&err, SL_EINVAL, 0, "--days must be 1 to 3660");
	if (rc == 0)
		rc = learn(app, &j.job, a, words, &err);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}

#define AT(member) offsetof(struct learn_args, member)

static const struct opt options[] = {
	{"by", 0, OPT_TEXT, "WHO", NULL, AT(by), "who approves it; stands in every rule"},
	{"reason", 0, OPT_TEXT, "TEXT", NULL, AT(reason), "why it is expected"},
	{"days", 0, OPT_NUMBER, "N", NULL, AT(days),
	 "rules expire after so many days; by default 90"},
	{"for-image", 0, OPT_FLAG, NULL, NULL, AT(for_image),
	 "rules are about every container of the image, not about this one"},
	{"no-index", 0, OPT_FLAG, NULL, NULL, AT(no_index),
	 "do not index an unknown image first: compare with the layers as found on disk"},
};
static const struct learn_args defaults = {.days = 90};

const struct command command_policy_learn = {
	.name = "policy learn",
	.summary = "propose a policy from the drift that is there",
	.operands = "CONTAINER...",
	.description =
		"Compare containers with their images, and write rules that would explain the "
		"drift: by directory, with the changes, owners and sizes seen. Whatever runs or "
		"grants rights, account files, keys, devices and everything of high severity is "
		"not proposed but listed in comments. A proposal wants a person's eyes: what was "
		"tampered with before is in it, too.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct learn_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.examples = {{"strandline policy learn web --by 'Jane Doe' > web.policy.yaml",
		      "What does this container usually do?"},
		     {"strandline policy learn pod:shop/web-0 --for-image --days 30 --by ops",
		      "For every container of its image, and for a month:"}},
	.run = run,
};
