/* SPDX-License-Identifier: Apache-2.0 */
/* Answer for a finding. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "job/ack.h"

struct ack_args {
	const char *by, *reason, *until;
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	const struct ack_args *a = args;
	struct ack_request request = {
		.finding = words->items[0], .by = a->by, .reason = a->reason, .until = a->until};
	struct ack made = {0};
	char id[2 * SL_SHA256_SIZE + 1], hash[2 * SL_SHA256_SIZE + 1];
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0 && (a->by == NULL || a->reason == NULL))
		rc = sl_fail(&err, SL_EINVAL, 0,
			     "who answers for it, and why? give --by WHO and --reason TEXT");
	if (rc == 0)
		rc = job_ack(&j.job, &request, &made, &err);
	if (rc < 0)
		return app_fail(app, &err);
	hex_encode(id, made.finding, SL_SHA256_SIZE);
	hex_encode(hash, made.hash, SL_SHA256_SIZE);
	app_note(app, "acknowledged: %s", id);
	app_note(app, "row %" PRIu64 " of the record, hash %s", made.seq, hash);
	return EXIT_DONE;
}

#define AT(member) offsetof(struct ack_args, member)

static const struct opt options[] = {
	{"by", 0, OPT_TEXT, "WHO", NULL, AT(by), "who answers for it"},
	{"reason", 0, OPT_TEXT, "TEXT", NULL, AT(reason), "why it may stay"},
	{"until", 0, OPT_TEXT, "DATE", NULL, AT(until),
	 "until when (2027-01-31, or with a time); by default without end"},
};

const struct command command_ack = {
	.name = "ack",
	.summary = "answer for a finding: who looked at it, and why it may stay",
	.operands = "ID",
	.description =
		"Keep in the database that somebody answers for a finding. It stays listed, marked "
		"as acknowledged, and counts as ever; 'diff --fail-on-new' leaves it out of the "
		"exit status. ID is the id of the finding in a document or in the table of 'diff "
		"--show-ids', or the first 8 and more digits of one that the last run with "
		"--fail-on-new found. The same drift has the same id in every run, also in a new "
		"container of the same name and image; a file that changes again is another "
		"finding, and so is all that is found in a container that was renamed.\n\n"
		"The record only grows, and each row is chained to the one before: one that was "
		"edited or taken out is found, and then none counts. That rows at its end were "
		"taken out is found with 'ack list --anchor' and a hash that was kept elsewhere: "
		"this command says the new row's.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct ack_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline ack 5f1c0a77 --by ops --reason 'ticket 4711' --until 2027-01-31",
		      "It is known, and will be mended until then:"},
		     {"strandline diff web --fail-on-new", "What has come since?"}},
	.run = run,
};
