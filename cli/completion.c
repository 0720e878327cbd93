/* SPDX-License-Identifier: Apache-2.0 */
/* Completion for bash, from the same tables as the help. */
#include <string.h>

#include "cli/app.h"
#include "cli/help.h"

static void option_names(struct buf *out, const struct opt *o)
{
	if (o->letter != 0)
		(void)buf_printf(out, " -%c", o->letter);
	(void)buf_printf(out, " --%s", o->name);
}

/* One branch of the case over the word before: what may follow an option that takes a value. */
static void value_case(struct buf *out, const struct command *c, const struct opt *o)
{
	const char *const *words = o->words;

	if (o->arg == NULL)
		return;
	if (strcmp(o->name, "format") == 0)
		words = c->formats;
	(void)buf_printf(out, "\t'%s:--%s'", c->name, o->name);
	if (o->letter != 0)
		(void)buf_printf(out, " | '%s:-%c'", c->name, o->letter);
	(void)buf_append_str(out, ")\n\t\t");
	if (words != NULL) {
		(void)buf_append_str(out, "mapfile -t COMPREPLY < <(compgen -W \"");
		for (size_t i = 0; words[i] != NULL; i++)
			(void)buf_printf(out, "%s%s", i == 0 ? "" : " ", words[i]);
		(void)buf_append_str(out, "\" -- \"$cur\")\n");
	} else if (strcmp(o->arg, "DIR") == 0) {
		(void)buf_append_str(out, "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n");
	} else {
		(void)buf_append_str(out, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
	}
	(void)buf_append_str(out, "\t\treturn ;;\n");
}

static void command_values(struct buf *out, const struct command *c)
{
	for (size_t i = 0; i < c->option_count; i++)
		value_case(out, c, &c->options[i]);
	for (size_t i = 0; i < global_option_count; i++)
		if (!option_is_hidden(&global_options[i], c))
			value_case(out, c, &global_options[i]);
}

static void command_options(struct buf *out, const struct command *c)
{
	(void)buf_printf(out, "\t'%s') words=\"", c->name);
	for (const struct command *n = NULL; (n = command_nested(c, n)) != NULL;)
		(void)buf_printf(out, " %s", command_short_name(n));
	for (size_t i = 0; i < c->option_count; i++)
		option_names(out, &c->options[i]);
	for (size_t i = 0; i < global_option_count; i++)
		if (!option_is_hidden(&global_options[i], c))
			option_names(out, &global_options[i]);
	(void)buf_append_str(out, "\" ;;\n");
}

static void command_names(struct buf *out)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (!commands[i]->hidden && command_short_name(commands[i]) == NULL)
			(void)buf_printf(out, " %s", commands[i]->name);
}

/* "images rm", each between colons. */
static void nested_names(struct buf *out)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (command_short_name(commands[i]) != NULL)
			(void)buf_printf(out, "%s:", commands[i]->name);
}

void help_completion(struct buf *out)
{
	(void)buf_append_str(out, "# shellcheck shell=bash\n"
				  "# SPDX-License-Identifier: Apache-2.0\n"
				  "# made by the program from its tables of options\n"
				  "_strandline()\n{\n"
				  "\tlocal cur=${COMP_WORDS[COMP_CWORD]} command='' words='' i\n"
				  "\tlocal previous=${COMP_WORDS[COMP_CWORD - 1]} commands=\"");
	command_names(out);
	(void)buf_append_str(out, " \" nested=\":");
	nested_names(out);
	(void)buf_append_str(
		out, "\"\n"
		     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		     "\t\tif [[ -z $command && $commands == *\" ${COMP_WORDS[i]} \"* ]]; then\n"
		     "\t\t\tcommand=${COMP_WORDS[i]}\n"
		     "\t\telif [[ $nested == *\":$command ${COMP_WORDS[i]}:\"* ]]; then\n"
		     "\t\t\tcommand=\"$command ${COMP_WORDS[i]}\"\n\t\t\tbreak\n\t\tfi\n\tdone\n"
		     "\tcase $command:$previous in\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		if (!commands[i]->hidden)
			command_values(out, commands[i]);
	(void)buf_append_str(out, "\tesac\n\tcase $command in\n\t'') words=\"");
	command_names(out);
	for (size_t i = 0; i < global_option_count; i++)
		option_names(out, &global_options[i]);
	(void)buf_append_str(out, "\" ;;\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		if (!commands[i]->hidden)
			command_options(out, commands[i]);
	(void)buf_append_str(out,
			     "\tesac\n"
			     "\tif [[ $cur == -* || -z $command || $command == help ||\n"
			     "\t\t$nested == *\":$command \"* ]]; then\n"
			     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
			     "\telse\n"
			     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
			     "\tfi\n}\ncomplete -o filenames -F _strandline strandline\n");
}
