/* SPDX-License-Identifier: Apache-2.0 */
/* Writable snapshots in containerd's namespace moby that no container of the data root has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "host/docker_ctrd.h"
#include "host/idmap.h"

/* Such a row's key is this, the root's number, "/", the snapshotter, "/" and the snapshot's key. */
#define PREFIX "containerd/"

struct finder {
	struct docker *d;
	struct store_list *out;
	size_t root; /* its number */
	host_gap_fn gap;
	void *payload;
};

/* A snapshot that something explains has no sort. */
static const char *sort_of(const char *key, size_t *id_len)
{
	size_t len = strlen(key);

	*id_len = DOCKER_ID_LEN;
	if (len == DOCKER_ID_LEN && docker_is_id(key))
		return "of a container that was removed";
	if (len == DOCKER_ID_LEN + 9 && strcmp(key + DOCKER_ID_LEN, "-init-key") == 0)
		return "what the engine prepared for a container that is gone";
	*id_len = 0;
	if (strncmp(key, "extract-", 8) == 0)
		return "an image layer being unpacked, or left by that";
	return "a step of an image build";
}

static bool has_container(const struct docker *d, const char *key, size_t id_len)
{
	AUTO_FREE char *id = strndup(key, id_len);
	AUTO_CLOSE int fd = -1;

	if (id == NULL || d->containers_fd < 0)
		return false;
	fd = root_open_path(d->containers_fd, id, ROOT_NO_LINKS, NULL);
	return fd >= 0;
}

static bool is_build(const char *key)
{
	size_t id_len;

	(void)sort_of(key, &id_len);
	return id_len == 0 && strncmp(key, "extract-", 8) != 0;
}

static int add_row(void *payload, const struct containerd_snapshot *s)
{
	struct finder *f = payload;
	struct store_name row = {.store = &f->d->store, .made = s->created};
	size_t id_len;

	(void)sort_of(s->key, &id_len);
	if (id_len > 0 && has_container(f->d, s->key, id_len))
		return 0;
	row.kind = is_build(s->key) ? SL_CONTAINER_BUILD : SL_CONTAINER_ORPHAN;
	row.id = strdup(s->key);
	row.ns = strdup(s->ns);
	if (asprintf(&row.key, PREFIX "%zu/%s/%s", f->root, s->snapshotter, s->key) < 0)
		row.key = NULL;
	if (row.key == NULL) {
		free(row.id);
		row.id = NULL; /* the list refuses it and frees the rest */
	}
	return store_list_add(f->out, &row, NULL);
}

static int on_gap(void *payload, const struct sl_gap *gap)
{
	const struct finder *f = payload;

	return f->gap == NULL ? 0 : f->gap(f->payload, gap);
}

int docker_ctrd_orphans(struct docker *d, struct store_list *out, host_gap_fn gap, void *payload,
			struct sl_error *err)
{
	struct finder f = {.d = d, .out = out, .gap = gap, .payload = payload};
	struct docker_ctrd *all;
	int rc = docker_ctrd_roots(d, &all, err);

	for (; rc == 0 && f.root < all->count; f.root++)
		rc = containerd_each_active(all->roots[f.root], CONTAINERD_DOCKER, add_row, on_gap,
					    &f, err);
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "container list") : rc;
}

bool docker_ctrd_is_orphan(const char *key)
{
	return strncmp(key, PREFIX, sizeof(PREFIX) - 1) == 0;
}

static int fill(struct docker *d, const char *key, struct sl_container *c, struct sl_error *err)
{
	char *rest = NULL;
	unsigned long root = strtoul(key + sizeof(PREFIX) - 1, &rest, 10);
	const char *slash = rest[0] == '/' ? strchr(rest + 1, '/') : NULL;
	struct containerd_key which = {.ns = CONTAINERD_DOCKER};
	struct docker_ctrd *all;
	size_t id_len;
	int rc = docker_ctrd_roots(d, &all, err);

	if (rc < 0)
		return rc;
	if (slash == NULL || root >= all->count)
		return sl_fail(err, SL_EINVAL, 0, "no orphan's key");
	c->driver = strndup(rest + 1, (size_t)(slash - rest - 1));
	c->note = strdup(sort_of(slash + 1, &id_len));
	if (c->driver == NULL || c->note == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	which.snapshotter = c->driver;
	which.key = slash + 1;
	return containerd_stack(all->roots[root], &which, &c->stack, NULL, err);
}

int docker_ctrd_orphan_load(struct docker *d, const struct store_name *row,
			    struct sl_container **out, struct sl_error *err)
{
	AUTO_CONTAINER struct sl_container *c = NULL;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = sl_container_new(&c, err);

	if (rc < 0)
		return rc;
	c->kind = row->kind;
	c->engine = strdup(d->store.engine);
	c->id = strdup(row->id);
	c->name = strdup(row->id);
	c->store = strdup(d->store.dir);
	c->ns = row->ns != NULL ? strdup(row->ns) : NULL;
	if (c->engine == NULL || c->id == NULL || c->name == NULL || c->store == NULL ||
	    (row->ns != NULL && c->ns == NULL))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	c->has_created = row->made.sec != 0;
	c->created = row->made;
	rc = fill(d, row->key, c, &why);
	if (rc == -SL_ENOMEM || rc == -SL_EINVAL)
		return store_give_error(err, &why);
	if (rc < 0) {
		c->stack.unsupported = strdup(sl_error_text(&why));
		if (c->stack.unsupported == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	*out = take_ptr(&c);
	return 0;
}
