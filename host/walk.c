/* SPDX-License-Identifier: Apache-2.0 */
/* Every container of every store, one at a time: a listing holds names, never descriptors. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "host/machine.h"

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
	(void)h;
	return row->store->ops->load(row->store, row, out, err);
}

/* The writable directories of the containers met so far: none of them is an orphan's. */
struct owned {
	struct owned_dir {
		dev_t dev;
		ino_t ino;
	} * dirs;
	size_t count, cap;
};

static void owned_clear(struct owned *o)
{
	free(o->dirs);
}

/* 1 when it was there before; 0 when it is now. */
static int owned_add(struct owned *o, int upper_fd, struct sl_error *err)
{
	struct stat st;

	if (upper_fd < 0 || fstat(upper_fd, &st) < 0)
		return 0;
	for (size_t i = 0; i < o->count; i++)
		if (o->dirs[i].dev == st.st_dev && o->dirs[i].ino == st.st_ino)
			return 1;
	if (o->count == o->cap) {
		size_t cap = o->cap == 0 ? 64 : o->cap * 2;
		struct owned_dir *dirs = reallocarray(o->dirs, cap, sizeof(*dirs));

		if (dirs == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "container list");
		o->dirs = dirs;
		o->cap = cap;
	}
	o->dirs[o->count++] = (struct owned_dir){st.st_dev, st.st_ino};
	return 0;
}

struct walk {
	struct host *host;
	struct host_filter filter;
	struct owned owned;
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

	if (c->metadata_gap != NULL) {
		struct sl_error partly = {.code = SL_EFORMAT, .msg = c->metadata_gap};

		rc = store_gap(w->gap, w->payload, row->id, &partly);
	}
	if (rc == 0)
		return w->each(w->payload, c);
	sl_container_free(c);
	return rc;
}

static int visit(struct walk *w, const struct store_name *row, struct sl_error *err)
{
	bool wanted = is_asked(&w->filter, row) && is_shown(&w->filter, row);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_container *c = NULL;
	int rc;

	if (!wanted && (!w->filter.orphans || row->kind == SL_CONTAINER_ORPHAN))
		return 0;
	rc = host_load(w->host, row, &c, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (rc < 0)
		return wanted ? store_gap(w->gap, w->payload, row->id, &why) : 0;
	rc = w->filter.orphans ? owned_add(&w->owned, c->stack.upper_fd, err) : 0;
	if (rc == 0 && wanted)
		return hand_over(w, row, c);
	/* only an orphan is not what its store takes it for when another one owns it */
	if (rc == 1 && wanted && row->kind != SL_CONTAINER_ORPHAN)
		return hand_over(w, row, c);
	sl_container_free(c);
	return rc < 0 ? rc : 0;
}

int host_containers(struct host *h, const struct host_filter *filter,
		    int (*each)(void *payload, struct sl_container *c), host_gap_fn gap,
		    void *payload, struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	struct walk w = {.host = h, .each = each, .gap = gap, .payload = payload};
	int rc = 0;

	if (filter != NULL)
		w.filter = *filter;
	for (size_t i = 0; rc == 0 && i < h->miss_count; i++)
		rc = store_gap(gap, payload, h->misses[i].what, &h->misses[i].why);
	/* who owns what looks like an orphan of one store may be known to another alone */
	if (rc == 0)
		rc = host_names(h, w.filter.orphans ? NULL : w.filter.engine, w.filter.orphans,
				&list, gap, payload, err);
	for (size_t i = 0; rc == 0 && i < list.count; i++)
		rc = visit(&w, &list.rows[i], err);
	owned_clear(&w.owned);
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
