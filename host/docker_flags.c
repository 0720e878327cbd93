/* SPDX-License-Identifier: Apache-2.0 */
#include "host/docker_flags.h"

#include <string.h>

#include "core/cleanup.h"

/* Most directories that one file may name, and their length. */
#define DIRS_MAX 64
#define PATH_LEN_MAX 4096

/* A word of the file, lent. */
struct word {
	const char *text;
	size_t len;
};

static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\r\n\"'\\", c) != NULL;
}

/* The next word after @p; NULL at the end. */
static const char *next_word(struct word *out, const char *p, const char *end)
{
	while (p < end && ends_word(*p))
		p++;
	if (p == end)
		return NULL;
	out->text = p;
	while (p < end && !ends_word(*p))
		p++;
	out->len = (size_t)(p - out->text);
	return p;
}

/* What is behind an option's name: empty when its value is the next word. */
static bool is_option(const struct word *w, struct word *value)
{
	static const char *const names[] = {"--data-root", "--graph", "-g", "-data-root", "-graph"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if (w->len < len || memcmp(w->text, names[i], len) != 0)
			continue;
		if (w->len > len && w->text[len] != '=')
			continue;
		value->text = w->text + len + (w->len > len);
		value->len = w->len - len - (w->len > len);
		return true;
	}
	return false;
}

/* DOCKER_OPTS=--graph=/x is an option, too. */
static void skip_variable(struct word *w)
{
	const char *at = memmem(w->text, w->len, "=-", 2);

	if (w->text[0] == '-' || at == NULL)
		return;
	w->len -= (size_t)(at + 1 - w->text);
	w->text = at + 1;
}

static int take(struct store_dirs *dirs, const struct word *value, struct sl_error *err)
{
	AUTO_FREE char *dir = NULL;

	if (value->len == 0 || value->text[0] != '/' || value->len > PATH_LEN_MAX ||
	    dirs->count >= DIRS_MAX)
		return 0;
	dir = calloc(1, value->len + 1);
	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "store discovery");
	memcpy(dir, value->text, value->len);
	return store_dirs_add(dirs, dir, err);
}

static int read_line(struct store_dirs *dirs, const char *p, const char *end, bool *wants_value,
		     struct sl_error *err)
{
	struct word w, value;
	int rc = 0;

	while (rc == 0 && (p = next_word(&w, p, end)) != NULL) {
		if (*wants_value) {
			*wants_value = false;
			rc = take(dirs, &w, err);
			continue;
		}
		skip_variable(&w);
		if (!is_option(&w, &value))
			continue;
		*wants_value = value.len == 0;
		rc = take(dirs, &value, err);
	}
	return rc;
}

int docker_flags_read(struct store_dirs *dirs, const char *text, size_t len, struct sl_error *err)
{
	const char *end = text + len;
	bool wants_value = false;
	int rc = 0;

	for (const char *p = text; rc == 0 && p < end;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol != NULL ? eol : end;

		while (p < stop && (*p == ' ' || *p == '\t'))
			p++;
		/* a line may go on in the next one, but no value does across a plain end */
		if (p < stop && *p != '#' && *p != ';')
			rc = read_line(dirs, p, stop, &wants_value, err);
		if (stop == text || stop[-1] != '\\')
			wants_value = false;
		p = eol != NULL ? eol + 1 : end;
	}
	return rc;
}
