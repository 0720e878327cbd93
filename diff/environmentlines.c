/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/environmentlines.h"

#include <string.h>

#include "core/cleanup.h"

static bool is(struct sl_bytes text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static bool begins(struct sl_bytes text, const char *start)
{
	return text.len >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

static bool is_of_shell(struct sl_bytes name)
{
	static const char *const words[] = {"HOSTNAME", "HOME", "PWD", "OLDPWD",
					    "SHLVL",    "TERM", "_"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (is(name, words[i]))
			return true;
	return false;
}

/* Loaders, shells and interpreters take code, or where to find it, from variables like these. */
static bool may_load_code(struct sl_bytes name)
{
	static const char *const parts[] = {
		"LD_",        "PRELOAD",    "BASH_ENV",      "_OPTIONS",  "5OPT",
		"5LIB",       "5DB",        "RUBYOPT",       "RUBYLIB",   "PYTHONPATH",
		"PYTHONHOME", "PYTHONUSER", "PYTHONSTARTUP", "NODE_PATH", "CLASSPATH",
		"GCONV_PATH", "PROMPT_",    "IFS",           "GIT_",      "LUA_",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (memmem(name.data, name.len, parts[i], strlen(parts[i])) != NULL)
			return true;
	return is(name, "ENV");
}

/* Where nobody but root puts programs, each of which would be a finding. */
static bool is_system_place(struct sl_bytes dir)
{
	return is(dir, "/sbin") || is(dir, "/bin") ||
	       ((begins(dir, "/usr/") || begins(dir, "/opt/")) &&
		memmem(dir.data, dir.len, "..", 2) == NULL);
}

/* With quotes around it or without. */
static bool is_usual_path(struct sl_bytes value)
{
	if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
		value = (struct sl_bytes){value.data + 1, value.len - 2};
	/* at its end an empty one, the directory one is in */
	if (value.len > 0 && value.data[value.len - 1] == ':')
		return false;
	while (value.len > 0) {
		const char *end = memchr(value.data, ':', value.len);
		size_t len = end != NULL ? (size_t)(end - value.data) : value.len;

		if (!is_system_place((struct sl_bytes){value.data, len}))
			return false;
		len += end != NULL;
		value = (struct sl_bytes){value.data + len, value.len - len};
	}
	return true;
}

/* How the container was given it: -1 not, 0 with a value that nobody kept, 1 with this one. */
static int is_as_configured(struct sl_bytes line, struct sl_bytes name, const struct sl_settings *s)
{
	const struct sl_setting_value *names = &s->values[SL_SETTING_ENVIRONMENT];

	for (size_t i = 0; i < s->code_variable_count; i++) {
		const char *kept = s->code_variables[i];

		if (strncmp(kept, name.data, name.len) == 0 && kept[name.len] == '=')
			return is(line, kept) ? 1 : -1;
	}
	for (size_t i = 0; i < names->count; i++)
		if (is(name, names->items[i]))
			return 0;
	return -1;
}

static bool is_own(struct sl_bytes line, const struct sl_settings *s)
{
	const char *equals = line.len > 0 ? memchr(line.data, '=', line.len) : NULL;
	struct sl_bytes name, value;
	int configured;

	if (equals == NULL || equals == line.data)
		return false;
	name = (struct sl_bytes){line.data, (size_t)(equals - line.data)};
	value = (struct sl_bytes){equals + 1, line.len - name.len - 1};
	if (is(name, "PATH"))
		return is_usual_path(value);
	configured = is_as_configured(line, name, s);
	if (may_load_code(name))
		return configured == 1;
	return configured >= 0 || is_of_shell(name);
}

bool environmentlines_only(const struct sl_line *lines, size_t count, const struct sl_settings *s)
{
	for (size_t i = 0; i < count; i++) {
		struct sl_bytes line = lines[i].text;

		/* what may go is the path that the distribution sets */
		if (lines[i].sign == '-' ? line.len > 0 && !begins(line, "PATH=")
					 : !is_own(line, s))
			return false;
	}
	return count > 0;
}
