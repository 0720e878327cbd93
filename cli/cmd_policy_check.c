/* SPDX-License-Identifier: Apache-2.0 */
/* Is a policy well formed, and is anything in it unwise? */
#include <inttypes.h>

#include "cli/app.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "job/policy.h"

struct warnings {
	struct buf text;
	size_t count;
};

static int on_warning(void *payload, const char *line)
{
	struct warnings *w = payload;

	w->count++;
	return buf_printf(&w->text, "%s\n", line);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct warnings w = {.text = BUF_INIT((size_t)64 << 20)};
	struct policy *policy = NULL;
	int rc = job_policy_read(&policy, (const char *const *)words->items, words->count, &err);

	(void)args;
	if (rc == 0) {
		(void)policy_warn(policy, clock_now(), false, on_warning, &w);
		rc = output_text(app->options.output, &w.text, &err);
	}
	if (rc == 0)
		app_note(app, "%zu rule%s, %zu warning%s", policy_count(policy),
			 policy_count(policy) == 1 ? "" : "s", w.count, w.count == 1 ? "" : "s");
	buf_clear(&w.text);
	policy_free(policy);
	if (rc < 0)
		return app_fail(app, &err);
	return w.count > 0 ? EXIT_FOUND : EXIT_DONE;
}

const struct command command_policy_check = {
	.name = "policy check",
	.summary = "read policies, and warn of what is expired or too broad",
	.operands = "FILE...",
	.description =
		"Read policies as 'diff --policy' would. A mistake is told with its file, line and "
		"column, exit status 2. Rules that have expired, that expect anything anywhere or "
		"that never expire are warned of, exit status 1.",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.exits = EXIT_WORKS,
	.examples = {{"strandline policy check /etc/strandline/*.yaml",
		      "Before they are rolled out:"},
		     {"strandline policy check -q web.yaml || echo review it",
		      "From a script, every week:"}},
	.run = run,
};
