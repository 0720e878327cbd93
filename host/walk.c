/* SPDX-License-Identifier: Apache-2.0 */
/* Every container of every store, one at a time: a listing holds names, never descriptors. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/live.h"
#include "host/machine.h"
#include "host/owned.h"

static int compare_texts(const char *x, const char *y)
{
	return strcmp(x != NULL ? x : "", y != NULL ? y : "");
}

/* Pods keep together, and stand where a container of their name would. */
static int compare_names(const struct store_name *x, const struct store_name *y)
{
	const char *first = x->pod != NULL ? x->pod->ns : x->name != NULL ? x->name : x->id;
	const char *second = y->pod != NULL ? y->pod->ns : y->name != NULL ? y->name : y->id;
	int order = compare_texts(first, second);

	if (order != 0 || x->pod == NULL || y->pod == NULL)
		return order != 0 ? order : (x->pod != NULL) - (y->pod != NULL);
	order = compare_texts(x->pod->name, y->pod->name);
	if (order == 0)
		order = compare_texts(x->pod->container, y->pod->container);
	if (order == 0)
		order = (x->pod->attempt > y->pod->attempt) - (x->pod->attempt < y->pod->attempt);
	return order;
}

static int compare_rows(const void *a, const void *b)
{
	const struct store_name *x = a, *y = b;
	int order = (x->kind == SL_CONTAINER_ORPHAN) - (y->kind == SL_CONTAINER_ORPHAN);

	if (order == 0)
		order = strcmp(x->engine, y->engine);
	if (order == 0)
		order = compare_names(x, y);
	if (order == 0)
		order = strcmp(x->id, y->id);
	return order != 0 ? order : strcmp(x->store->dir, y->store->dir);
}

/* Leave out what is in another of containerd's namespaces, or in none. */
static void keep_namespace(struct store_list *list, const char *ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct store_name *row = &list->rows[i];

		if (row->ns != NULL && strcmp(row->ns, ns) == 0) {
			struct store_name swap = list->rows[kept];

			list->rows[kept++] = *row;
			*row = swap;
		}
	}
	store_list_cut(list, kept);
}

int host_names(struct host *h, const char *engine, bool orphans, struct store_list *out,
	       host_gap_fn gap, void *payload, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->set.count; i++) {
		struct store *s = h->set.stores[i];

		if (engine == NULL || host_store_serves(s, engine))
			rc = s->ops->list(s, orphans, out, gap, payload, err);
	}
	if (rc == 0 && h->place.ns != NULL)
		keep_namespace(out, h->place.ns);
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

struct walk {
	struct host *host;
	struct host_filter filter;
	bool others;        /* what no store knows is to be listed, too */
	struct owned owned; /* looked at where orphans or others are */
	int (*each)(void *payload, struct sl_container *c);
	host_gap_fn gap;
	void *payload;
};

static bool fits_pod(const struct sl_pod *pod, const char *word)
{
	const char *slash = strchr(word, '/');

	if (pod == NULL || pod->name == NULL)
		return false;
	if (slash == NULL)
		return strcmp(pod->name, word) == 0;
	return host_same_word(pod->ns, word, (size_t)(slash - word)) &&
	       strcmp(pod->name, slash + 1) == 0;
}

/* What was asked for, whatever kind it is. */
static bool is_asked(const struct host_filter *f, const struct store_name *row)
{
	if (f->engine != NULL && strcmp(f->engine, row->engine) != 0)
		return false;
	return f->pod == NULL || fits_pod(row->pod, f->pod);
}

static bool is_shown(const struct host_filter *f, const struct store_name *row)
{
	switch (row->kind) {
	case SL_CONTAINER_SANDBOX:
		if (!f->sandboxes && f->hidden != NULL)
			f->hidden->sandboxes++;
		return f->sandboxes;
	case SL_CONTAINER_BUILD:
		if (!f->orphans && f->hidden != NULL)
			f->hidden->builds++;
		return f->orphans;
	case SL_CONTAINER_ORPHAN:
		return f->orphans;
	case SL_CONTAINER_WORKLOAD:
		break;
	}
	return true;
}

static int hand_over(struct walk *w, const struct store_name *row, struct sl_container *c)
{
	int rc = 0;

	if (c->metadata_gap != NULL && !w->filter.own_gaps) {
		struct sl_error partly = {.code = SL_EFORMAT, .msg = c->metadata_gap};

		rc = store_gap(w->gap, w->payload, row->id, &partly);
	}
	if (rc == 0)
		return w->each(w->payload, c);
	sl_container_free(c);
	return rc;
}

/* Load one, note what it owns, and hand it over if it is @wanted. */
static int visit(struct walk *w, const struct store_name *row, bool wanted, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_container *c = NULL;
	int rc = host_load(w->host, row, &c, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (rc < 0)
		return wanted ? store_gap(w->gap, w->payload, row->id, &why) : 0;
	rc = w->filter.orphans || w->others ? owned_add(&w->owned, c, err) : 0;
	/* only an orphan is not what its store takes it for when another one owns it */
	if (rc >= 0 && wanted && (rc == 0 || row->kind != SL_CONTAINER_ORPHAN))
		return hand_over(w, row, c);
	sl_container_free(c);
	return rc < 0 ? rc : 0;
}

static int visit_stores(struct walk *w, struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	/* who owns what looks like an orphan of one store may be known to another alone */
	bool all = w->filter.orphans || w->others;
	int rc = host_names(w->host, all ? NULL : w->filter.engine, w->filter.orphans, &list,
			    w->gap, w->payload, err);

	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		const struct store_name *row = &list.rows[i];
		bool wanted = is_asked(&w->filter, row) && is_shown(&w->filter, row);

		if (wanted || (all && row->kind != SL_CONTAINER_ORPHAN))
			rc = visit(w, row, wanted, err);
	}
	return rc;
}

static int visit_others(struct walk *w, struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	int rc = live_others(w->host, &w->owned, &list, w->gap, w->payload, err);

	for (size_t i = 0; rc == 0 && i < list.count; i++)
		if (is_asked(&w->filter, &list.rows[i]))
			rc = visit(w, &list.rows[i], true, err);
	return rc;
}

int host_containers(struct host *h, const struct host_filter *filter,
		    int (*each)(void *payload, struct sl_container *c), host_gap_fn gap,
		    void *payload, struct sl_error *err)
{
	struct walk w = {.host = h, .each = each, .gap = gap, .payload = payload};
	int rc = live_look(h, gap, payload, err);

	if (filter != NULL)
		w.filter = *filter;
	/* where stores were named, what other stores have would pass for what none knows */
	w.others = h->place.proc_fd >= 0 && h->place.ns == NULL && w.filter.pod == NULL &&
		   (w.filter.engine == NULL ? h->discovered
					    : strcmp(w.filter.engine, LIVE_ENGINE) == 0);
	h->place.bare = w.filter.bare;
	for (size_t i = 0; rc == 0 && i < h->miss_count; i++)
		rc = store_gap(gap, payload, h->misses[i].what, &h->misses[i].why);
	if (rc == 0)
		rc = visit_stores(&w, err);
	if (rc == 0 && w.others)
		rc = visit_others(&w, err);
	h->place.bare = false;
	owned_clear(&w.owned);
	return rc;
}

/* Every container of every store is loaded for it: whatever is left over then is of none. */
int host_others(struct host *h, struct store_list *out, struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	CLEANUP(owned_clear) struct owned owned = {0};
	int rc = h->place.proc_fd < 0 ? 0 : host_names(h, NULL, false, &list, NULL, NULL, err);

	for (size_t i = 0; rc >= 0 && i < list.count; i++) {
		struct sl_container *c = NULL;

		/* one that cannot be read has said so, or will, where it is listed */
		if (list.rows[i].store->ops->load(list.rows[i].store, &list.rows[i], &c, NULL) < 0)
			continue;
		rc = owned_add(&owned, c, err);
		sl_container_free(c);
	}
	return rc < 0 ? rc : live_others(h, &owned, out, NULL, NULL, err);
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
