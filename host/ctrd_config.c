/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ctrd_config.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"

#define SNAPSHOTTER "io.containerd.snapshotter.v1."
/* Most files that a configuration imports, and most snapshotters that it moves. */
#define ENTRIES_MAX 256
/* Longest path that is taken from a configuration. */
#define PATH_LEN_MAX 4096

struct reader {
	struct ctrd_config *out;
	const char *at, *end;
	size_t line;
	char *snapshotter; /* the section is one's options: its name; owned */
	bool is_top;       /* no section has begun */
	struct sl_error *err;
};

void ctrd_config_clear(struct ctrd_config *config)
{
	free(config->root);
	free(config->state);
	for (size_t i = 0; i < config->moved_count; i++) {
		free(config->moved[i].snapshotter);
		free(config->moved[i].path);
	}
	free(config->moved);
	for (size_t i = 0; i < config->import_count; i++)
		free(config->imports[i]);
	free((void *)config->imports);
	*config = (struct ctrd_config){0};
}

static int fail(struct reader *r, const char *why)
{
	return sl_fail(r->err, SL_EFORMAT, 0, "line %zu: %s", r->line, why);
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
		r->at++;
}

static void skip_line(struct reader *r)
{
	while (r->at < r->end && *r->at != '\n')
		r->at++;
}

static bool has_three(const struct reader *r, char quote)
{
	return r->end - r->at >= 3 && r->at[0] == quote && r->at[1] == quote && r->at[2] == quote;
}

/* Behind a string in any of TOML's four notations. */
static int skip_string(struct reader *r)
{
	char quote = *r->at;
	bool is_long = has_three(r, quote);

	r->at += is_long ? 3 : 1;
	while (r->at < r->end) {
		if (is_long ? has_three(r, quote) : *r->at == quote) {
			r->at += is_long ? 3 : 1;
			return 0;
		}
		if (*r->at == '\n' && !is_long)
			break;
		r->line += *r->at == '\n';
		r->at += *r->at == '\\' && quote == '"' && r->end - r->at > 1 ? 2 : 1;
	}
	return fail(r, "a string has no end");
}

/* Behind a value: to the end of the line, unless brackets are open. */
static int skip_value(struct reader *r)
{
	size_t depth = 0;
	int rc = 0;

	while (rc == 0 && r->at < r->end && (*r->at != '\n' || depth > 0)) {
		char c = *r->at;

		if (c == '"' || c == '\'') {
			rc = skip_string(r);
			continue;
		}
		if (c == '#') {
			skip_line(r);
			continue;
		}
		r->line += c == '\n';
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		r->at++;
	}
	if (rc == 0 && depth > 0)
		return fail(r, "a list has no end");
	return rc;
}

/* A path in one line; an escape in one is refused rather than guessed. */
static int read_string(struct reader *r, char **out)
{
	const char *start = r->at + 1;
	int rc;

	if (r->at == r->end || (*r->at != '"' && *r->at != '\'') || has_three(r, *r->at))
		return fail(r, "not a plain string");
	rc = skip_string(r);
	if (rc < 0)
		return rc;
	if (r->at - start > PATH_LEN_MAX || memchr(start, '\0', (size_t)(r->at - start)) != NULL)
		return fail(r, "not a path");
	if (*(start - 1) == '"' && memchr(start, '\\', (size_t)(r->at - start)) != NULL)
		return fail(r, "a path with a backslash is not read");
	free(*out);
	*out = strndup(start, (size_t)(r->at - start) - 1);
	return *out != NULL ? 0 : sl_fail(r->err, SL_ENOMEM, 0, "configuration");
}

static int read_dir(struct reader *r, char **out)
{
	AUTO_FREE char *dir = NULL;
	int rc = read_string(r, &dir);

	if (rc < 0)
		return rc;
	if (dir[0] == '\0')
		return 0; /* as if it were not there */
	if (dir[0] != '/')
		return fail(r, "a directory that is not absolute");
	free(*out);
	*out = take_ptr(&dir);
	return 0;
}

static int read_root_path(struct reader *r)
{
	struct ctrd_config *c = r->out;
	AUTO_FREE char *dir = NULL;
	struct ctrd_relocation *grown;
	int rc = read_dir(r, &dir);

	if (rc < 0 || dir == NULL)
		return rc;
	for (size_t i = 0; i < c->moved_count; i++)
		if (strcmp(c->moved[i].snapshotter, r->snapshotter) == 0) {
			free(c->moved[i].path);
			c->moved[i].path = take_ptr(&dir);
			return 0;
		}
	if (c->moved_count >= ENTRIES_MAX)
		return sl_fail(r->err, SL_ELIMIT, 0, "more than %d snapshotters", ENTRIES_MAX);
	grown = reallocarray(c->moved, c->moved_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(r->err, SL_ENOMEM, 0, "configuration");
	c->moved = grown;
	grown[c->moved_count].snapshotter = strdup(r->snapshotter);
	if (grown[c->moved_count].snapshotter == NULL)
		return sl_fail(r->err, SL_ENOMEM, 0, "configuration");
	grown[c->moved_count++].path = take_ptr(&dir);
	return 0;
}

static int add_import(struct reader *r)
{
	struct ctrd_config *c = r->out;
	AUTO_FREE char *pattern = NULL;
	char **grown;
	int rc = read_string(r, &pattern);

	if (rc < 0)
		return rc;
	if (c->import_count >= ENTRIES_MAX)
		return sl_fail(r->err, SL_ELIMIT, 0, "more than %d imports", ENTRIES_MAX);
	grown = (char **)reallocarray((void *)c->imports, c->import_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(r->err, SL_ENOMEM, 0, "configuration");
	c->imports = grown;
	grown[c->import_count++] = take_ptr(&pattern);
	return 0;
}

/* A list of patterns, over any number of lines. */
static int read_imports(struct reader *r)
{
	int rc = 0;

	if (r->at == r->end || *r->at++ != '[')
		return fail(r, "imports are no list");
	while (rc == 0 && r->at < r->end && *r->at != ']') {
		char c = *r->at;

		if (c == '"' || c == '\'') {
			rc = add_import(r);
		} else if (c == '#') {
			skip_line(r);
		} else if (strchr(" \t\r\n,", c) != NULL && c != '\0') {
			r->line += c == '\n';
			r->at++;
		} else {
			return fail(r, "imports are no list of strings");
		}
	}
	if (rc == 0 && r->at++ == r->end)
		return fail(r, "a list has no end");
	return rc;
}

/* [plugins."io.containerd.snapshotter.v1.NAME"], in either kind of quotes */
static int read_section(struct reader *r)
{
	const char *start = r->at, *name, *end;
	size_t len;

	skip_line(r);
	r->is_top = false;
	free(r->snapshotter);
	r->snapshotter = NULL;
	len = (size_t)(r->at - start);
	name = memmem(start, len, SNAPSHOTTER, strlen(SNAPSHOTTER));
	if (name == NULL || len < 9 || memcmp(start, "[plugins.", 9) != 0)
		return 0;
	end = name + strlen(SNAPSHOTTER);
	while (end < r->at && *end != '"' && *end != '\'')
		end++;
	if (end == r->at || end + 1 == r->at || end[1] != ']')
		return 0; /* a table inside of that section */
	name += strlen(SNAPSHOTTER);
	r->snapshotter = strndup(name, (size_t)(end - name));
	return r->snapshotter != NULL ? 0 : sl_fail(r->err, SL_ENOMEM, 0, "configuration");
}

static bool is_key(const char *key, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(key, want, len) == 0;
}

static int read_pair(struct reader *r)
{
	const char *key = r->at;
	size_t len;

	while (r->at < r->end && *r->at != '=' && *r->at != '\n')
		r->at++;
	if (r->at == r->end || *r->at != '=')
		return fail(r, "neither a key nor a section");
	len = (size_t)(r->at - key);
	while (len > 0 && (key[len - 1] == ' ' || key[len - 1] == '\t'))
		len--;
	r->at++;
	skip_blanks(r);
	if (r->is_top && is_key(key, len, "root"))
		return read_dir(r, &r->out->root);
	if (r->is_top && is_key(key, len, "state"))
		return read_dir(r, &r->out->state);
	if (r->is_top && is_key(key, len, "imports"))
		return read_imports(r);
	if (r->snapshotter != NULL && is_key(key, len, "root_path"))
		return read_root_path(r);
	/* keys that could mean the same in a notation that nobody uses */
	if (memmem(key, len, "root_path", 9) != NULL && memchr(key, '.', len) != NULL)
		return fail(r, "root_path in a notation that is not read");
	return 0;
}

static int read_line(struct reader *r)
{
	int rc = 0;

	skip_blanks(r);
	if (r->at == r->end || *r->at == '\n' || *r->at == '#') {
		skip_line(r);
	} else if (*r->at == '[') {
		rc = read_section(r);
	} else {
		rc = read_pair(r);
		if (rc == 0)
			rc = skip_value(r);
	}
	if (rc == 0 && r->at < r->end) {
		r->at++;
		r->line++;
	}
	return rc;
}

int ctrd_config_parse(struct ctrd_config *out, const char *text, size_t len, struct sl_error *err)
{
	struct reader r = {
		.out = out, .at = text, .end = text + len, .line = 1, .is_top = true, .err = err};
	int rc = 0;

	while (rc == 0 && r.at < r.end)
		rc = read_line(&r);
	free(r.snapshotter);
	return rc;
}
