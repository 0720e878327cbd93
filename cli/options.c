/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, read through getopt_long with input made from the tables. Global options may
 * stand before the command: a first pass finds the command, a second one reads everything.
 */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "core/buf.h"
#include "core/cleanup.h"
#include "core/quote.h"

#define LONG_BASE 256

/* One option and the struct that its value goes to. */
struct target {
	const struct opt *opt;
	char *base;
};

/* The input of getopt_long for one set of options. */
struct parser {
	struct target *targets;
	struct option *longs;
	struct buf shorts;
	size_t count;
};

static void parser_clear(struct parser *p)
{
	free(p->targets);
	free(p->longs);
	buf_clear(&p->shorts);
}

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

static void parser_add(struct parser *p, const struct opt *o, void *base)
{
	p->targets[p->count] = (struct target){o, base};
	p->longs[p->count] =
		(struct option){.name = o->name,
				.has_arg = takes_value(o) ? required_argument : no_argument,
				.val = LONG_BASE + (int)p->count};
	if (o->letter != 0)
		(void)buf_printf(&p->shorts, "%c%s", o->letter, takes_value(o) ? ":" : "");
	p->count++;
}

/* @mode: "+" stops at the first operand, "" rearranges. */
static int parser_init(struct parser *p, const char *mode, const struct command *command,
		       void *args, struct app_options *globals, struct sl_error *err)
{
	size_t most = global_option_count + (command != NULL ? command->option_count : 0);

	*p = (struct parser){.shorts = BUF_INIT(1024)};
	p->targets = calloc(most, sizeof(*p->targets));
	p->longs = calloc(most + 1, sizeof(*p->longs));
	if (p->targets == NULL || p->longs == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "options");
	if (buf_printf(&p->shorts, "%s:", mode) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "options");
	for (size_t i = 0; command != NULL && i < command->option_count; i++)
		parser_add(p, &command->options[i], args);
	for (size_t i = 0; i < global_option_count; i++)
		if (command == NULL || !option_is_hidden(&global_options[i], command))
			parser_add(p, &global_options[i], globals);
	return p->shorts.status < 0 ? sl_fail(err, SL_ENOMEM, 0, "options") : 0;
}

static const struct target *parser_find(const struct parser *p, int c)
{
	if (c >= LONG_BASE && (size_t)(c - LONG_BASE) < p->count)
		return &p->targets[c - LONG_BASE];
	for (size_t i = 0; i < p->count; i++)
		if (c != 0 && p->targets[i].opt->letter == c)
			return &p->targets[i];
	return NULL;
}

/* ---- values ---- */

static int bad_value(const struct opt *o, const char *text, const char *want, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(text, strlen(text));

	return sl_fail(err, SL_EINVAL, 0, "--%s: '%s' is not %s", o->name,
		       shown != NULL ? shown : "?", want);
}

int option_number(const char *text, bool with_suffix, uint64_t *out)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	char *end = NULL;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *text < '0' || *text > '9')
		return -SL_EINVAL;
	if (with_suffix && *end != '\0' && (suffix = strchr(suffixes, *end)) != NULL) {
		unsigned int shift = 10 * (unsigned int)(suffix - suffixes + 1);

		if (n > UINT64_MAX >> shift)
			return -SL_EINVAL;
		n <<= shift;
		end++;
	}
	*out = n;
	return *end == '\0' ? 0 : -SL_EINVAL;
}

static int set_number(const struct opt *o, const char *text, uint64_t most, uint64_t *out,
		      struct sl_error *err)
{
	bool is_size = o->kind == OPT_SIZE;
	uint64_t n;

	if (option_number(text, is_size, &n) < 0 || n > most)
		return bad_value(o, text, is_size ? "a size such as 64K, 1M or 2G" : "a number",
				 err);
	*out = n;
	return 0;
}

static int set_word(const struct opt *o, const char *text, unsigned int *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf list = BUF_INIT(4096);

	for (unsigned int i = 0; o->words[i] != NULL; i++) {
		if (strcmp(o->words[i], text) == 0) {
			*out = i;
			return 0;
		}
		(void)buf_printf(&list, "%s%s", i == 0 ? "one of: " : ", ", o->words[i]);
	}
	return bad_value(o, text, list.data != NULL ? list.data : "a known word", err);
}

static int add_text(struct text_list *list, const char *text, struct sl_error *err)
{
	const char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "options");
	list->items = items;
	list->items[list->count++] = text;
	return 0;
}

static int set_value(const struct target *t, const char *text, struct sl_error *err)
{
	void *at = t->base + t->opt->offset;
	uint64_t n = 0;
	int rc;

	switch (t->opt->kind) {
	case OPT_FLAG:
		*(bool *)at = true;
		return 0;
	case OPT_COUNT:
		++*(unsigned int *)at;
		return 0;
	case OPT_TEXT:
		if (*text == '\0')
			return sl_fail(err, SL_EINVAL, 0, "--%s: empty", t->opt->name);
		*(const char **)at = text;
		return 0;
	case OPT_LIST:
		return add_text(at, text, err);
	case OPT_NUMBER:
		rc = set_number(t->opt, text, UINT32_MAX, &n, err);
		*(unsigned int *)at = (unsigned int)n;
		return rc;
	case OPT_SIZE:
		return set_number(t->opt, text, UINT64_MAX, at, err);
	case OPT_WORD:
		return set_word(t->opt, text, at, err);
	}
	return sl_fail(err, SL_EINVAL, 0, "--%s: unknown kind", t->opt->name);
}

/* ---- what was typed wrongly ---- */

static const char *option_name_at(void *payload, size_t i)
{
	const struct parser *p = payload;

	return i < p->count ? p->targets[i].opt->name : NULL;
}

static const char *command_name_at(void *payload, size_t i)
{
	(void)payload;
	if (commands[i] == NULL)
		return NULL;
	return commands[i]->hidden ? "" : commands[i]->name;
}

/* The beginning of several options. 1: of one at most. */
static int ambiguous_option(const struct parser *p, const char *shown, const char *name,
			    struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf list = BUF_INIT(4096);
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		if (strncmp(p->targets[i].opt->name, name, strlen(name)) == 0)
			(void)buf_printf(&list, "%s'--%s'", count++ > 0 ? ", " : "",
					 p->targets[i].opt->name);
	return count < 2 || list.status < 0
		       ? 1
		       : sl_fail(err, SL_EINVAL, 0, "option '%s' may be any of %s", shown,
				 list.data);
}

static int unknown_option(struct parser *p, const char *typed, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(typed, strcspn(typed, "="));
	AUTO_FREE char *name =
		strndup(typed + strspn(typed, "-"), strcspn(typed + strspn(typed, "-"), "="));
	const char *near = name != NULL ? suggest(name, option_name_at, p) : NULL;
	int rc = name != NULL && shown != NULL && strlen(name) > 0 && strncmp(typed, "--", 2) == 0
			 ? ambiguous_option(p, shown, name, err)
			 : 1;

	if (rc < 0)
		return rc;
	if (near != NULL)
		return sl_fail(err, SL_EINVAL, 0, "unknown option '%s'; did you mean '--%s'?",
			       shown != NULL ? shown : "?", near);
	return sl_fail(err, SL_EINVAL, 0, "unknown option '%s'", shown != NULL ? shown : "?");
}

/* getopt says '?' or ':'; optopt has the letter, or the val of a long option, or 0. */
static int option_error(struct parser *p, int c, char *const argv[], struct sl_error *err)
{
	const struct target *t = parser_find(p, optopt);
	const char *typed = argv[optind - 1];

	if (c == ':' && t != NULL)
		return sl_fail(err, SL_EINVAL, 0, "option '--%s' needs %s", t->opt->name,
			       t->opt->arg);
	if (t != NULL)
		return sl_fail(err, SL_EINVAL, 0, "option '--%s' takes no value", t->opt->name);
	if (optopt > 0 && optopt < LONG_BASE && strncmp(typed, "--", 2) != 0) {
		char letter[3] = {'-', (char)optopt, '\0'};

		return unknown_option(p, letter, err);
	}
	return unknown_option(p, typed, err);
}

static int unknown_command(const char *word, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(word, strlen(word));
	const char *near = suggest(word, command_name_at, NULL);

	if (near != NULL)
		return sl_fail(err, SL_EINVAL, 0, "unknown command '%s'; did you mean '%s'?",
			       shown != NULL ? shown : "?", near);
	return sl_fail(err, SL_EINVAL, 0, "unknown command '%s'", shown != NULL ? shown : "?");
}

/* ---- the two passes ---- */

static const char *nested_name_at(void *payload, size_t i)
{
	const struct command *c = NULL;

	do
		c = command_nested(payload, c);
	while (c != NULL && i-- > 0);
	return c != NULL ? command_short_name(c) : NULL;
}

static int unknown_nested(const struct command *parent, const char *word, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(word, strlen(word));
	const char *near = suggest(word, nested_name_at, (void *)(uintptr_t)parent);

	if (near != NULL)
		return sl_fail(err, SL_EINVAL, 0, "unknown word '%s'; did you mean '%s %s'?",
			       shown != NULL ? shown : "?", parent->name, near);
	return sl_fail(err, SL_EINVAL, 0, "unknown word '%s'", shown != NULL ? shown : "?");
}

static int next_option(struct parser *p, int argc, char **argv)
{
	const char *shorts = p->shorts.data != NULL ? p->shorts.data : ":";

	/* one thread reads the command line. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	return getopt_long(argc, argv, shorts, p->longs, NULL);
}

/* Set every option from argv; afterwards optind is the first operand. */
static int read_options(struct parser *p, int argc, char **argv, struct sl_error *err)
{
	int c, rc = 0;

	optind = 0; /* start anew, in GNU's way */
	opterr = 0;
	while (rc == 0 && (c = next_option(p, argc, argv)) != -1) {
		if (c == '?' || c == ':')
			return option_error(p, c, argv, err);
		rc = set_value(parser_find(p, c), optarg != NULL ? optarg : "", err);
	}
	return rc;
}

/* Where the first operand stands, the command; argc when there is none. */
static int find_command(int argc, char **argv, struct sl_error *err)
{
	struct app_options scratch = {0};
	struct parser p;
	int rc = parser_init(&p, "+", NULL, NULL, &scratch, err);

	if (rc == 0)
		rc = read_options(&p, argc, argv, err);
	parser_clear(&p);
	free(scratch.stores.items);
	return rc < 0 ? rc : optind;
}

static int check_format(const struct command *c, unsigned int format, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf list = BUF_INIT(4096);
	const struct opt *o = global_options;

	while (strcmp(o->name, "format") != 0)
		o++;
	if (c->formats == NULL)
		return 0; /* the option is hidden: it cannot have been given */
	for (size_t i = 0; c->formats[i] != NULL; i++) {
		if (strcmp(c->formats[i], o->words[format]) == 0)
			return 0;
		(void)buf_printf(&list, "%s%s", i == 0 ? "one of: " : ", ", c->formats[i]);
	}
	return bad_value(o, o->words[format], list.data != NULL ? list.data : "?", err);
}

static int check_operands(const struct command *c, const struct operands *words,
			  struct sl_error *err)
{
	if (words->count < c->operands_min)
		return sl_fail(err, SL_EINVAL, 0, "missing operand: %s", c->operands);
	/* one that takes none itself can only have meant a nested one */
	if (words->count > 0 && c->operands_max == 0 && command_nested(c, NULL) != NULL)
		return unknown_nested(c, words->items[0], err);
	if (words->count > c->operands_max) {
		const char *extra = words->items[c->operands_max];
		AUTO_FREE char *shown = quote_dup(extra, strlen(extra));

		return sl_fail(err, SL_EINVAL, 0, "unexpected operand '%s'",
			       shown != NULL ? shown : "?");
	}
	return 0;
}

static int make_args(struct call *out, const struct command *c, struct sl_error *err)
{
	out->args = calloc(1, c->args_size > 0 ? c->args_size : 1);
	if (out->args == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "options");
	if (c->defaults != NULL)
		memcpy(out->args, c->defaults, c->args_size);
	return 0;
}

/* Read the whole command line, the command itself taken out. */
static int read_all(struct call *out, struct app *app, int argc, struct sl_error *err)
{
	struct parser p;
	int rc = parser_init(&p, "", out->command, out->args, &app->options, err);

	if (rc == 0)
		rc = read_options(&p, argc, out->argv, err);
	parser_clear(&p);
	if (rc < 0)
		return rc;
	out->words.items = out->argv + optind;
	out->words.count = (size_t)(argc - optind);
	if (app->options.help || app->options.version || out->command == NULL)
		return 0;
	rc = check_format(out->command, app->options.format, err);
	return rc < 0 ? rc : check_operands(out->command, &out->words, err);
}

static void take_out(char **argv, int *argc, int at)
{
	--*argc;
	for (int i = at; i <= *argc; i++)
		argv[i] = argv[i + 1];
}

/* When the command has nested ones, the next operand may say which is meant. */
static int find_nested(struct call *out, struct app *app, int *argc, struct sl_error *err)
{
	const struct command *nested;
	int at;

	if (command_nested(out->command, NULL) == NULL)
		return 0;
	at = find_command(*argc, out->argv, err);
	if (at < 0)
		return at;
	nested = at < *argc ? command_find_nested(out->command, out->argv[at]) : NULL;
	if (nested == NULL)
		return 0;
	out->command = app->command = nested;
	take_out(out->argv, argc, at);
	return 0;
}

int options_parse(struct call *out, struct app *app, int argc, char **argv, struct sl_error *err)
{
	int at = find_command(argc, argv, err), rc;

	*out = (struct call){0};
	if (at < 0)
		return at;
	out->argv = calloc((size_t)argc + 1, sizeof(*out->argv));
	if (out->argv == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "options");
	memcpy(out->argv, argv, (size_t)argc * sizeof(*argv));
	if (at == argc)
		return read_all(out, app, argc, err);
	out->command = app->command = command_find(argv[at]);
	if (out->command == NULL)
		return unknown_command(argv[at], err);
	take_out(out->argv, &argc, at);
	rc = find_nested(out, app, &argc, err);
	if (rc == 0)
		rc = make_args(out, out->command, err);
	return rc < 0 ? rc : read_all(out, app, argc, err);
}

void call_clear(struct call *call)
{
	const struct command *c = call->command;

	for (size_t i = 0; call->args != NULL && i < c->option_count; i++)
		if (c->options[i].kind == OPT_LIST) {
			struct text_list *list =
				(void *)((char *)call->args + c->options[i].offset);

			free(list->items);
		}
	free(call->args);
	free((void *)call->argv);
	*call = (struct call){0};
}
