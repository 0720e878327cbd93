/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot and what it was prepared on, by the snapshotter's own database. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/ctrd.h"
#include "host/ctrd_codec.h"

#define REMOTE_LABEL "containerd.io/snapshot/remote"
#define UIDS_LABEL "containerd.io/snapshot/uidmapping"
#define GIDS_LABEL "containerd.io/snapshot/gidmapping"

/* The image's layers, and what engines put between them and the container. */
#define LINKS_MAX (SL_IMAGE_MAX_LAYERS + 8)

static void link_clear(struct ctrd_link *l)
{
	free(l->backend);
	free(l->uids);
	free(l->gids);
	*l = (struct ctrd_link){0};
}

void ctrd_chain_clear(struct ctrd_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		link_clear(&chain->links[i]);
	free(chain->links);
	*chain = (struct ctrd_chain){0};
}

const char *ctrd_backend_split(const char *backend, size_t *ns_len)
{
	const char *slash = strchr(backend, '/');
	const char *second = slash != NULL ? strchr(slash + 1, '/') : NULL;

	if (second == NULL || second[1] == '\0')
		return NULL;
	*ns_len = (size_t)(slash - backend);
	return second + 1;
}

static int read_labels(struct ctrd_link *l, struct bolt *b, struct bolt_bucket in,
		       struct sl_error *err)
{
	struct bolt_bucket labels;
	struct sl_bytes remote;
	int rc = bolt_path(b, in, &labels, err, "labels", NULL);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = bolt_get(b, labels, REMOTE_LABEL, strlen(REMOTE_LABEL), &remote, err);
	l->is_remote = rc == 0;
	if (rc >= 0)
		rc = ctrd_get_text(b, labels, UIDS_LABEL, &l->uids, err);
	if (rc >= 0)
		rc = ctrd_get_text(b, labels, GIDS_LABEL, &l->gids, err);
	return rc < 0 ? rc : 0;
}

/* Its id is its directory: without one there is nothing to open. */
static int read_link(struct ctrd_link *l, struct bolt *b, struct bolt_bucket in,
		     struct sl_error *err)
{
	struct sl_bytes value;
	int rc = bolt_get(b, in, "id", 2, &value, err);

	if (rc < 0)
		return rc;
	if (rc == 1 || ctrd_uvarint(value.data, value.len, &l->id, NULL, NULL) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "a snapshot has no id");
	rc = bolt_get(b, in, "kind", 4, &value, err);
	if (rc == 0 && value.len == 1)
		l->kind = (uint8_t)value.data[0];
	if (rc >= 0)
		rc = ctrd_get_time(b, in, "createdat", &l->created, err);
	l->has_created = rc == 0;
	return rc < 0 ? rc : read_labels(l, b, in, err);
}

/* Append the snapshot @backend and hand out its parent (NULL: none). */
static int add_link(struct ctrd_chain *out, struct bolt *b, struct bolt_bucket all,
		    const char *backend, char **parent, struct sl_error *err)
{
	struct ctrd_link *grown = reallocarray(out->links, out->count + 1, sizeof(*grown));
	struct bolt_bucket in;
	int rc;

	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "snapshot");
	out->links = grown;
	grown[out->count] = (struct ctrd_link){.backend = strdup(backend)};
	if (grown[out->count].backend == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "snapshot");
	rc = bolt_bucket(b, all, backend, strlen(backend), &in, err);
	if (rc == 0)
		rc = read_link(&grown[out->count], b, in, err);
	out->count++;
	if (rc == 1) {
		AUTO_FREE char *shown = quote_dup(backend, strlen(backend));

		return sl_fail(err, SL_ENOTFOUND, 0, "no snapshot '%s'",
			       shown != NULL ? shown : "?");
	}
	if (rc == 0)
		rc = ctrd_get_text(b, in, "parent", parent, err);
	return rc < 0 ? rc : 0;
}

struct chain_view {
	const char *backend;
	struct ctrd_chain *out;
};

static int read_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	const struct chain_view *v = payload;
	AUTO_FREE char *at = strdup(v->backend);
	struct bolt_bucket all;
	int rc;

	ctrd_chain_clear(v->out);
	if (at == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "snapshot");
	rc = bolt_path(b, root, &all, err, "v1", "snapshots", NULL);
	if (rc == 1)
		return sl_fail(err, SL_ENOTFOUND, 0, "the snapshotter has no snapshots");
	while (rc == 0 && at != NULL) {
		AUTO_FREE char *parent = NULL;

		if (v->out->count >= LINKS_MAX)
			return sl_fail(err, SL_ELIMIT, 0, "more than %d snapshots on each other",
				       LINKS_MAX);
		rc = add_link(v->out, b, all, at, &parent, err);
		free(at);
		at = take_ptr(&parent);
	}
	return rc;
}

int ctrd_chain_read(struct ctrd_chain *out, const struct ctrd_snapper *s, const char *backend,
		    struct sl_error *err)
{
	struct chain_view v = {.backend = backend, .out = out};
	int rc;

	*out = (struct ctrd_chain){0};
	if (s->db == NULL)
		return sl_fail(err, s->why.code, 0, "%s", sl_error_text(&s->why));
	rc = bolt_view(s->db, read_view, &v, NULL, err);
	if (rc < 0) {
		ctrd_chain_clear(out);
		return sl_wrap(err, rc, "snapshotter '%s'", s->name);
	}
	return 0;
}

struct finder {
	const struct ctrd *c;
	const struct containerd_key *which;
	struct bolt *b;
	char **out;
};

static int on_meta_ns(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct finder *f = payload;
	AUTO_FREE char *ns = ctrd_key_text(item);
	struct bolt_bucket in;
	int rc;

	if (item->value.data != NULL || ns == NULL || !ctrd_ns_fits(f->c, f->which->ns, ns))
		return 0;
	rc = bolt_path(f->b, item->bucket, &in, err, "snapshots", f->which->snapshotter,
		       f->which->key, NULL);
	if (rc == 0)
		rc = ctrd_get_text(f->b, in, "name", f->out, err);
	if (rc < 0)
		return rc;
	return rc == 0 ? 1 : 0; /* found: end the walk */
}

static int find_in_meta(struct bolt *b, struct bolt_bucket root, void *payload,
			struct sl_error *err)
{
	struct finder *f = payload;
	struct bolt_bucket all;
	int rc = bolt_path(b, root, &all, err, "v1", NULL);

	f->b = b;
	return rc == 0 ? bolt_each(b, all, on_meta_ns, f, err) : rc;
}

static int on_backend(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	const struct finder *f = payload;
	AUTO_FREE char *backend = ctrd_key_text(item);
	AUTO_FREE char *ns = NULL;
	const char *key;
	size_t ns_len;

	if (backend == NULL || (key = ctrd_backend_split(backend, &ns_len)) == NULL ||
	    strcmp(key, f->which->key) != 0)
		return 0;
	ns = strndup(backend, ns_len);
	if (ns == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "snapshot");
	if (!ctrd_ns_fits(f->c, f->which->ns, ns))
		return 0;
	free(*f->out);
	*f->out = take_ptr(&backend);
	return 1;
}

static int find_in_snapper(struct bolt *b, struct bolt_bucket root, void *payload,
			   struct sl_error *err)
{
	struct finder *f = payload;
	struct bolt_bucket all;
	int rc = bolt_path(b, root, &all, err, "v1", "snapshots", NULL);

	return rc == 0 ? bolt_each(b, all, on_backend, f, err) : rc;
}

int ctrd_backend_find(struct ctrd *c, const struct ctrd_snapper *s,
		      const struct containerd_key *which, char **out, struct sl_error *err)
{
	struct finder f = {.c = c, .which = which, .out = out};
	int rc = 0;

	*out = NULL;
	if (c->meta != NULL)
		rc = bolt_view(c->meta, find_in_meta, &f, NULL, NULL);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "snapshot");
	if (*out != NULL)
		return 0;
	/* meta.db is gone, or says less than the snapshotter */
	if (s->db == NULL)
		return sl_fail(err, s->why.code, 0, "%s", sl_error_text(&s->why));
	rc = bolt_view(s->db, find_in_snapper, &f, NULL, err);
	if (rc < 0)
		return sl_wrap(err, rc, "snapshotter '%s'", s->name);
	return *out != NULL ? 0
			    : sl_fail(err, SL_ENOTFOUND, 0, "snapshotter '%s' has no such snapshot",
				      s->name);
}
