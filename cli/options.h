/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and options as tables. From these come the input of getopt, the help, the man page and
 * the completion, so that none of them can forget one.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include <strandline/error.h>

#include "cli/exit.h"

struct app;

/* Texts given by an option that may be repeated. */
struct text_list {
	const char **items; /* owned; the texts are the command line's */
	size_t count;
};

enum opt_kind {
	OPT_FLAG,   /* bool */
	OPT_COUNT,  /* unsigned int: how often it was given */
	OPT_TEXT,   /* const char *; NULL when absent */
	OPT_LIST,   /* struct text_list */
	OPT_NUMBER, /* unsigned int */
	OPT_SIZE,   /* uint64_t: bytes, with K, M or G in powers of 1024 */
	OPT_WORD,   /* unsigned int: index into words */
};

struct opt {
	const char *name;
	char letter; /* 0: none */
	enum opt_kind kind;
	const char *arg;          /* placeholder: FILE, DIR, WHEN...; NULL for flags and counts */
	const char *const *words; /* kind word: what may be given, NULL-terminated */
	size_t offset;            /* of its value in the struct that the table belongs to */
	const char *help;         /* no full stop */
	const char *group;        /* a heading that begins with this row, or NULL */
};

/* What stands behind the options: operands in order. */
struct operands {
	char **items;
	size_t count;
};

struct command {
	const char *name;        /* "diff"; a nested one has its parent's in front: "images rm" */
	const char *summary;     /* one line, for the list of commands */
	const char *operands;    /* "CONTAINER..." or "" */
	const char *description; /* paragraphs, an empty line between them */
	const struct opt *options;
	size_t option_count;
	const char *const *formats; /* accepted by --format, NULL-terminated; NULL: takes none */
	size_t operands_min, operands_max;
	size_t args_size;     /* the struct that options fill */
	const void *defaults; /* its initial bytes; NULL: zeros */
	enum exit_column exits;
	const char *examples[2][2]; /* command line, what it does */
	bool hidden;
	bool holds_keys; /* private keys or passphrases: no core dump, no debugger */
	/* Returns an exit status. @args is the filled struct. */
	int (*run)(struct app *app, const void *args, const struct operands *words);
};

/* Every command; ends with NULL. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);
/* The next command nested in @parent behind @after, in order; NULL after: the first. */
const struct command *command_nested(const struct command *parent, const struct command *after);
/* The one that @word names, or NULL. */
const struct command *command_find_nested(const struct command *parent, const char *word);
/* What a nested command is called within its parent; any other has no such name: NULL. */
const char *command_short_name(const struct command *c);

/* Options that every command takes. */
extern const struct opt global_options[];
extern const size_t global_option_count;
/* A command's own option hides a global one of the same name. */
bool option_is_hidden(const struct opt *global, const struct command *command);

/* A parsed command line. */
struct call {
	const struct command *command; /* NULL when there is none */
	void *args;
	struct operands words;
	char **argv; /* rearranged copy that the texts live in */
};

/*
 * Fill @app->options and @out. Unknown words and options are -SL_EINVAL with a suggestion.
 * When --help or --version was given, required operands may be missing.
 */
int options_parse(struct call *out, struct app *app, int argc, char **argv, struct sl_error *err);
void call_clear(struct call *call);

/* A decimal, with K, M or G in powers of 1024 where @with_suffix. 0, or -SL_EINVAL. */
int option_number(const char *text, bool with_suffix, uint64_t *out);

/* The name nearest to a mistyped one, or NULL when none is near. */
const char *suggest(const char *word, const char *(*name_at)(void *payload, size_t i),
		    void *payload);

#endif
