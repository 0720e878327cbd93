/* SPDX-License-Identifier: Apache-2.0 */
/* Every container of every store, one at a time: a listing holds names, never descriptors. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/live.h"
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

int host_load(struct host *h, const struct store_name *row, struct sl_container **out,
	      struct sl_error *err)
{
	struct sl_container *c = NULL;
	int rc = row->store->ops->load(row->store, row, &c, err);

	/* what no store knows was never anything but what runs */
	if (rc == 0 && strcmp(row->engine, LIVE_ENGINE) != 0)
		rc = live_settle(h, c, err);
	if (rc < 0)
		sl_container_free(c);
	else
		*out = c;
	return rc;
}

/* Containers of stores are noted in @seen, when there is one. */
static int hand_over(struct host *h, const struct store_name *row, struct live_seen *seen,
		     int (*each)(void *payload, struct sl_container *c), host_gap_fn gap,
		     void *payload, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_container *c = NULL;
	int rc = host_load(h, row, &c, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (rc < 0)
		return store_gap(gap, payload, row->id, &why);
	rc = seen != NULL ? live_seen_add(seen, c, err) : 0;
	if (rc == 0 && c->metadata_gap != NULL) {
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
	CLEANUP(store_list_clear) struct store_list others = {0};
	CLEANUP(live_seen_clear) struct live_seen seen = {0};
	int rc = live_look(h, gap, payload, err);

	for (size_t i = 0; rc == 0 && i < h->miss_count; i++)
		rc = store_gap(gap, payload, h->misses[i].what, &h->misses[i].why);
	if (rc == 0)
		rc = host_names(h, false, &list, gap, payload, err);
	for (size_t i = 0; rc == 0 && i < list.count; i++)
		rc = hand_over(h, &list.rows[i], &seen, each, gap, payload, err);
	/* who names stores asks for what is in them; what is in none of all is not known then */
	if (rc == 0 && !h->named)
		rc = live_others(h, &seen, &others, gap, payload, err);
	for (size_t i = 0; rc == 0 && i < others.count; i++)
		rc = hand_over(h, &others.rows[i], NULL, each, gap, payload, err);
	return rc;
}

/* Every container of every store is loaded for it: whatever is left over then is of none. */
int host_others(struct host *h, struct store_list *out, struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	CLEANUP(live_seen_clear) struct live_seen seen = {0};
	int rc = h->place.proc_fd < 0 ? 0 : host_names(h, false, &list, NULL, NULL, err);

	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		struct sl_container *c = NULL;

		/* one that cannot be read has said so, or will, where it is listed */
		if (list.rows[i].store->ops->load(list.rows[i].store, &list.rows[i], &c, NULL) < 0)
			continue;
		rc = live_seen_add(&seen, c, err);
		sl_container_free(c);
	}
	return rc < 0 ? rc : live_others(h, &seen, out, NULL, NULL, err);
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
