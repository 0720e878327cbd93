/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procargs.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/programs.h"

/*
 * How interpreters take options. @code: what follows is the program itself, and no file. @value:
 * the rest of the option, or the argument behind it, belongs to it.
 */
static const struct interpreter {
	const char *name; /* a version may follow it */
	const char *code, *value;
	const char *file;   /* the argument behind it is the script */
	const char *module; /* what follows is the name of one */
	const char *input;  /* it reads its standard input, whatever follows */
} interpreters[] = {
	{"sh", "c", "oO", "", "", "s"},      {"bash", "c", "oO", "", "", "s"},
	{"fish", "c", "Cdo", "", "", ""},    {"python", "c", "WXQ", "", "m", ""},
	{"pypy", "c", "WXQ", "", "m", ""},   {"perl", "eE", "IMm", "", "", ""},
	{"ruby", "e", "IrEC", "", "", ""},   {"node", "ep", "rC", "", "", ""},
	{"nodejs", "ep", "rC", "", "", ""},  {"php", "rBR", "cdzg", "f", "", ""},
	{"php-cgi", "", "cdz", "f", "", ""}, {"lua", "", "el", "", "", ""},
	{"luajit", "", "elj", "", "", ""},   {"tclsh", "", "", "", "", ""},
	{"expect", "c", "", "f", "", ""},    {"Rscript", "e", "", "", "", ""},
	{"gawk", "", "vFil", "fE", "", ""},  {"mawk", "", "vFW", "f", "", ""},
	{"awk", "", "vF", "f", "", ""},      {"pwsh", "c", "", "f", "", ""},
	{"bun", "e", "", "", "", ""},        {"deno", "", "", "", "", ""},
};

/* Any other shell: "-O" is bash's own. */
static const struct interpreter shell = {"", "c", "o", "", "", "s"};

/* Long options with an argument of their own behind them. */
static const char *const long_values[] = {"--require",
					  "--import",
					  "--loader",
					  "--rcfile",
					  "--init-file",
					  "--title",
					  "--experimental-loader",
					  "--conditions"};

bool procargs_next(struct sl_bytes *rest, struct sl_bytes *out)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\0', rest->len);
	*out = (struct sl_bytes){rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len};
	rest->data += out->len + (end != NULL);
	rest->len -= out->len + (end != NULL);
	return true;
}

struct sl_bytes procargs_variable(struct sl_bytes environment, const char *name)
{
	size_t len = strlen(name);
	struct sl_bytes text;

	while (procargs_next(&environment, &text))
		if (text.len > len + 1 && memcmp(text.data, name, len) == 0 &&
		    text.data[len] == '=')
			return text;
	return (struct sl_bytes){0};
}

void procargs_join(struct buf *out, struct sl_bytes arguments)
{
	struct sl_bytes text;
	bool first = true;

	while (procargs_next(&arguments, &text)) {
		size_t room = out->max - out->len - !first;

		if (out->max <= out->len + !first)
			return;
		if (!first)
			(void)buf_append_char(out, ' ');
		(void)buf_append(out, text.data, text.len < room ? text.len : room);
		first = false;
	}
}

/* "php-fpm8.2" is not php. */
static const struct interpreter *interpreter_of(struct sl_bytes program)
{
	struct sl_bytes name = program_name(program);

	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++)
		if (strlen(interpreters[i].name) == name.len &&
		    memcmp(interpreters[i].name, name.data, name.len) == 0)
			return &interpreters[i];
	return program_kind(program) == PROGRAM_SHELL ? &shell : NULL;
}

static bool is_word(struct sl_bytes text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static bool has(const char *letters, char c)
{
	return c != '\0' && strchr(letters, c) != NULL;
}

enum option {
	OPTION_PLAIN,
	OPTION_VALUE,
	OPTION_FILE,
	OPTION_CODE,
	OPTION_MODULE,
	OPTION_INPUT,
	OPTION_END,
};

/* What the option @text ("-x", "+x", "--long") means for what follows. */
static enum option option_of(const struct interpreter *in, struct sl_bytes text)
{
	enum option option = OPTION_PLAIN;

	if (is_word(text, "--"))
		return OPTION_END;
	if (text.len > 2 && text.data[1] == '-') {
		for (size_t i = 0; i < ARRAY_SIZE(long_values); i++)
			if (is_word(text, long_values[i]))
				return OPTION_VALUE;
		if (in->file[0] != '\0' && (is_word(text, "--file") || is_word(text, "--exec")))
			return OPTION_FILE;
		return is_word(text, "--eval") || is_word(text, "--print") ? OPTION_CODE
									   : OPTION_PLAIN;
	}
	for (size_t i = 1; i < text.len; i++) {
		if (has(in->input, text.data[i]))
			option = OPTION_INPUT;
		if (has(in->code, text.data[i]))
			return OPTION_CODE;
		if (has(in->module, text.data[i]))
			return OPTION_MODULE;
		if (has(in->file, text.data[i]))
			return i + 1 < text.len ? OPTION_PLAIN : OPTION_FILE;
		if (has(in->value, text.data[i]))
			return i + 1 < text.len ? OPTION_PLAIN : OPTION_VALUE;
	}
	return option;
}

/* reference: ld.so(8) */
static bool is_loader(struct sl_bytes name)
{
	static const char *const starts[] = {"ld-linux", "ld-musl-", "ld64.so", "ld.so", "ld-2."};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (name.len >= strlen(starts[i]) &&
		    memcmp(name.data, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* "ld-linux-x86-64.so.2 --preload X /usr/bin/bash ...": the program is its first path. */
static bool take_loaded(struct sl_bytes *arguments, struct sl_bytes *out)
{
	static const char *const values[] = {"--library-path",
					     "--preload",
					     "--audit",
					     "--argv0",
					     "--inhibit-rpath",
					     "--glibc-hwcaps-prepend",
					     "--glibc-hwcaps-mask"};

	while (procargs_next(arguments, out)) {
		if (out->len == 0 || out->data[0] != '-')
			return out->len > 0;
		for (size_t i = 0; i < ARRAY_SIZE(values); i++)
			if (is_word(*out, values[i]) && !procargs_next(arguments, out))
				return false;
	}
	return false;
}

/* Take the program's name off @arguments. False: it has none. */
static bool take_program(struct sl_bytes *arguments, const char *exe, struct sl_bytes *out)
{
	struct sl_bytes text;

	*out = (struct sl_bytes){exe, strlen(exe)};
	if (!procargs_next(arguments, &text))
		return false;
	if (is_loader(program_name(*out)))
		return take_loaded(arguments, out);
	/* busybox is what it is called, by its first or its second argument */
	if (is_word(program_name(*out), "busybox")) {
		*out = text;
		if (is_word(program_name(text), "busybox") && !procargs_next(arguments, out))
			return false;
		if (out->len > 0 && out->data[0] == '-') /* a log-in shell */
			*out = (struct sl_bytes){out->data + 1, out->len - 1};
	}
	return true;
}

enum runs { RUNS_OTHER, RUNS_CODE, RUNS_FILE, RUNS_MODULE, RUNS_INPUT };

/* "-mNAME", "-Im NAME" */
static enum runs take_module(const struct interpreter *in, struct sl_bytes text,
			     struct sl_bytes *rest, struct sl_bytes *out)
{
	size_t at = 1;

	while (at < text.len && !has(in->module, text.data[at]))
		at++;
	*out = (struct sl_bytes){text.data + at + 1, text.len - at - 1};
	if (out->len == 0 && !procargs_next(rest, out))
		return RUNS_INPUT;
	return out->len > 0 ? RUNS_MODULE : RUNS_INPUT;
}

/* "java -jar FILE": every other of its options that has a value says so by a colon or "=". */
static enum runs runs_java(struct sl_bytes rest, struct sl_bytes *out)
{
	static const char *const values[] = {
		"-cp",           "-classpath",     "--class-path",         "-p",
		"--module-path", "--add-modules",  "--add-opens",          "--add-exports",
		"--add-reads",   "--patch-module", "--upgrade-module-path"};
	struct sl_bytes text;

	for (size_t n = 0; n < PROCARGS_MAX && procargs_next(&rest, &text); n++) {
		if (is_word(text, "-jar"))
			return procargs_next(&rest, out) && out->len > 0 ? RUNS_FILE : RUNS_OTHER;
		/* a class, or since Java 11 its source */
		if (text.len == 0 || (text.data[0] != '-' && text.data[0] != '@')) {
			*out = text;
			return text.len > 5 && memcmp(text.data + text.len - 5, ".java", 5) == 0
				       ? RUNS_FILE
				       : RUNS_OTHER;
		}
		for (size_t i = 0; i < ARRAY_SIZE(values); i++)
			if (is_word(text, values[i]) && !procargs_next(&rest, &text))
				return RUNS_OTHER;
	}
	return RUNS_OTHER;
}

/* "--file=SCRIPT": of awk, whose short one is "-f" as well. */
static bool takes_file(const struct interpreter *in, struct sl_bytes text, struct sl_bytes *out)
{
	static const char *const names[] = {"--file=", "--exec="};

	for (size_t i = 0; in->file[0] != '\0' && i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);

		if (text.len <= n || memcmp(text.data, names[i], n) != 0)
			continue;
		*out = (struct sl_bytes){text.data + n, text.len - n};
		return true;
	}
	return false;
}

static enum runs runs(struct sl_bytes arguments, const char *exe, struct sl_bytes *out)
{
	const struct interpreter *in;
	struct sl_bytes text, program;

	if (!take_program(&arguments, exe, &program))
		return RUNS_OTHER;
	if (is_word(program_name(program), "java"))
		return runs_java(arguments, out);
	in = interpreter_of(program);
	if (in == NULL)
		return RUNS_OTHER;
	for (size_t n = 0; n < PROCARGS_MAX && procargs_next(&arguments, &text); n++) {
		enum option option = OPTION_END;

		if (n == 0 && is_word(text, "run") &&
		    (strcmp(in->name, "deno") == 0 || strcmp(in->name, "bun") == 0))
			continue;
		if (text.len < 2 || (text.data[0] != '-' && text.data[0] != '+')) {
			*out = text;
			return text.len > 0 && text.data[0] != '-' ? RUNS_FILE : RUNS_INPUT;
		}
		if (takes_file(in, text, out))
			return RUNS_FILE;
		option = option_of(in, text);
		if (option == OPTION_CODE)
			return RUNS_CODE;
		if (option == OPTION_INPUT)
			return RUNS_INPUT;
		if (option == OPTION_MODULE)
			return take_module(in, text, &arguments, out);
		if (option == OPTION_FILE || option == OPTION_END)
			return procargs_next(&arguments, out) && out->len > 0 ? RUNS_FILE
									      : RUNS_INPUT;
		if (option == OPTION_VALUE && !procargs_next(&arguments, &text))
			return RUNS_INPUT;
	}
	return RUNS_INPUT;
}

bool procargs_script(struct sl_bytes arguments, const char *exe, struct sl_bytes *out)
{
	return runs(arguments, exe, out) == RUNS_FILE;
}

bool procargs_module(struct sl_bytes arguments, const char *exe, struct sl_bytes *out)
{
	return runs(arguments, exe, out) == RUNS_MODULE;
}

bool procargs_is_code(struct sl_bytes arguments, const char *exe)
{
	struct sl_bytes rest = arguments, program, ignored;

	if (runs(arguments, exe, &ignored) == RUNS_CODE)
		return true;
	return take_program(&rest, exe, &program) && program_kind(program) == PROGRAM_RELAY;
}

bool procargs_is_known_program(const char *exe)
{
	return interpreter_of((struct sl_bytes){exe, strlen(exe)}) != NULL;
}

bool procargs_is_shell(struct sl_bytes arguments, const char *exe)
{
	struct sl_bytes program;

	return take_program(&arguments, exe, &program) && program_kind(program) == PROGRAM_SHELL;
}

bool procargs_is_interpreter(struct sl_bytes arguments, const char *exe)
{
	struct sl_bytes program;

	return take_program(&arguments, exe, &program) && interpreter_of(program) != NULL;
}

bool procargs_reads_input(struct sl_bytes arguments, const char *exe)
{
	struct sl_bytes script;

	return runs(arguments, exe, &script) == RUNS_INPUT;
}

bool procargs_is_shebang(struct sl_bytes arguments, const char *head, size_t len)
{
	struct sl_bytes program;
	size_t at = 2, from;

	if (len < 3 || memcmp(head, "#!", 2) != 0 || !procargs_next(&arguments, &program))
		return false;
	while (at < len && (head[at] == ' ' || head[at] == '\t'))
		at++;
	for (from = at; at < len && memchr(" \t\n", head[at], 4) == NULL; at++)
		;
	return at - from == program.len && at > from &&
	       memcmp(head + from, program.data, program.len) == 0;
}
