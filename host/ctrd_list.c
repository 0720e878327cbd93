/* SPDX-License-Identifier: Apache-2.0 */
/* The names of all containers of all namespaces, in one view of meta.db. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/ctrd.h"

struct lister {
	struct ctrd *d;
	struct bolt *b;
	struct bolt_bucket of; /* v1/NS */
	const char *ns;
	struct store_list *out;
	host_gap_fn gap;
	void *payload;
};

static bool is_task(const struct ctrd *d, const char *ns, const char *id)
{
	AUTO_CLOSE int dir =
		d->tasks_fd < 0 ? -1 : root_open_subdir(d->tasks_fd, ns, ROOT_NO_LINKS, NULL);
	AUTO_CLOSE int task = dir < 0 ? -1 : root_open_subdir(dir, id, ROOT_NO_LINKS, NULL);

	return task >= 0;
}

/* NULL only when memory ran out. */
static char *name_of(const struct ctrd_record *r)
{
	if (r->has_own && r->is_sandbox && r->own.full_name != NULL)
		return strdup(r->own.full_name);
	if (r->has_own && !r->is_sandbox && r->own.name != NULL)
		return strdup(r->own.name);
	return strdup(r->id);
}

/* "NAMESPACE/ID": a slash is in neither. */
static char *key_of(const char *ns, const char *id)
{
	size_t len = strlen(ns) + strlen(id) + 2;
	char *key = malloc(len);

	if (key != NULL)
		(void)snprintf(key, len, "%s/%s", ns, id);
	return key;
}

static int add_row(struct lister *l, const struct ctrd_record *r, struct sl_error *err)
{
	struct store_name row = {.store = &l->d->store,
				 .key = key_of(l->ns, r->id),
				 .id = strdup(r->id),
				 .name = name_of(r),
				 .ns = strdup(l->ns),
				 .kind = r->is_sandbox ? SL_CONTAINER_SANDBOX
						       : SL_CONTAINER_WORKLOAD,
				 .running = is_task(l->d, l->ns, r->id),
				 .made = r->created};
	int rc = ctrd_record_pod(&row.pod, r, err);

	if (row.key == NULL || row.name == NULL || row.ns == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "container list");
	if (rc < 0) {
		free(row.id);
		row.id = NULL; /* the list refuses it and frees the rest */
	}
	return store_list_add(l->out, &row, err);
}

/* While there may be a better state, a failure asks for it; afterwards it costs one container. */
static int tell(const struct lister *l, const char *what, int rc, struct sl_error *why,
		struct sl_error *err)
{
	if (why->code == 0)
		return rc; /* the caller's own wish to end */
	if (rc == -SL_ENOMEM || !bolt_salvaging(l->b))
		return store_give_error(err, why);
	return store_gap(l->gap, l->payload, what, why);
}

static int on_container(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct lister *l = payload;
	CLEANUP(ctrd_record_clear) struct ctrd_record r = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *id = ctrd_key_text(item);
	int rc;

	if (id == NULL) {
		(void)sl_fail(&why, SL_EFORMAT, 0, "a container whose name is no text");
		return store_gap(l->gap, l->payload, l->ns, &why);
	}
	rc = ctrd_record_read(&r, l->b, l->of, l->ns, id, CTRD_NAMES, &why);
	if (rc < 0)
		return tell(l, id, rc, &why, err);
	return rc == 1 ? 0 : add_row(l, &r, err);
}

static int on_ns(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct lister *l = payload;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *ns = ctrd_key_text(item);
	struct bolt_bucket containers;
	int rc;

	/* Docker's reader knows these containers better: by name, and stopped ones, too */
	if (item->value.data != NULL || ns == NULL || ctrd_ns_is_dockers(ns))
		return 0;
	l->ns = ns;
	l->of = item->bucket;
	rc = bolt_path(l->b, item->bucket, &containers, &why, "containers", NULL);
	if (rc == 1)
		return 0;
	if (rc == 0)
		rc = bolt_each(l->b, containers, on_container, l, &why);
	return rc < 0 ? tell(l, ns, rc, &why, err) : rc;
}

static int list_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct lister *l = payload;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct bolt_bucket all;
	int rc = bolt_path(b, root, &all, &why, "v1", NULL);

	store_list_clear(l->out);
	l->b = b;
	if (rc == 1)
		return 0; /* a root that was never used */
	if (rc == 0)
		rc = bolt_each(b, all, on_ns, l, &why);
	return rc < 0 ? tell(l, l->d->store.dir, rc, &why, err) : rc;
}

static int list_meta(struct lister *l, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	bool stale = false;
	int rc;

	if (l->d->meta == NULL)
		return store_gap(l->gap, l->payload, l->d->store.dir, &l->d->meta_why);
	rc = bolt_view(l->d->meta, list_view, l, &stale, &why);
	if (rc < 0 && why.code != 0) {
		if (rc == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "container list");
		(void)sl_wrap(&why, rc, "meta.db");
		return store_gap(l->gap, l->payload, l->d->store.dir, &why);
	}
	if (rc == 0 && bolt_damage(l->d->meta) != NULL) {
		(void)sl_fail(&why, SL_EFORMAT, 0, "meta.db is damaged%s: %s",
			      stale ? ", this is its state before" : "", bolt_damage(l->d->meta));
		return store_gap(l->gap, l->payload, l->d->store.dir, &why);
	}
	return rc;
}

int ctrd_list(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap, void *payload,
	      struct sl_error *err)
{
	struct ctrd *d = container_of(s, struct ctrd, store);
	CLEANUP(store_list_clear) struct store_list own = {0};
	struct lister l = {.d = d, .out = &own, .gap = gap, .payload = payload};
	int rc = list_meta(&l, err);

	for (size_t i = 0; rc == 0 && i < own.count; i++)
		rc = store_list_add(out, &own.rows[i], err);
	return rc == 0 && orphans ? ctrd_orphans(d, out, gap, payload, err) : rc;
}
