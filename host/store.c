/* SPDX-License-Identifier: Apache-2.0 */
#include "host/store.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

int store_list_add(struct store_list *list, struct store *store, char *id, char *name,
		   struct sl_error *err)
{
	AUTO_FREE char *owned_id = id;
	AUTO_FREE char *owned_name = name;

	if (owned_id == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container list");
	if (list->count == list->cap) {
		size_t cap = list->cap == 0 ? 64 : list->cap * 2;
		struct store_name *rows = reallocarray(list->rows, cap, sizeof(*rows));

		if (rows == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "container list");
		list->rows = rows;
		list->cap = cap;
	}
	list->rows[list->count++] = (struct store_name){
		.store = store, .id = take_ptr(&owned_id), .name = take_ptr(&owned_name)};
	return 0;
}

void store_list_clear(struct store_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->rows[i].id);
		free(list->rows[i].name);
	}
	free(list->rows);
	*list = (struct store_list){0};
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
