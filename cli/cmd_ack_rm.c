/* SPDX-License-Identifier: Apache-2.0 */
/* Take an acknowledgement back. */
#include "cli/app.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "job/ack.h"

struct rm_args {
	const char *by, *reason;
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	const struct rm_args *a = args;
	struct ack_request request = {
		.finding = words->items[0], .by = a->by, .reason = a->reason, .revoke = true};
	struct ack made = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0 && (a->by == NULL || a->reason == NULL))
		rc = sl_fail(&err, SL_EINVAL, 0,
			     "who takes it back, and why? give --by WHO and --reason TEXT");
	if (rc == 0)
		rc = job_ack(&j.job, &request, &made, &err);
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

#define AT(member) offsetof(struct rm_args, member)

static const struct opt options[] = {
	{"by", 0, OPT_TEXT, "WHO", NULL, AT(by), "who takes it back"},
	{"reason", 0, OPT_TEXT, "TEXT", NULL, AT(reason), "why"},
};

const struct command command_ack_rm = {
	.name = "ack rm",
	.summary = "take an acknowledgement back",
	.operands = "ID",
	.description =
		"Nobody answers for the finding any more. The record keeps both: that it was "
		"acknowledged, and that this was taken back.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct rm_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline ack rm 5f1c0a77 --by ops --reason 'mended'",
		      "It must not come back:"},
		     {"strandline ack list", "What is left?"}},
	.run = run,
};
