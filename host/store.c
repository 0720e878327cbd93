/* SPDX-License-Identifier: Apache-2.0 */
#include "host/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

static void row_clear(struct store_name *row)
{
	free(row->key);
	free(row->id);
	free(row->name);
	free(row->ns);
	sl_pod_free(row->pod);
	*row = (struct store_name){0};
}

int store_list_add(struct store_list *list, struct store_name *row, struct sl_error *err)
{
	struct store_name own CLEANUP(row_clear) = *row;

	*row = (struct store_name){0};
	if (own.id != NULL && own.key == NULL)
		own.key = strdup(own.id);
	if (own.engine == NULL)
		own.engine = own.store->engine;
	if (own.id == NULL || own.key == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container list");
	if (list->count == list->cap) {
		size_t cap = list->cap == 0 ? 64 : list->cap * 2;
		struct store_name *rows = reallocarray(list->rows, cap, sizeof(*rows));

		if (rows == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "container list");
		list->rows = rows;
		list->cap = cap;
	}
	list->rows[list->count++] = own;
	own = (struct store_name){0};
	return 0;
}

void store_list_cut(struct store_list *list, size_t count)
{
	while (list->count > count)
		row_clear(&list->rows[--list->count]);
}

void store_list_clear(struct store_list *list)
{
	store_list_cut(list, 0);
	free(list->rows);
	*list = (struct store_list){0};
}

int store_dirs_add(struct store_dirs *dirs, const char *dir, struct sl_error *err)
{
	char **grown;

	for (size_t i = 0; i < dirs->count; i++)
		if (strcmp(dirs->dirs[i], dir) == 0)
			return 0;
	grown = (char **)reallocarray((void *)dirs->dirs, dirs->count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "store discovery");
	dirs->dirs = grown;
	grown[dirs->count] = strdup(dir);
	if (grown[dirs->count] == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "store discovery");
	dirs->count++;
	return 0;
}

void store_dirs_clear(struct store_dirs *dirs)
{
	for (size_t i = 0; i < dirs->count; i++)
		free(dirs->dirs[i]);
	free((void *)dirs->dirs);
	*dirs = (struct store_dirs){0};
}

int store_set_add(struct store_set *set, struct store *s, struct sl_error *err)
{
	struct store **grown;

	/* an array of pointers: NOLINTNEXTLINE(bugprone-sizeof-expression) */
	grown = (struct store **)reallocarray((void *)set->stores, set->count + 1, sizeof(*grown));
	if (grown == NULL) {
		s->ops->close(s);
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	set->stores = grown;
	grown[set->count++] = s;
	return 0;
}

int store_parse_json(struct jval **out, const struct buf *text, const char *path,
		     struct sl_error *err)
{
	int rc = jval_parse_bounded(out, text->data != NULL ? text->data : "", text->len,
				    STORE_VALUES_MAX, err);

	return rc < 0 ? sl_wrap(err, rc, "'%s'", path) : 0;
}

int store_read_json(int dir_fd, const char *path, struct jval **out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	int rc = root_read_file(dir_fd, path, ROOT_NO_LINKS, &text, err);

	return rc < 0 ? rc : store_parse_json(out, &text, path, err);
}

int store_give_error(struct sl_error *err, struct sl_error *own)
{
	int rc = -(int)own->code;

	if (err != NULL) {
		sl_error_clear(err);
		*err = *own;
		*own = SL_ERROR_INIT;
	}
	return rc;
}

int store_gap(host_gap_fn gap, void *payload, const char *what, const struct sl_error *why)
{
	struct sl_gap g = {.what = {.data = what, .len = strlen(what)},
			   .why = sl_error_text(why),
			   .sys = why->sys,
			   .below = true};

	return gap == NULL ? 0 : gap(payload, &g);
}
