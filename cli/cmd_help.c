/* SPDX-License-Identifier: Apache-2.0 */
/* help, and the two hidden commands that print the man page and the completion. */
#include <string.h>

#include "cli/app.h"
#include "cli/help.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/quote.h"

/* Through the output of --output, so that a half-written page is no page. */
static int print(struct app *app, struct buf *text)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(output_clear) struct output output = {0};
	int rc = text->status < 0 ? sl_fail(&err, SL_ENOMEM, 0, "help") : 0;

	if (rc == 0)
		rc = output_open(&output, app->options.output, &err);
	if (rc == 0)
		rc = ostream_write(output.stream, text->data, text->len, &err);
	if (rc == 0)
		rc = output_commit(&output, &err);
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static int run_help(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);
	const struct command *about = NULL;

	(void)args;
	if (words->count > 0) {
		about = command_find(words->items[0]);
		if (about == NULL) {
			AUTO_FREE char *shown = quote_dup(words->items[0], strlen(words->items[0]));

			(void)sl_fail(&err, SL_EINVAL, 0, "unknown command '%s'",
				      shown != NULL ? shown : "?");
			return app_fail(app, &err);
		}
		if (words->count > 1 && command_find_nested(about, words->items[1]) != NULL)
			about = command_find_nested(about, words->items[1]);
	}
	help_text(&text, about);
	return print(app, &text);
}

static int run_man(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);

	(void)args;
	(void)words;
	help_man(&text);
	return print(app, &text);
}

static int run_completion(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);

	(void)args;
	(void)words;
	help_completion(&text);
	return print(app, &text);
}

const struct command command_help = {
	.name = "help",
	.summary = "say more about a command",
	.operands = "[COMMAND]",
	.description = "Show what the program, or one of its commands, does and takes.",
	.operands_max = 2,
	.exits = EXIT_WORKS,
	.examples = {{"strandline help diff", "What does diff take?"},
		     {"strandline help", "Which commands are there?"}},
	.run = run_help,
};

const struct command command_man = {
	.name = "__man",
	.summary = "print the man page",
	.operands = "",
	.description = "Print strandline(1).",
	.exits = EXIT_WORKS,
	.examples = {{"strandline __man", ""}, {"strandline __man", ""}},
	.hidden = true,
	.run = run_man,
};

const struct command command_completion = {
	.name = "__completion",
	.summary = "print the completion for bash",
	.operands = "[bash]",
	.description = "Print the completion for bash.",
	.operands_max = 1,
	.exits = EXIT_WORKS,
	.examples = {{"strandline __completion", ""}, {"strandline __completion", ""}},
	.hidden = true,
	.run = run_completion,
};
