/* SPDX-License-Identifier: Apache-2.0 */
/* What would a policy make of a result that was kept? */
#include <inttypes.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "job/policy.h"

struct test_args {
	unsigned int fail_on; /* enum sl_severity */
};

static int try_on(struct app *app, const struct job *job, const struct operands *words,
		  struct policy_try *out, struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	struct policy *policy = NULL;
	int rc = job_policy_read(&policy, (const char *const *)words->items, 1, err);

	if (rc == 0)
		rc = output_open(&output, app->options.output, err);
	if (rc == 0)
		rc = job_policy_try(policy, words->items[1], output.stream, out, err);
	if (rc == 0)
		rc = output_commit(&output, err);
	if (rc == 0)
		job_policy_warn(job, policy, true);
	policy_free(policy);
	return rc;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	const struct test_args *a = args;
	struct policy_try out = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = try_on(app, &j.job, words, &out, &err);
	if (rc < 0)
		return app_fail(app, &err);
	app_note(app, "%" PRIu64 " explained, %" PRIu64 " not, %" PRIu64 " gap%s", out.explained,
		 out.unexplained, out.gaps, out.gaps == 1 ? "" : "s");
	for (unsigned int s = a->fail_on; s <= SL_SEVERITY_CRITICAL; s++)
		if (out.by_severity[s] > 0)
			return EXIT_FOUND;
	return out.gaps > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
}

static const char *const severities[] = {"info", "low", "medium", "high", "critical", NULL};

static const struct opt options[] = {
	{"fail-on", 0, OPT_WORD, "SEVERITY", severities, offsetof(struct test_args, fail_on),
	 "least severity of what is left that makes the exit status 1; by default low"},
};
static const struct test_args defaults = {.fail_on = SL_SEVERITY_LOW};

const struct command command_policy_test = {
	.name = "policy test",
	.summary = "try a policy on a saved document",
	.operands = "POLICY DOCUMENT",
	.description =
		"Ask a policy about every finding of a document of 'diff --format json', a line "
		"each, and say what it would leave. Nothing but the two files is read. What "
		"engines and shipped rules explain is left out; what another policy explained "
		"counts as open. Findings of 'posture' are none of a policy's.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 2,
	.operands_max = 2,
	.args_size = sizeof(struct test_args),
	.defaults = &defaults,
	.exits = EXIT_COMPARES,
	.examples = {{"strandline policy test web.policy.yaml monday.json",
		      "Would it have explained Monday's drift?"},
		     {"strandline policy test --fail-on high web.policy.yaml monday.json",
		      "Would anything of high severity have been left?"}},
	.run = run,
};
