/* SPDX-License-Identifier: Apache-2.0 */
/* List and forget baselines. */
#include <stdint.h>
#include <string.h>

#include "cli/app.h"

static int list_images(struct app *app)
{
	return app_unavailable(app); /* job: list */
}

static int remove_images(struct app *app, char *const *refs, size_t count)
{
	(void)refs;
	(void)count;
	return app_unavailable(app); /* job: remove each */
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	struct sl_error err = SL_ERROR_INIT;
	int status;

	(void)args;
	if (words->count == 0)
		return list_images(app);
	if (strcmp(words->items[0], "rm") != 0)
		(void)sl_fail(&err, SL_EINVAL, 0, "the only word after images is rm");
	else if (words->count == 1)
		(void)sl_fail(&err, SL_EINVAL, 0, "rm: missing operand: REF or ID");
	else
		return remove_images(app, words->items + 1, words->count - 1);
	status = app_fail(app, &err);
	sl_error_clear(&err);
	return status;
}

static const char *const formats[] = {"table", "json", NULL};

const struct command command_images = {
	.name = "images",
	.summary = "list and forget what was indexed",
	.operands = "[rm REF|ID...]",
	.description = "List the images whose baselines are stored, with their trust and the time "
		       "they were indexed. With rm, forget images; layers that no other image uses "
		       "go with them.",
	.formats = formats,
	.operands_max = SIZE_MAX,
	.exits = EXIT_WORKS,
	.examples = {{"strandline images --format json", "List for another program:"},
		     {"strandline images rm docker:nginx:1.25", "Forget one:"}},
	.run = run,
};
