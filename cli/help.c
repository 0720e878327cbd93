/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "cli/app.h"
#include "core/cleanup.h"

#define HELP_INDENT 26

/* Break at spaces so that lines fit; the text starts at column @at and goes on at @indent. */
static void wrap(struct buf *out, const char *text, size_t at, size_t indent)
{
	while (*text != '\0') {
		size_t word = strcspn(text, " \n");

		if (at > indent && at + 1 + word > HELP_COLUMNS - 1) {
			(void)buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			(void)buf_append_char(out, ' ');
			at++;
		}
		(void)buf_append(out, text, word);
		at += word;
		text += word;
		if (strncmp(text, "\n\n", 2) == 0) {
			(void)buf_printf(out, "\n\n%*s", (int)indent, "");
			at = indent;
			text += 2;
		} else if (*text != '\0') {
			text++;
		}
	}
	(void)buf_append_char(out, '\n');
}

/* "-o, --output FILE" */
static void synopsis(struct buf *out, const struct opt *o)
{
	if (o->letter != 0)
		(void)buf_printf(out, "-%c, ", o->letter);
	(void)buf_printf(out, "--%s", o->name);
	if (o->arg != NULL)
		(void)buf_printf(out, " %s", o->arg);
}

/* What --format means to this command: not every command says everything in every format. */
static void put_formats(struct buf *out, const struct command *c)
{
	(void)buf_append_str(out, "how the result is said: ");
	for (size_t i = 0; c->formats[i] != NULL; i++)
		(void)buf_printf(out, "%s%s",
				 i == 0                      ? ""
				 : c->formats[i + 1] == NULL ? " or "
							     : ", ",
				 c->formats[i]);
}

/* @command NULL: in general. */
static void put_option(struct buf *out, const struct opt *o, const struct command *command)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	size_t start = out->len, used;

	(void)buf_append_str(out, o->letter != 0 ? "  " : "      ");
	synopsis(out, o);
	used = out->len - start;
	if (used + 2 > HELP_INDENT) {
		(void)buf_append_char(out, '\n');
		used = 0;
	}
	(void)buf_printf(out, "%*s", (int)(HELP_INDENT - used), "");
	if (command != NULL && strcmp(o->name, "format") == 0)
		put_formats(&text, command);
	else
		(void)buf_append_str(&text, o->help);
	wrap(out, text.data, HELP_INDENT, HELP_INDENT);
}

static void put_exits(struct buf *out, enum exit_column column)
{
	(void)buf_append_str(out, "\nExit status:\n");
	for (int s = 0; s < EXIT_STATUSES; s++) {
		(void)buf_printf(out, "  %d  ", s);
		wrap(out, exit_text(column, (enum exit_status)s), 5, 5);
	}
}

static void put_examples(struct buf *out, const struct command *c)
{
	(void)buf_append_str(out, "\nExamples:\n");
	for (size_t i = 0; i < 2; i++) {
		(void)buf_append_str(out, "  ");
		wrap(out, c->examples[i][1], 2, 2);
		(void)buf_printf(out, "      %s\n", c->examples[i][0]);
	}
}

static void put_nested(struct buf *out, const struct command *parent)
{
	const struct command *c = command_nested(parent, NULL);

	if (c != NULL)
		(void)buf_append_str(out, "\nCommands:\n");
	for (; c != NULL; c = command_nested(parent, c)) {
		(void)buf_printf(out, "  %-10s  ", command_short_name(c));
		wrap(out, c->summary, 14, 14);
	}
}

static void command_help_text(struct buf *out, const struct command *c)
{
	(void)buf_printf(out, "Usage: strandline %s [OPTION]...%s%s\n\n", c->name,
			 *c->operands != '\0' ? " " : "", c->operands);
	wrap(out, c->description, 0, 0);
	put_nested(out, c);
	for (size_t i = 0; i < c->option_count; i++) {
		const char *group = c->options[i].group;

		if (group != NULL || i == 0)
			(void)buf_printf(out, "\n%s:\n", group != NULL ? group : "Options");
		put_option(out, &c->options[i], c);
	}
	(void)buf_append_str(out, "\nGlobal options, also accepted before the command:\n");
	for (size_t i = 0; i < global_option_count; i++)
		if (!option_is_hidden(&global_options[i], c))
			put_option(out, &global_options[i], c);
	put_exits(out, c->exits);
	put_examples(out, c);
}

static void program_help_text(struct buf *out)
{
	(void)buf_append_str(out,
			     "Usage: strandline [OPTION]... COMMAND [OPTION]... [OPERAND]...\n\n");
	wrap(out,
	     "Find what drifted into a container since its image was built, say what it means, and "
	     "preserve it as evidence that anyone can check. Nothing is written into what is "
	     "examined, and no engine is asked: their stores are read from disk.",
	     0, 0);
	(void)buf_append_str(out, "\nCommands:\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (commands[i]->hidden || command_short_name(commands[i]) != NULL)
			continue;
		(void)buf_printf(out, "  %-10s  ", commands[i]->name);
		wrap(out, commands[i]->summary, 14, 14);
	}
	(void)buf_append_str(out, "\nGlobal options, accepted before or after the command:\n");
	for (size_t i = 0; i < global_option_count; i++)
		put_option(out, &global_options[i], NULL);
	(void)buf_append_str(
		out, "\n'strandline COMMAND --help' says more about a command.\n\nExamples:\n"
		     "  What changed in the container \"web\"?\n      strandline diff web\n"
		     "  Keep it as evidence:\n      strandline capture web -o web.tar.zst\n");
}

void help_text(struct buf *out, const struct command *command)
{
	if (command != NULL)
		command_help_text(out, command);
	else
		program_help_text(out);
}
