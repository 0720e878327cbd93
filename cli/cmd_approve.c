/* SPDX-License-Identifier: Apache-2.0 */
/* Approve a container's settings as they are now. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/approve.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "job/approve.h"

struct approve_args {
	unsigned int as;
	const char *by, *reason;
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(approval_clear) struct approval made = {0};
	const struct approve_args *a = args;
	const enum approval_kind *kind = approve_kind(a->as);
	struct approve_request request = {.container = words->items[0],
					  .has_kind = kind != NULL,
					  .kind = kind != NULL ? *kind : APPROVAL_NAME,
					  .by = a->by,
					  .reason = a->reason};
	AUTO_FREE char *shown = NULL;
	CLEANUP(buf_clear) struct buf unknown = BUF_INIT(4096);
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = job_approve(&j.job, &request, &made, &unknown, &err);
	if (rc < 0)
		return app_fail(app, &err);
	if (unknown.len > 0)
		app_note(app, "unknown, and not compared therefore: %s", unknown.data);
	shown = quote_dup(made.key, strlen(made.key));
	if (!app->options.quiet)
		(void)printf("approved for %s %s\n", approval_kind_name(made.kind),
			     shown != NULL ? shown : "?");
	return EXIT_DONE;
}

#define AT(member) offsetof(struct approve_args, member)

static const struct opt options[] = {
	{"as", 0, OPT_WORD, "KIND", approve_kinds, AT(as),
	 "whose settings these are: name (this container), pod (this container of every pod of "
	 "the same owner) or image (every container of this image); by default pod for containers "
	 "of pods, else name"},
	{"by", 0, OPT_TEXT, "WHO", NULL, AT(by), "who approves; by default whoever is logged in"},
	{"reason", 0, OPT_TEXT, "TEXT", NULL, AT(reason), "why, for those who ask later"},
};

const struct command command_approve = {
	.name = "approve",
	.summary = "approve a container's settings, so that diff finds deviations from them",
	.operands = "CONTAINER",
	.description =
		"Keep the settings that a container has now (user, capabilities, namespaces, "
		"mounts, limits, command...) as its approved profile. From then on diff compares, "
		"and every deviation is a finding of kind config that counts. A profile that is "
		"there already is replaced. Of several, that of the name counts first, then the "
		"pod's, then the image's. Without one nothing is compared.\n\n"
		"Values of environment variables are never kept, only their names. "
		"A container called list, show or rm is named with its engine in "
		"front.\n\n" CLI_CONTAINER_HELP,
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct approve_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline approve web --by ada --reason 'reviewed, change 4711'",
		      "The settings of \"web\" are as they should be:"},
		     {"strandline approve pod:shop/web/nginx", "For every pod of one deployment:"}},
	.run = run,
};
