/* SPDX-License-Identifier: Apache-2.0 */
/* strandline(1), from the same tables as the help. */
#include <string.h>

#include "cli/app.h"
#include "cli/help.h"

/* Text in running roff: backslashes, hyphens that are typed, and leading dots are special. */
static void roff(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\\')
			(void)buf_append_str(out, "\\e");
		else if (*p == '-')
			(void)buf_append_str(out, "\\-");
		else if (strncmp(p, "\n\n", 2) == 0) {
			(void)buf_append_str(out, "\n.PP\n");
			p++;
		} else if (*p == '\'' && (p == text || p[-1] == '\n'))
			(void)buf_append_str(out, "\\(aq");
		else
			(void)buf_append_char(out, *p);
	}
}

static void man_option(struct buf *out, const struct opt *o)
{
	(void)buf_append_str(out, ".TP\n");
	if (o->letter != 0)
		(void)buf_printf(out, "\\fB\\-%c\\fR, ", o->letter);
	(void)buf_append_str(out, "\\fB\\-\\-");
	roff(out, o->name);
	(void)buf_append_str(out, "\\fR");
	if (o->arg != NULL)
		(void)buf_printf(out, " \\fI%s\\fR", o->arg);
	(void)buf_append_char(out, '\n');
	roff(out, o->help);
	(void)buf_append_str(out, ".\n");
}

static void man_exits(struct buf *out, enum exit_column column)
{
	for (int s = 0; s < EXIT_STATUSES; s++) {
		(void)buf_printf(out, ".TP\n.B %d\n", s);
		roff(out, exit_text(column, (enum exit_status)s));
		(void)buf_append_str(out, ".\n");
	}
}

static void man_command(struct buf *out, const struct command *c)
{
	(void)buf_printf(out, ".SS %s\n.B strandline %s\n[\\fIOPTION\\fR]...", c->name, c->name);
	if (*c->operands != '\0') {
		(void)buf_append_char(out, ' ');
		roff(out, c->operands);
	}
	(void)buf_append_str(out, "\n.PP\n");
	roff(out, c->description);
	(void)buf_append_char(out, '\n');
	for (size_t i = 0; i < c->option_count; i++) {
		if (c->options[i].group != NULL)
			(void)buf_printf(out, ".PP\n.I %s\n", c->options[i].group);
		man_option(out, &c->options[i]);
	}
}

static void man_commands(struct buf *out)
{
	(void)buf_append_str(out, ".SH COMMANDS\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		if (!commands[i]->hidden)
			man_command(out, commands[i]);
}

static void man_exit_status(struct buf *out)
{
	static const char *const titles[EXIT_COLUMNS] = {"diff", "verify", "all other commands"};

	(void)buf_append_str(out, ".SH EXIT STATUS\n");
	for (int column = 0; column < EXIT_COLUMNS; column++) {
		(void)buf_printf(out, ".SS %s\n", titles[column]);
		man_exits(out, (enum exit_column)column);
	}
}

static void man_environment(struct buf *out)
{
	static const char *const variables[][2] = {
		{"NO_COLOR", "when set and not empty, no colour unless --color=always"},
		{"TERM", "dumb means neither colour nor progress"},
		{"TMPDIR", "where large intermediate results are put, unlinked; /var/tmp by "
			   "default, else /tmp"},
		{"XDG_STATE_HOME", "where the database of a user other than root is kept"},
	};

	(void)buf_append_str(out, ".SH ENVIRONMENT\n");
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		(void)buf_printf(out, ".TP\n.B %s\n", variables[i][0]);
		roff(out, variables[i][1]);
		(void)buf_append_str(out, ".\n");
	}
}

static void man_examples(struct buf *out)
{
	(void)buf_append_str(out, ".SH EXAMPLES\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		for (size_t k = 0; k < 2 && !commands[i]->hidden; k++) {
			if (i + k > 0)
				(void)buf_append_str(out, ".PP\n");
			roff(out, commands[i]->examples[k][1]);
			(void)buf_append_str(out, "\n.PP\n.RS 4\n.nf\n");
			roff(out, commands[i]->examples[k][0]);
			(void)buf_append_str(out, "\n.fi\n.RE\n");
		}
	}
}

void help_man(struct buf *out)
{
	(void)buf_append_str(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n"
				  ".\\\" made by the program from its tables of options\n");
	(void)buf_printf(out, ".TH STRANDLINE 1 \"%s\" \"strandline %s\" \"User Commands\"\n",
			 STRANDLINE_RELEASE_DATE, STRANDLINE_VERSION);
	(void)buf_append_str(out,
			     ".SH NAME\nstrandline \\- find, explain and preserve what drifted "
			     "into a container\n.SH SYNOPSIS\n.B strandline\n"
			     "[\\fIOPTION\\fR]... \\fICOMMAND\\fR [\\fIOPTION\\fR]... "
			     "[\\fIOPERAND\\fR]...\n.SH DESCRIPTION\n");
	roff(out,
	     "A strandline is the line of debris that the last high tide leaves on a beach: "
	     "everything on it drifted in. The program finds what drifted into a container "
	     "since its image was built, says what it means, and preserves it as evidence that "
	     "anyone can check. It reads the engines' own stores, on a live host or on the "
	     "mounted disk of a dead one. It needs no daemon, no network and nothing inside "
	     "the container, and writes nothing into what it examines.");
	(void)buf_append_str(out,
			     "\n.SH OPTIONS\nThese are accepted before or after the command.\n");
	for (size_t i = 0; i < global_option_count; i++)
		man_option(out, &global_options[i]);
	man_commands(out);
	man_exit_status(out);
	man_environment(out);
	(void)buf_append_str(out, ".SH FILES\n.TP\n.I /var/lib/strandline/strandline.db\n"
				  "Baselines of indexed images.\n");
	man_examples(out);
}
