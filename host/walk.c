/* SPDX-License-Identifier: Apache-2.0 */
/* Every container of every store, one at a time: a listing holds names, never descriptors. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/machine.h"

static int compare_rows(const void *a, const void *b)
{
	const struct store_name *x = a, *y = b;
	int order = strcmp(x->engine, y->engine);

	if (order == 0)
		order = strcmp(x->name != NULL ? x->name : x->id,
			       y->name != NULL ? y->name : y->id);
	if (order == 0)
		order = strcmp(x->id, y->id);
	return order != 0 ? order : strcmp(x->store->dir, y->store->dir);
}

int host_names(struct host *h, bool orphans, struct store_list *out, host_gap_fn gap, void *payload,
	       struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->set.count; i++) {
		struct store *s = h->set.stores[i];

		rc = s->ops->list(s, orphans, out, gap, payload, err);
	}
	if (rc == 0 && out->count > 1)
		qsort(out->rows, out->count, sizeof(*out->rows), compare_rows);
	return rc;
}

static int hand_over(const struct store_name *row,
		     int (*each)(void *payload, struct sl_container *c), host_gap_fn gap,
		     void *payload, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_container *c = NULL;
	int rc = row->store->ops->load(row->store, row, &c, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (rc < 0)
		return store_gap(gap, payload, row->id, &why);
	if (c->metadata_gap != NULL) {
		struct sl_error partly = {.code = SL_EFORMAT, .msg = c->metadata_gap};

		rc = store_gap(gap, payload, row->id, &partly);
	}
	if (rc != 0) {
		sl_container_free(c);
		return rc;
	}
	return each(payload, c);
}

int host_containers(struct host *h, int (*each)(void *payload, struct sl_container *c),
		    host_gap_fn gap, void *payload, struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->miss_count; i++)
		rc = store_gap(gap, payload, h->misses[i].what, &h->misses[i].why);
	if (rc == 0)
		rc = host_names(h, false, &list, gap, payload, err);
	for (size_t i = 0; rc == 0 && i < list.count; i++)
		rc = hand_over(&list.rows[i], each, gap, payload, err);
	return rc;
}

struct image_walk {
	const struct store *store;
	int (*each)(void *payload, const struct host_image *image);
	host_gap_fn gap;
	void *payload;
};

static int on_image(void *payload, const struct store_image *image)
{
	const struct image_walk *w = payload;

	return w->each(w->payload, &(struct host_image){.engine = w->store->engine,
							.dir = w->store->dir,
							.name = image->name,
							.id = image->id});
}

static int on_image_gap(void *payload, const struct sl_gap *gap)
{
	const struct image_walk *w = payload;

	return w->gap == NULL ? 0 : w->gap(w->payload, gap);
}

int host_images(struct host *h, int (*each)(void *payload, const struct host_image *image),
		host_gap_fn gap, void *payload, struct sl_error *err)
{
	struct image_walk w = {.each = each, .gap = gap, .payload = payload};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->set.count; i++) {
		w.store = h->set.stores[i];
		rc = w.store->ops->images(h->set.stores[i], on_image, on_image_gap, &w, err);
	}
	return rc;
}
