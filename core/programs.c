/* SPDX-License-Identifier: Apache-2.0 */
#include "core/programs.h"

#include <string.h>

#include "core/cleanup.h"

/*
 * Interpreters that run no program from their input (awk, expect, Rscript) are not among them:
 * behind a pipe they read data.
 */
static const struct known {
	const char *name; /* a version may follow it */
	enum program_kind kind;
	bool is_ordinary_word;
} known[] = {
	{"sh", PROGRAM_SHELL, false},         {"bash", PROGRAM_SHELL, false},
	{"dash", PROGRAM_SHELL, false},       {"ash", PROGRAM_SHELL, false},
	{"ksh", PROGRAM_SHELL, false},        {"mksh", PROGRAM_SHELL, false},
	{"zsh", PROGRAM_SHELL, false},        {"fish", PROGRAM_SHELL, true},
	{"python", PROGRAM_LANGUAGE, false},  {"pypy", PROGRAM_LANGUAGE, false},
	{"perl", PROGRAM_LANGUAGE, false},    {"ruby", PROGRAM_LANGUAGE, true},
	{"php", PROGRAM_LANGUAGE, false},     {"node", PROGRAM_LANGUAGE, true},
	{"nodejs", PROGRAM_LANGUAGE, false},  {"lua", PROGRAM_LANGUAGE, true},
	{"luajit", PROGRAM_LANGUAGE, false},  {"tclsh", PROGRAM_LANGUAGE, false},
	{"pwsh", PROGRAM_LANGUAGE, false},    {"nc", PROGRAM_RELAY, false},
	{"ncat", PROGRAM_RELAY, false},       {"netcat", PROGRAM_RELAY, false},
	{"nc.openbsd", PROGRAM_RELAY, false}, {"nc.traditional", PROGRAM_RELAY, false},
	{"socat", PROGRAM_RELAY, false},
};

struct sl_bytes program_name(struct sl_bytes path)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;
	struct sl_bytes name = path;

	if (slash != NULL)
		name = (struct sl_bytes){slash + 1, (size_t)(path.data + path.len - slash - 1)};
	while (name.len > 0 && strchr("0123456789.-", name.data[name.len - 1]) != NULL &&
	       name.data[name.len - 1] != '\0')
		name.len--;
	return name;
}

static const struct known *find(struct sl_bytes path)
{
	struct sl_bytes name = program_name(path);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strlen(known[i].name) == name.len &&
		    memcmp(known[i].name, name.data, name.len) == 0)
			return &known[i];
	return NULL;
}

enum program_kind program_kind(struct sl_bytes path)
{
	const struct known *k = find(path);

	return k != NULL ? k->kind : PROGRAM_OTHER;
}

/* "python3.11", but not "ruby-3.2": that is an archive's name, or a directory's. */
static bool is_versioned_file(struct sl_bytes word, const struct known *k)
{
	size_t len = strlen(k->name);

	return word.len > len && word.data[len] == '-';
}

enum program_kind program_kind_of_word(struct sl_bytes word)
{
	const struct known *k = find(word);

	return k != NULL && !k->is_ordinary_word && !is_versioned_file(word, k) ? k->kind
										: PROGRAM_OTHER;
}
