/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, and the options that all of them take. */
#include <string.h>

#include "cli/app.h"
#include "core/cleanup.h"

const struct command *const commands[] = {
	&command_index,
	&command_images,
	&command_images_list,
	&command_images_show,
	&command_images_rm,
	&command_images_verify,
	&command_images_dump,
	&command_images_load,
	&command_images_vacuum,
	&command_baseline,
	&command_baseline_export,
	&command_baseline_import,
	&command_baseline_show,
	&command_ack,
	&command_ack_list,
	&command_ack_rm,
	&command_policy,
	&command_policy_check,
	&command_policy_learn,
	&command_policy_test,
	&command_ps,
	&command_diff,
	&command_check,
	&command_approve,
	&command_approve_list,
	&command_approve_show,
	&command_approve_rm,
	&command_capture,
	&command_verify,
	&command_verify_item,
	&command_recover,
	&command_timestamp,
	&command_custody,
	&command_custody_add,
	&command_custody_show,
	&command_custody_verify,
	&command_custody_hold,
	&command_custody_release,
	&command_custody_extend,
	&command_show,
	&command_extract,
	&command_timeline,
	&command_rules,
	&command_rules_list,
	&command_rules_check,
	&command_keygen,
	&command_help,
	&command_man,
	&command_completion,
	NULL,
};

/* A command takes some of them: struct command. */
static const char *const format_words[] = {"table", "json", "jsonl", "sarif", "ocsf", "html", NULL};
static const char *const when_words[] = {"auto", "always", "never", NULL};

#define AT(member) offsetof(struct app_options, member)

const struct opt global_options[] = {
	{"root", 0, OPT_TEXT, "DIR", NULL, AT(root),
	 "examine the mounted disk at DIR instead of this machine; /proc is not read then"},
	{"live", 0, OPT_FLAG, NULL, NULL, AT(live),
	 "the directory given by --root is the root of the running machine"},
	{"store", 0, OPT_LIST, "ENGINE=DIR", NULL, AT(stores),
	 "an engine's store is at DIR; may be repeated, replaces discovery"},
	{"namespace", 0, OPT_TEXT, "NS", NULL, AT(ns),
	 "only containers and images in this namespace of containerd"},
	{"no-db", 0, OPT_FLAG, NULL, NULL, AT(no_db),
	 "keep no baselines: use a private database that vanishes at the end"},
	{"db", 0, OPT_TEXT, "FILE", NULL, AT(db),
	 "keep baselines in FILE instead of /var/lib/strandline/strandline.db"},
	{"format", 0, OPT_WORD, "FORMAT", format_words, AT(format),
	 "how the result is said: table, json, jsonl, or, by diff, sarif, ocsf or html"},
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "write the result to FILE, which appears only when it is whole"},
	{"quiet", 'q', OPT_FLAG, NULL, NULL, AT(quiet), "say nothing but results and errors"},
	{"verbose", 'v', OPT_COUNT, NULL, NULL, AT(verbose), "say more; may be repeated"},
	{"color", 0, OPT_WORD, "WHEN", when_words, AT(color),
	 "colour tables: auto, always or never; NO_COLOR is honoured"},
	{"progress", 0, OPT_WORD, "WHEN", when_words, AT(progress),
	 "show progress on standard error: auto, always or never"},
	{"help", 'h', OPT_FLAG, NULL, NULL, AT(help), "show help and exit"},
	{"version", 'V', OPT_FLAG, NULL, NULL, AT(version), "show the version and exit"},
};
const size_t global_option_count = ARRAY_SIZE(global_options);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const char *command_short_name(const struct command *c)
{
	const char *space = strchr(c->name, ' ');

	return space != NULL ? space + 1 : NULL;
}

const struct command *command_nested(const struct command *parent, const struct command *after)
{
	size_t len = strlen(parent->name);
	bool is_due = after == NULL;

	for (size_t i = 0; commands[i] != NULL; i++) {
		if (is_due && strncmp(commands[i]->name, parent->name, len) == 0 &&
		    commands[i]->name[len] == ' ')
			return commands[i];
		is_due = is_due || commands[i] == after;
	}
	return NULL;
}

const struct command *command_find_nested(const struct command *parent, const char *word)
{
	const struct command *c = NULL;

	while ((c = command_nested(parent, c)) != NULL)
		if (strcmp(command_short_name(c), word) == 0)
			return c;
	return NULL;
}

bool option_is_hidden(const struct opt *global, const struct command *command)
{
	if (strcmp(global->name, "format") == 0 && command->formats == NULL)
		return true;
	for (size_t i = 0; i < command->option_count; i++)
		if (strcmp(command->options[i].name, global->name) == 0)
			return true;
	return false;
}
