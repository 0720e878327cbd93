/* SPDX-License-Identifier: Apache-2.0 */
/* The store's lists: arrays of objects that have an id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/cstore.h"

/* Gaps that are kept of one list, the last one for "and more". */
#define GAPS_MAX 64

bool cstore_is_name(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= 255 && s[0] != '.' && s[0] != '-' && s[0] != '_' &&
	       strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-") ==
		       len;
}

bool cstore_keep(char **out, const char *text)
{
	if (text == NULL)
		return true;
	free(*out);
	*out = strdup(text);
	return *out != NULL;
}

static void gap_clear(struct cstore_gap *gap)
{
	free(gap->what);
	sl_error_clear(&gap->why);
}

void cstore_table_clear(struct cstore_table *table)
{
	for (size_t i = 0; i < table->gap_count; i++)
		gap_clear(&table->gaps[i]);
	for (size_t i = 0; i < table->doc_count; i++)
		jval_free(table->docs[i]);
	free(table->gaps);
	free(table->rows);
	*table = (struct cstore_table){0};
}

/* Keep a failure as a gap; memory is returned. Clears @why. */
static int add_gap(struct cstore_table *table, const char *what, struct sl_error *why,
		   struct sl_error *err)
{
	struct cstore_gap *grown;
	char *copy;

	if (why->code == SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "store");
	if (table->gap_count == GAPS_MAX) {
		sl_error_clear(why);
		return 0;
	}
	if (table->gap_count == GAPS_MAX - 1) {
		sl_error_clear(why);
		(void)sl_fail(why, SL_ELIMIT, 0, "more of it cannot be read");
	}
	grown = reallocarray(table->gaps, table->gap_count + 1, sizeof(*grown));
	if (grown != NULL)
		table->gaps = grown;
	copy = strdup(what);
	if (grown == NULL || copy == NULL) {
		free(copy);
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	grown[table->gap_count++] = (struct cstore_gap){.what = copy, .why = *why};
	*why = SL_ERROR_INIT;
	return 0;
}

/* One element that is no row costs itself. */
static int add_row(struct cstore_table *table, const char *name, size_t at, const struct jval *v,
		   bool is_volatile, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const char *id = jval_str(jval_get(v, "id"));

	if (id == NULL || !cstore_is_name(id)) {
		(void)sl_fail(&why, SL_EFORMAT, 0, "entry %zu has no id", at);
		return add_gap(table, name, &why, err);
	}
	table->rows[table->count++] =
		(struct cstore_row){.id = id, .v = v, .is_volatile = is_volatile};
	return 0;
}

int cstore_table_parse(struct cstore_table *table, const char *name, const char *text, size_t len,
		       bool is_volatile, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct cstore_row *grown;
	struct jval *doc = NULL;
	int rc = 0;

	if (len == 0)
		return 0; /* as it was made, before anything was in it */
	if (table->doc_count == ARRAY_SIZE(table->docs))
		return sl_fail(err, SL_EINVAL, 0, "too many documents");
	if (jval_parse_bounded(&doc, text, len, CSTORE_VALUES_MAX, &why) < 0)
		return add_gap(table, name, &why, err);
	table->docs[table->doc_count++] = doc;
	if (jval_type(doc) == JVAL_NULL)
		return 0; /* how an empty list is written */
	if (jval_type(doc) != JVAL_ARRAY) {
		(void)sl_fail(&why, SL_EFORMAT, 0, "it is no list");
		return add_gap(table, name, &why, err);
	}
	grown = reallocarray(table->rows, table->count + jval_len(doc) + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "store");
	table->rows = grown;
	for (size_t i = 0; rc == 0 && i < jval_len(doc); i++)
		rc = add_row(table, name, i, jval_at(doc, i), is_volatile, err);
	return rc;
}

static int compare_rows(const void *a, const void *b)
{
	const struct cstore_row *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	/* what was synced comes first, and stays */
	return order != 0 ? order : (int)x->is_volatile - (int)y->is_volatile;
}

int cstore_table_settle(struct cstore_table *table, const char *name, struct sl_error *err)
{
	size_t kept = 0;
	int rc = 0;

	if (table->count > 1)
		qsort(table->rows, table->count, sizeof(*table->rows), compare_rows);
	for (size_t i = 0; rc == 0 && i < table->count; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

		if (kept > 0 && strcmp(table->rows[kept - 1].id, table->rows[i].id) == 0) {
			(void)sl_fail(&why, SL_EFORMAT, 0, "'%.64s' is listed twice",
				      table->rows[i].id);
			rc = add_gap(table, name, &why, err);
			continue;
		}
		table->rows[kept++] = table->rows[i];
	}
	table->count = kept;
	return rc;
}

static int compare_id(const void *key, const void *row)
{
	return strcmp(key, ((const struct cstore_row *)row)->id);
}

struct cstore_row *cstore_table_find(const struct cstore_table *table, const char *id)
{
	if (table->count == 0)
		return NULL;
	return bsearch(id, table->rows, table->count, sizeof(*table->rows), compare_id);
}

/* One file of a list; one that is not there holds nothing. @dir is for messages. */
static int read_file(struct cstore_table *table, int dir_fd, const char *dir, const char *file,
		     bool is_volatile, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *shown = NULL;
	int rc = root_read_file(dir_fd, file, ROOT_NO_LINKS, &text, &why);

	if (rc == -SL_ENOTFOUND)
		return 0;
	if (asprintf(&shown, "%s/%s", dir, file) < 0) {
		shown = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	if (rc < 0)
		return add_gap(table, shown, &why, err);
	return cstore_table_parse(table, shown, text.data != NULL ? text.data : "", text.len,
				  is_volatile, err);
}

/* Where nothing is kept over a restart, all lists but the images' lie in the run root. */
static int read_run(struct cstore *s, struct cstore_table *table, const char *dir, const char *file,
		    struct sl_error *err)
{
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = -1;

	if (s->run_dir == NULL)
		return 0;
	if (asprintf(&path, "%s/%s", s->run_dir, dir) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	fd = root_open_subdir(s->place->root_fd, path, ROOT_FOLLOW_INSIDE, NULL);
	return fd < 0 ? 0 : read_file(table, fd, path, file, true, err);
}

struct list {
	const char *what, *stable, *hasty; /* "layers", "layers.json", "volatile-layers.json" */
};

static int read_list(struct cstore *s, const struct cstore_part *part, struct cstore_table *table,
		     int fd, const struct list *list, struct sl_error *err)
{
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *dir = NULL;
	int rc = 0;

	if (table->is_read)
		return 0;
	if (asprintf(&name, "%s-%s", part->driver, list->what) < 0) {
		name = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	if (asprintf(&dir, "%s/%s", part->dir, name) < 0) {
		dir = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	if (fd >= 0)
		rc = read_file(table, fd, dir, list->stable, false, err);
	if (rc == 0 && fd >= 0 && list->hasty != NULL)
		rc = read_file(table, fd, dir, list->hasty, true, err);
	if (rc == 0 && !part->is_additional && list->hasty != NULL)
		rc = read_run(s, table, name, list->hasty, err);
	if (rc == 0)
		rc = cstore_table_settle(table, dir, err);
	table->is_read = rc == 0;
	return rc;
}

int cstore_layers(struct cstore *s, struct cstore_part *part, struct sl_error *err)
{
	static const struct list list = {"layers", "layers.json", "volatile-layers.json"};

	return read_list(s, part, &part->layers, part->layers_fd, &list, err);
}

int cstore_images_read(struct cstore *s, struct cstore_part *part, struct sl_error *err)
{
	static const struct list list = {"images", "images.json", NULL};

	return read_list(s, part, &part->images, part->images_fd, &list, err);
}

int cstore_containers_read(struct cstore *s, struct cstore_part *part, struct sl_error *err)
{
	static const struct list list = {"containers", "containers.json",
					 "volatile-containers.json"};

	return read_list(s, part, &part->containers, part->containers_fd, &list, err);
}
