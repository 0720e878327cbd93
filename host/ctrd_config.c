/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ctrd_config.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/toml.h"

/* Most files that a configuration imports, and most snapshotters that it moves. */
#define ENTRIES_MAX 256

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

static int set_dir(char **out, const struct toml_value *v, struct sl_error *err)
{
	if (v->text[0] == '\0')
		return 0; /* as if it were not there */
	if (v->kind != TOML_STRING || v->text[0] != '/')
		return sl_fail(err, SL_EFORMAT, 0, "'%s' is no absolute path", v->key);
	free(*out);
	*out = strdup(v->text);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "configuration");
}

/* Takes over @name. */
static int add_moved(struct ctrd_config *c, char *name, const struct toml_value *v,
		     struct sl_error *err)
{
	AUTO_FREE char *own = name;
	struct ctrd_relocation *grown;

	for (size_t i = 0; i < c->moved_count; i++)
		if (strcmp(c->moved[i].snapshotter, own) == 0)
			return set_dir(&c->moved[i].path, v, err);
	if (c->moved_count >= ENTRIES_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d snapshotters", ENTRIES_MAX);
	grown = reallocarray(c->moved, c->moved_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "configuration");
	c->moved = grown;
	grown[c->moved_count++] = (struct ctrd_relocation){.snapshotter = take_ptr(&own)};
	return set_dir(&grown[c->moved_count - 1].path, v, err);
}

static int add_import(struct ctrd_config *c, const char *pattern, struct sl_error *err)
{
	char **grown;

	if (c->import_count >= ENTRIES_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d imports", ENTRIES_MAX);
	grown = (char **)reallocarray((void *)c->imports, c->import_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "configuration");
	c->imports = grown;
	grown[c->import_count] = strdup(pattern);
	if (grown[c->import_count] == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "configuration");
	c->import_count++;
	return 0;
}

/* The table of a snapshotter's plugin, its quotes gone: which snapshotter, or NULL. */
static const char *snapshotter_of(const char *table)
{
	static const char prefix[] = "plugins.io.containerd.snapshotter.v1.";
	const char *name = table + strlen(prefix);

	if (strncmp(table, prefix, strlen(prefix)) != 0 || name[0] == '\0')
		return NULL;
	return strchr(name, '.') == NULL ? name : NULL; /* else a table inside of its table */
}

static int on_value(void *payload, const struct toml_value *v, struct sl_error *err)
{
	struct ctrd_config *c = payload;
	const char *name = snapshotter_of(v->table);
	char *copy;

	if (v->table[0] == '\0') {
		if (strcmp(v->key, "root") == 0)
			return set_dir(&c->root, v, err);
		if (strcmp(v->key, "state") == 0)
			return set_dir(&c->state, v, err);
		if (strcmp(v->key, "imports") == 0)
			return add_import(c, v->text, err);
	}
	/* another way to write what is looked for below must not be passed over */
	if (strstr(v->key, ".root_path") != NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "a root_path without its own table");
	if (strcmp(v->key, "root_path") != 0 || name == NULL || v->text[0] == '\0')
		return 0;
	copy = strdup(name);
	return copy != NULL ? add_moved(c, copy, v, err)
			    : sl_fail(err, SL_ENOMEM, 0, "configuration");
}

int ctrd_config_parse(struct ctrd_config *out, const char *text, size_t len, struct sl_error *err)
{
	return toml_read(text, len, on_value, out, err);
}
