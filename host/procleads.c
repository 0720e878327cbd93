/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference: ld.so(8); bash(1) "INVOCATION"; node(1); perlrun(1); ruby(1); php "Command line
 * options"; the java command of JDK 17; python(1); gconv in iconv(3); git(1).
 */
#include "host/procleads.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/programs.h"
#include "host/procargs.h"

/* ---- options ---- */

enum dialect { NONE, NODE, JAVA, PERL, RUBY, PHP, SHELL };

/* What an option's value is. */
enum form {
	FORM_FILE,
	FORM_MODULE,  /* a file, or without a slash the name of something that is looked up */
	FORM_PATHS,   /* directories and archives, a colon between */
	FORM_AGENT,   /* a file, "=" and its options */
	FORM_SETTING, /* of PHP: "extension=PATH" */
	FORM_COMMAND, /* a program and its arguments; less(1) puts "|" or "-" in front */
	FORM_SEARCH,  /* of Lua: "DIRECTORY/?.lua", a semicolon between */
	FORM_PASS,    /* nothing of interest */
};

/* Where the value stands: behind the name itself, behind '=', or in the next word. */
enum place { ATTACHED = 1, EQUALS = 2, NEXT = 4 };

static const struct option {
	enum dialect dialect;
	const char *name;
	enum form form;
	unsigned int places;
} options[] = {
	{NODE, "--require", FORM_MODULE, EQUALS | NEXT},
	{NODE, "-r", FORM_MODULE, NEXT},
	{NODE, "--import", FORM_MODULE, EQUALS | NEXT},
	{NODE, "--loader", FORM_MODULE, EQUALS | NEXT},
	{NODE, "--experimental-loader", FORM_MODULE, EQUALS | NEXT},
	{JAVA, "-javaagent:", FORM_AGENT, ATTACHED},
	{JAVA, "-agentpath:", FORM_AGENT, ATTACHED},
	{JAVA, "-Xbootclasspath/a:", FORM_PATHS, ATTACHED},
	{JAVA, "-Xbootclasspath/p:", FORM_PATHS, ATTACHED},
	{JAVA, "-cp", FORM_PATHS, NEXT},
	{JAVA, "-classpath", FORM_PATHS, NEXT},
	{JAVA, "--class-path", FORM_PATHS, EQUALS | NEXT},
	{JAVA, "-p", FORM_PATHS, NEXT},
	{JAVA, "--module-path", FORM_PATHS, EQUALS | NEXT},
	{PERL, "-I", FORM_PATHS, ATTACHED | NEXT},
	{RUBY, "-I", FORM_PATHS, ATTACHED | NEXT},
	{RUBY, "-r", FORM_MODULE, ATTACHED | NEXT},
	{PHP, "-c", FORM_FILE, ATTACHED | NEXT},
	{PHP, "-z", FORM_FILE, ATTACHED | NEXT},
	{PHP, "-d", FORM_SETTING, ATTACHED | NEXT},
	{SHELL, "--rcfile", FORM_FILE, NEXT},
	{SHELL, "--init-file", FORM_FILE, NEXT},
	{SHELL, "-o", FORM_PASS, NEXT},
	{SHELL, "-O", FORM_PASS, NEXT},
};

static const struct {
	const char *program;
	enum dialect dialect;
} programs[] = {
	{"node", NODE}, {"nodejs", NODE}, {"java", JAVA},   {"perl", PERL},  {"ruby", RUBY},
	{"php", PHP},   {"php-cgi", PHP}, {"php-fpm", PHP}, {"bash", SHELL}, {"sh", SHELL},
};

/* ---- variables ---- */

static const struct variable {
	const char *name;
	enum dialect dialect; /* it holds options */
	enum form form;       /* else this */
	bool is_search;
} variables[] = {
	{"LD_PRELOAD", NONE, FORM_PASS, false},
	{"LD_AUDIT", NONE, FORM_PASS, false},
	{"LD_LIBRARY_PATH", NONE, FORM_PATHS, true},
	{"GCONV_PATH", NONE, FORM_PATHS, true},
	{"BASH_ENV", NONE, FORM_FILE, false},
	{"ENV", NONE, FORM_FILE, false},
	{"ZDOTDIR", NONE, FORM_PATHS, true},
	{"NODE_OPTIONS", NODE, FORM_PASS, false},
	{"NODE_PATH", NONE, FORM_PATHS, true},
	{"PYTHONPATH", NONE, FORM_PATHS, true},
	{"PYTHONHOME", NONE, FORM_PATHS, true},
	{"PYTHONUSERBASE", NONE, FORM_PATHS, true},
	{"PYTHONSTARTUP", NONE, FORM_FILE, false},
	{"PERL5LIB", NONE, FORM_PATHS, true},
	{"PERLLIB", NONE, FORM_PATHS, true},
	{"PERL5OPT", PERL, FORM_PASS, false},
	{"RUBYLIB", NONE, FORM_PATHS, true},
	{"RUBYOPT", RUBY, FORM_PASS, false},
	{"JAVA_TOOL_OPTIONS", JAVA, FORM_PASS, false},
	{"_JAVA_OPTIONS", JAVA, FORM_PASS, false},
	{"JDK_JAVA_OPTIONS", JAVA, FORM_PASS, false},
	{"CLASSPATH", NONE, FORM_PATHS, true},
	{"DOTNET_STARTUP_HOOKS", NONE, FORM_PATHS, false},
	{"CORECLR_PROFILER_PATH", NONE, FORM_FILE, false},
	{"PHPRC", NONE, FORM_FILE, true},
	{"PHP_INI_SCAN_DIR", NONE, FORM_PATHS, true},
	{"OPENSSL_CONF", NONE, FORM_FILE, false},
	{"OPENSSL_MODULES", NONE, FORM_PATHS, true},
	{"OPENSSL_ENGINES", NONE, FORM_PATHS, true},
	{"CORECLR_PROFILER_PATH_64", NONE, FORM_FILE, false},
	{"GIT_SSH", NONE, FORM_FILE, false},
	{"GIT_SSH_COMMAND", NONE, FORM_COMMAND, false},
	{"GIT_EXTERNAL_DIFF", NONE, FORM_COMMAND, false},
	{"GIT_ASKPASS", NONE, FORM_COMMAND, false},
	{"GIT_PAGER", NONE, FORM_COMMAND, false},
	{"GIT_EXEC_PATH", NONE, FORM_PATHS, true},
	{"GIT_CONFIG_GLOBAL", NONE, FORM_FILE, false},
	{"SSH_ASKPASS", NONE, FORM_COMMAND, false},
	{"SUDO_ASKPASS", NONE, FORM_COMMAND, false},
	{"PROMPT_COMMAND", NONE, FORM_COMMAND, false},
	{"PAGER", NONE, FORM_COMMAND, false},
	{"MANPAGER", NONE, FORM_COMMAND, false},
	{"EDITOR", NONE, FORM_COMMAND, false},
	{"VISUAL", NONE, FORM_COMMAND, false},
	{"BROWSER", NONE, FORM_COMMAND, false},
	{"LESSOPEN", NONE, FORM_COMMAND, false},
	{"LESSCLOSE", NONE, FORM_COMMAND, false},
	{"LUA_INIT", NONE, FORM_FILE, false},
	{"LUA_PATH", NONE, FORM_SEARCH, true},
	{"LUA_CPATH", NONE, FORM_SEARCH, true},
	{"TCLLIBPATH", NONE, FORM_PATHS, true},
	{"ERL_LIBS", NONE, FORM_PATHS, true},
	{"R_PROFILE_USER", NONE, FORM_FILE, false},
	{"R_LIBS", NONE, FORM_PATHS, true},
	{"GIO_EXTRA_MODULES", NONE, FORM_PATHS, true},
	{"GTK_MODULES", NONE, FORM_PATHS, false},
	{"QT_PLUGIN_PATH", NONE, FORM_PATHS, true},
	{"GST_PLUGIN_PATH", NONE, FORM_PATHS, true},
};

/* ---- words ---- */

/* Of arguments, each ended by a NUL, or of a variable, blanks between. */
struct words {
	struct sl_bytes rest;
	bool is_variable;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '"' || c == '\'';
}

static bool next_word(struct words *w, struct sl_bytes *out)
{
	size_t n = 0;

	if (!w->is_variable)
		return procargs_next(&w->rest, out);
	while (w->rest.len > 0 && is_blank(w->rest.data[0])) {
		w->rest.data++;
		w->rest.len--;
	}
	while (n < w->rest.len && !is_blank(w->rest.data[n]))
		n++;
	*out = (struct sl_bytes){w->rest.data, n};
	w->rest.data += n;
	w->rest.len -= n;
	return n > 0;
}

static bool starts(struct sl_bytes text, const char *with)
{
	return text.len >= strlen(with) && memcmp(text.data, with, strlen(with)) == 0;
}

static struct sl_bytes behind(struct sl_bytes text, size_t n)
{
	return (struct sl_bytes){text.data + n, text.len - n};
}

/* ---- values ---- */

struct walk {
	procleads_fn *each;
	void *payload;
};

static int say(const struct walk *w, struct procleads_lead lead)
{
	static const char url[] = "file://";

	if (starts(lead.path, url))
		lead.path = behind(lead.path, sizeof(url) - 1);
	/* of a directory with archives, "*" stands for all of them */
	if (lead.path.len > 2 && memcmp(lead.path.data + lead.path.len - 2, "/*", 2) == 0) {
		lead.path.len -= 2;
		lead.is_search = true;
	}
	return lead.path.len > 0 ? w->each(w->payload, &lead) : 0;
}

static int say_paths(const struct walk *w, struct procleads_lead lead, struct sl_bytes list)
{
	int rc = 0;

	while (rc == 0 && list.len > 0) {
		const char *colon = memchr(list.data, ':', list.len);
		size_t n = colon != NULL ? (size_t)(colon - list.data) : list.len;

		lead.path = (struct sl_bytes){list.data, n};
		rc = say(w, lead);
		list = behind(list, n + (colon != NULL));
	}
	return rc;
}

/* Of a command only a path says which program is meant. */
static int say_command(const struct walk *w, struct procleads_lead lead)
{
	struct words words = {.rest = lead.path, .is_variable = true};

	while (words.rest.len > 0 && memchr("|-", words.rest.data[0], 2) != NULL)
		words.rest = behind(words.rest, 1);
	if (!next_word(&words, &lead.path) || lead.path.data[0] != '/')
		return 0;
	return say(w, lead);
}

/* What stands in front of the first "?" names the directory. */
static int say_search(const struct walk *w, struct procleads_lead lead, struct sl_bytes list)
{
	int rc = 0;

	while (rc == 0 && list.len > 0) {
		const char *end = memchr(list.data, ';', list.len), *mark, *slash;
		size_t n = end != NULL ? (size_t)(end - list.data) : list.len;

		mark = memchr(list.data, '?', n);
		slash = mark != NULL ? memrchr(list.data, '/', (size_t)(mark - list.data)) : NULL;
		if (slash != NULL && slash > list.data) {
			lead.path = (struct sl_bytes){list.data, (size_t)(slash - list.data)};
			rc = say(w, lead);
		}
		list = behind(list, n + (end != NULL));
	}
	return rc;
}

static int say_setting(const struct walk *w, struct procleads_lead lead)
{
	static const char *const names[] = {"extension=", "zend_extension=", "auto_prepend_file=",
					    "auto_append_file=", "opcache.preload="};
	struct sl_bytes text = lead.path;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!starts(text, names[i]))
			continue;
		lead.path = behind(text, strlen(names[i]));
		lead.is_module = true;
		return say(w, lead);
	}
	return 0;
}

static int say_value(const struct walk *w, const char *by, enum form form, bool is_search,
		     struct sl_bytes value)
{
	struct procleads_lead lead = {
		by, value, is_search, form == FORM_MODULE, false, form == FORM_COMMAND};
	const char *equals;

	switch (form) {
	case FORM_FILE:
	case FORM_MODULE:
		return say(w, lead);
	case FORM_AGENT:
		equals = value.len > 0 ? memchr(value.data, '=', value.len) : NULL;
		if (equals != NULL)
			lead.path.len = (size_t)(equals - value.data);
		return say(w, lead);
	case FORM_PATHS:
		return say_paths(w, lead, value);
	case FORM_SETTING:
		return say_setting(w, lead);
	case FORM_COMMAND:
		return say_command(w, lead);
	case FORM_SEARCH:
		return say_search(w, lead, value);
	case FORM_PASS:
		break;
	}
	return 0;
}

/* Does @word give this option a value? It may be the next one. */
static bool takes(const struct option *o, struct sl_bytes word, struct words *rest,
		  struct sl_bytes *value)
{
	size_t n = strlen(o->name);

	if (!starts(word, o->name))
		return false;
	if (word.len == n)
		return (o->places & NEXT) != 0 && next_word(rest, value);
	*value = behind(word, n);
	if ((o->places & ATTACHED) != 0)
		return true;
	if ((o->places & EQUALS) == 0 || word.data[n] != '=')
		return false;
	*value = behind(word, n + 1);
	return true;
}

static int say_option(const struct walk *w, enum dialect dialect, const char *by,
		      struct sl_bytes word, struct words *rest)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		struct sl_bytes value;

		if (o->dialect == dialect && takes(o, word, rest, &value))
			return say_value(w, by != NULL ? by : o->name, o->form,
					 o->form == FORM_PATHS, value);
	}
	return 0;
}

static const struct variable *variable_of(struct sl_bytes text)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		size_t n = strlen(variables[i].name);

		if (text.len > n + 1 && starts(text, variables[i].name) && text.data[n] == '=')
			return &variables[i];
	}
	return NULL;
}

bool procleads_wants(struct sl_bytes variable)
{
	return variable_of(variable) != NULL;
}

int procleads_variable(struct sl_bytes variable, procleads_fn *each, void *payload)
{
	const struct walk w = {each, payload};
	const struct variable *v = variable_of(variable);
	struct words words = {.is_variable = true};
	struct sl_bytes value, word;
	int rc = 0;

	if (v == NULL)
		return 0;
	value = behind(variable, strlen(v->name) + 1);
	if (strcmp(v->name, "LUA_INIT") == 0) { /* else it is code itself */
		if (value.data[0] != '@')
			return 0;
		value = behind(value, 1);
	}
	if (v->dialect == NONE)
		return say_value(&w, v->name, v->form, v->is_search, value);
	words.rest = value;
	while (rc == 0 && next_word(&words, &word))
		rc = say_option(&w, v->dialect, v->name, word, &words);
	return rc;
}

static enum dialect dialect_of(struct sl_bytes program)
{
	struct sl_bytes name = program_name(program);

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (name.len == strlen(programs[i].program) &&
		    memcmp(name.data, programs[i].program, name.len) == 0)
			return programs[i].dialect;
	return NONE;
}

int procleads_arguments(struct sl_bytes arguments, const char *exe, procleads_fn *each,
			void *payload)
{
	const struct walk w = {each, payload};
	struct words words = {arguments, false};
	enum dialect dialect = dialect_of((struct sl_bytes){exe, strlen(exe)});
	struct sl_bytes word;
	int rc = 0;

	if (dialect == NONE || !next_word(&words, &word))
		return 0;
	for (size_t n = 0; rc == 0 && n < PROCARGS_MAX && next_word(&words, &word); n++) {
		if (word.len < 2 || word.data[0] != '-')
			break; /* the program's own arguments follow */
		if (word.len == 2 && word.data[1] == '-')
			break;
		rc = say_option(&w, dialect, NULL, word, &words);
	}
	return rc;
}

/* ---- code in arguments ---- */

/* Who reads a file as code, and who only reads it, so that something else has to run it. */
static const char *const loaders[] = {".",           "source",       "require",    "require_once",
				      "include",     "include_once", "do",         "load",
				      "dofile",      "loadfile",     "run_path",   "execfile",
				      "load_source", "import",       "source_file"};
static const char *const readers[] = {"open",         "cat",  "<",
				      "readFileSync", "read", "file_get_contents"};
static const char *const runners[] = {"exec(", "eval", "runIn", "compile(", "Function("};

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static bool is_one_of(struct sl_bytes word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (word.len == strlen(words[i]) && memcmp(word.data, words[i], word.len) == 0)
			return true;
	return false;
}

/* The word in front of @at, without the blanks, quotes and parentheses between. */
static struct sl_bytes word_before(struct sl_bytes text, size_t at, bool *is_quoted)
{
	size_t end = at, start;

	*is_quoted = false;
	while (end > 0 && (is_quote(text.data[end - 1]) || strchr(" \t(", text.data[end - 1]))) {
		*is_quoted = *is_quoted || is_quote(text.data[end - 1]);
		end--;
	}
	if (end > 0 && text.data[end - 1] == '<')
		return (struct sl_bytes){text.data + end - 1, 1};
	for (start = end; start > 0; start--) {
		char c = text.data[start - 1];

		/* "fs.readFileSync" is what its last name says; "." is a command */
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		      (c == '.' && start == end)))
			break;
	}
	return (struct sl_bytes){text.data + start, end - start};
}

static bool loads(struct sl_bytes text, size_t at, bool has_runner)
{
	bool is_quoted;
	struct sl_bytes word = word_before(text, at, &is_quoted);
	bool is_shell = is_one_of(word, loaders, 2);

	if (word.len == 0)
		return false;
	if (is_one_of(word, loaders, ARRAY_SIZE(loaders)))
		return is_shell || is_quoted;
	return has_runner && is_one_of(word, readers, ARRAY_SIZE(readers));
}

static size_t path_len(struct sl_bytes text, size_t at)
{
	size_t n = 0;

	while (at + n < text.len && strchr(" \t\n;&|<>()'\"`$*?", text.data[at + n]) == NULL)
		n++;
	return n;
}

int procleads_code(struct sl_bytes text, procleads_fn *each, void *payload)
{
	bool has_runner = false;
	int rc = 0;

	for (size_t i = 0; text.len > 0 && i < ARRAY_SIZE(runners); i++)
		has_runner = has_runner ||
			     memmem(text.data, text.len, runners[i], strlen(runners[i])) != NULL;
	for (size_t at = 1; rc == 0 && at < text.len; at++) {
		struct procleads_lead lead = {
			.by = "code in its arguments", .is_code = true, .may_lack = true};

		if (text.data[at] != '/' || strchr(" \t('\"<", text.data[at - 1]) == NULL ||
		    !loads(text, at, has_runner))
			continue;
		lead.path = (struct sl_bytes){text.data + at, path_len(text, at)};
		/* a pattern names no file */
		if (lead.path.len > 1 && (at + lead.path.len == text.len ||
					  strchr("$*?", text.data[at + lead.path.len]) == NULL))
			rc = each(payload, &lead);
		at += lead.path.len;
	}
	return rc;
}
