/* SPDX-License-Identifier: Apache-2.0 */
/* storage.conf and crio.conf: where the stores are, and how they are written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/cstore.h"
#include "host/toml.h"

/* Configuration files are short; a drop-in directory holds few of them. */
#define CONF_MAX ((size_t)1024 * 1024)
#define DROPINS_MAX 1024

void cstore_conf_clear(struct cstore_conf *conf)
{
	free(conf->graphroot);
	free(conf->runroot);
	free(conf->imagestore);
	free(conf->rootless_path);
	free(conf->mount_program);
	store_dirs_clear(&conf->image_stores);
	store_dirs_clear(&conf->layer_stores);
	*conf = (struct cstore_conf){0};
}

/* The later file, or line, wins; an empty value is the default again. */
static int set(char **out, const char *text, struct sl_error *err)
{
	free(*out);
	*out = NULL;
	if (text[0] != '\0' && !cstore_keep(out, text))
		return sl_fail(err, SL_ENOMEM, 0, "configuration");
	return 0;
}

static int on_storage(void *payload, const struct toml_value *v, struct sl_error *err)
{
	struct cstore_conf *conf = payload;
	const struct {
		const char *table, *key;
		char **out;
	} texts[] = {
		{"storage", "graphroot", &conf->graphroot},
		{"storage", "runroot", &conf->runroot},
		{"storage", "imagestore", &conf->imagestore},
		{"storage", "rootless_storage_path", &conf->rootless_path},
		{"storage.options", "mount_program", &conf->mount_program},
		{"storage.options.overlay", "mount_program", &conf->mount_program},
	};

	for (size_t i = 0; v->kind == TOML_STRING && i < ARRAY_SIZE(texts); i++)
		if (strcmp(v->table, texts[i].table) == 0 && strcmp(v->key, texts[i].key) == 0)
			return set(texts[i].out, v->text, err);
	if (v->kind != TOML_ITEM || v->text[0] != '/' || strcmp(v->table, "storage.options") != 0)
		return 0;
	if (strcmp(v->key, "additionalimagestores") == 0)
		return store_dirs_add(&conf->image_stores, v->text, err);
	if (strcmp(v->key, "additionallayerstores") == 0) {
		/* "DIR:ref" is one that needs references, too */
		AUTO_FREE char *dir = strndup(v->text, strcspn(v->text, ":"));

		if (dir == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "configuration");
		return store_dirs_add(&conf->layer_stores, dir, err);
	}
	return 0;
}

static int on_crio(void *payload, const struct toml_value *v, struct sl_error *err)
{
	struct cstore_conf *conf = payload;

	if (v->kind != TOML_STRING || strcmp(v->table, "crio") != 0)
		return 0;
	if (strcmp(v->key, "root") == 0)
		return set(&conf->graphroot, v->text, err);
	if (strcmp(v->key, "runroot") == 0)
		return set(&conf->runroot, v->text, err);
	return 0;
}

int cstore_conf_parse(struct cstore_conf *conf, const char *text, size_t len, struct sl_error *err)
{
	return toml_read(text, len, on_storage, conf, err);
}

int cstore_conf_parse_crio(struct cstore_conf *conf, const char *text, size_t len,
			   struct sl_error *err)
{
	return toml_read(text, len, on_crio, conf, err);
}

/* What is read, into what, and the first failure. */
struct reader {
	struct cstore_conf *conf;
	const struct place *place;
	int (*parse)(struct cstore_conf *conf, const char *text, size_t len, struct sl_error *err);
	struct sl_error why;
};

static void reader_clear(struct reader *r)
{
	sl_error_clear(&r->why);
}

/* 0; 1 when it is not there. A bad file is remembered, and what was read of it stays. */
static int read_one(struct reader *r, const char *path)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(CONF_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = root_read_file(r->place->root_fd, path, ROOT_FOLLOW_INSIDE, &text, &why);

	if (rc == -SL_ENOTFOUND)
		return 1;
	if (rc == 0)
		rc = r->parse(r->conf, text.data != NULL ? text.data : "", text.len, &why);
	if (rc == -SL_ENOMEM)
		return rc;
	if (rc < 0 && r->why.code == 0)
		(void)sl_fail(&r->why, why.code, why.sys, "/%s: %s", path,
			      why.sys == 0 ? sl_error_text(&why) : "open");
	return 0;
}

struct dropin {
	const char *name; /* borrowed */
	char *path;
};

static int compare_dropins(const void *a, const void *b)
{
	const struct dropin *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct dropins {
	struct root_names names[4];
	struct dropin rows[DROPINS_MAX];
	size_t count;
};

static void dropins_free(struct dropins **d)
{
	if (*d == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE((*d)->names); i++)
		root_names_clear(&(*d)->names[i]);
	for (size_t i = 0; i < (*d)->count; i++)
		free((*d)->rows[i].path);
	free(*d);
}

/* One directory's *.conf; a later directory's file replaces one of the same name. */
static int dropins_of(struct reader *r, struct dropins *d, const char *dir,
		      struct root_names *names)
{
	AUTO_CLOSE int fd = root_open_subdir(r->place->root_fd, dir, ROOT_FOLLOW_INSIDE, NULL);

	if (fd < 0 || root_list(fd, names, DROPINS_MAX, NULL) < 0)
		return 0;
	for (size_t i = 0; i < names->count; i++) {
		size_t len = strlen(names->names[i]), at = 0;
		char *path = NULL;

		if (len < 5 || strcmp(names->names[i] + len - 5, ".conf") != 0)
			continue;
		while (at < d->count && strcmp(d->rows[at].name, names->names[i]) != 0)
			at++;
		if (at == DROPINS_MAX)
			return 0;
		if (asprintf(&path, "%s/%s", dir, names->names[i]) < 0)
			return -SL_ENOMEM;
		if (at < d->count)
			free(d->rows[at].path);
		else
			d->count++;
		d->rows[at] = (struct dropin){.name = names->names[i], .path = path};
	}
	return 0;
}

/* By name over all of @dirs, NULL behind the last. */
static int read_dropins(struct reader *r, const char *const dirs[])
{
	CLEANUP(dropins_free) struct dropins *d = calloc(1, sizeof(*d));
	int rc = 0;

	if (d == NULL)
		return -SL_ENOMEM;
	for (size_t i = 0; rc == 0 && dirs[i] != NULL && i < ARRAY_SIZE(d->names); i++)
		rc = dropins_of(r, d, dirs[i], &d->names[i]);
	if (rc == 0)
		qsort(d->rows, d->count, sizeof(d->rows[0]), compare_dropins);
	for (size_t i = 0; rc >= 0 && i < d->count; i++)
		rc = read_one(r, d->rows[i].path);
	return rc < 0 ? rc : 0;
}

static int finish(struct reader *r, int rc, struct sl_error *err)
{
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "configuration");
	return r->why.code != 0 ? store_give_error(err, &r->why) : 0;
}

static int read_system(struct reader *r)
{
	static const char *const dirs[] = {"usr/share/containers/storage.conf.d",
					   "usr/share/containers/storage.rootful.conf.d",
					   "etc/containers/storage.conf.d",
					   "etc/containers/storage.rootful.conf.d", NULL};
	int rc = read_one(r, "etc/containers/storage.conf");

	if (rc == 1)
		rc = read_one(r, "usr/share/containers/storage.conf");
	return rc < 0 ? rc : read_dropins(r, dirs);
}

static int read_user(struct reader *r, const char *home)
{
	AUTO_FREE char *own = NULL;
	AUTO_FREE char *dir = NULL;
	const char *dirs[] = {NULL, NULL};
	int rc;

	if (asprintf(&own, "%s/.config/containers/storage.conf", home) < 0) {
		own = NULL;
		return -SL_ENOMEM;
	}
	if (asprintf(&dir, "%s.d", own) < 0) {
		dir = NULL;
		return -SL_ENOMEM;
	}
	dirs[0] = dir;
	rc = read_one(r, own[0] == '/' ? own + 1 : own);
	if (rc == 1) { /* his own replaces the system's, which is his without */
		rc = read_system(r);
		free(r->conf->graphroot);
		free(r->conf->runroot);
		r->conf->graphroot = r->conf->runroot = NULL;
	}
	return rc < 0 ? rc : read_dropins(r, dirs);
}

int cstore_conf_read(struct cstore_conf *conf, const struct place *place, const char *home,
		     struct sl_error *err)
{
	CLEANUP(reader_clear)
	struct reader r = {
		.conf = conf, .place = place, .parse = cstore_conf_parse, .why = SL_ERROR_INIT};

	return finish(&r, home != NULL ? read_user(&r, home) : read_system(&r), err);
}

int cstore_conf_read_crio(struct cstore_conf *conf, const struct place *place, struct sl_error *err)
{
	static const char *const dirs[] = {"usr/share/crio/crio.conf.d", "etc/crio/crio.conf.d",
					   NULL};
	CLEANUP(reader_clear)
	struct reader r = {.conf = conf,
			   .place = place,
			   .parse = cstore_conf_parse_crio,
			   .why = SL_ERROR_INIT};
	int rc = read_one(&r, "etc/crio/crio.conf");

	return finish(&r, rc < 0 ? rc : read_dropins(&r, dirs), err);
}
