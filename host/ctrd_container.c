/* SPDX-License-Identifier: Apache-2.0 */
/* One container in full: its record, its stack, its image and its state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/quote.h"
#include "host/ctrd.h"

int ctrd_note_gap(struct sl_container *c, struct sl_error *why, struct sl_error *err)
{
	if (why->code == SL_ENOMEM)
		return store_give_error(err, why);
	if (c->metadata_gap == NULL) {
		c->metadata_gap = strdup(sl_error_text(why));
		if (c->metadata_gap == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	sl_error_clear(why);
	return 0;
}

/* NULL stays NULL. */
static int copy_text(char **out, const char *text, struct sl_error *err)
{
	if (text == NULL)
		return 0;
	free(*out);
	*out = strdup(text);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "container");
}

struct record_view {
	const char *ns, *id;
	struct ctrd_record *out;
};

static int read_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	const struct record_view *v = payload;
	struct bolt_bucket of;
	int rc = bolt_path(b, root, &of, err, "v1", v->ns, NULL);

	ctrd_record_clear(v->out);
	if (rc == 0)
		rc = ctrd_record_read(v->out, b, of, v->ns, v->id, CTRD_ALL, err);
	return rc;
}

static int read_record(struct ctrd *d, const char *ns, const char *id, struct ctrd_record *out,
		       struct sl_error *err)
{
	struct record_view v = {.ns = ns, .id = id, .out = out};
	int rc;

	if (d->meta == NULL)
		return sl_fail(err, d->meta_why.code, 0, "%s", sl_error_text(&d->meta_why));
	rc = bolt_view(d->meta, read_view, &v, NULL, err);
	if (rc == 1)
		return sl_fail(err, SL_ENOTFOUND, 0, "it is gone");
	return rc < 0 ? sl_wrap(err, rc, "meta.db") : 0;
}

static int fill_names(struct sl_container *c, const struct ctrd_record *r, struct sl_error *err)
{
	int rc = ctrd_record_pod(&c->pod, r, err);

	c->kind = r->is_sandbox ? SL_CONTAINER_SANDBOX : SL_CONTAINER_WORKLOAD;
	c->has_created = r->has_created;
	c->created = r->created;
	if (rc == 0 && r->has_own)
		rc = copy_text(&c->name, r->is_sandbox ? r->own.full_name : r->own.name, err);
	if (rc == 0 && c->name == NULL)
		rc = copy_text(&c->name, r->id, err);
	if (rc == 0)
		rc = copy_text(&c->image_ref, r->image, err);
	if (rc == 0 && r->has_own)
		rc = copy_text(&c->image_ref, r->own.image_name, err);
	if (rc == 0)
		rc = copy_text(&c->driver, r->snapshotter, err);
	if (rc == 0 && r->is_labelled && !r->has_own)
		rc = copy_text(
			&c->note,
			"labelled as a pod's, but without the plugin's metadata: not believed",
			err);
	return rc;
}

static int fill_spec(const struct ctrd *d, struct sl_container *c, const struct ctrd_record *r,
		     struct ctrd_spec *spec, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *volumes = NULL;

	if (r->spec.data == NULL) {
		(void)sl_fail(&why, SL_EFORMAT, 0, "it has no specification: mounts are unknown");
		return ctrd_note_gap(c, &why, err);
	}
	if (asprintf(&volumes, "%s/io.containerd.grpc.v1.cri/containers/%s/volumes/", d->store.dir,
		     r->id) < 0) {
		volumes = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	if (ctrd_spec_read(c, r->spec.data, r->spec.len, volumes, spec, &why) == 0)
		return 0;
	(void)sl_wrap(&why, 0, "specification");
	return ctrd_note_gap(c, &why, err);
}

/* Containers without a snapshot run in a directory that someone prepared. */
static int refuse_rootfs(struct sl_container *c, const struct ctrd_spec *spec, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const char *path = spec->root_path != NULL ? spec->root_path : "";
	AUTO_FREE char *shown = quote_short(path, strlen(path));

	(void)sl_fail(&why, SL_EUNSUPPORTED, 0, "it has no snapshot: it runs in the directory '%s'",
		      shown != NULL ? shown : "?");
	return ctrd_stack_refuse(&c->stack, &why, err);
}

static int fill_stack(struct ctrd *d, struct sl_container *c, const struct ctrd_record *r,
		      const struct ctrd_spec *spec, struct containerd_top *top,
		      struct sl_error *err)
{
	CLEANUP(ctrd_chain_clear) struct ctrd_chain chain = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct containerd_key which = {r->ns, r->snapshotter, r->snapshot_key};
	const struct ctrd_snapper *s;
	AUTO_FREE char *backend = r->backend_key != NULL ? strdup(r->backend_key) : NULL;
	int rc = 0;

	if (r->snapshotter == NULL || r->snapshot_key == NULL)
		return refuse_rootfs(c, spec, err);
	s = ctrd_snapper(d, r->snapshotter);
	if (s == NULL) {
		AUTO_FREE char *shown = quote_short(r->snapshotter, strlen(r->snapshotter));

		(void)sl_fail(&why, SL_EUNSUPPORTED, 0,
			      "snapshotter '%s' keeps nothing in this store",
			      shown != NULL ? shown : "?");
		return ctrd_stack_refuse(&c->stack, &why, err);
	}
	if (backend == NULL)
		rc = ctrd_backend_find(d, s, &which, &backend, &why);
	if (rc == 0)
		rc = ctrd_chain_read(&chain, s, backend, &why);
	if (rc < 0)
		return ctrd_stack_refuse(&c->stack, &why, err);
	return ctrd_stack_open(d, s, &chain, spec, &c->stack, top, err);
}

/* 0 and the process that a task began with; 1 when there is no such task. */
static int read_task(const struct ctrd *d, const struct sl_container *c, int64_t *pid)
{
	AUTO_CLOSE int ns = root_open_subdir(d->tasks_fd, c->ns, ROOT_NO_LINKS, NULL);
	AUTO_CLOSE int task = ns < 0 ? -1 : root_open_subdir(ns, c->id, ROOT_NO_LINKS, NULL);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(32);

	*pid = 0;
	if (task < 0)
		return 1;
	if (root_read_file(task, "init.pid", ROOT_NO_LINKS, &text, NULL) == 0 && text.len > 0)
		*pid = strtoll(text.data, NULL, 10);
	if (*pid < 0)
		*pid = 0;
	return 0;
}

static int read_status(const struct ctrd *d, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	AUTO_FREE char *path = NULL;
	int rc;

	if (asprintf(&path, "containers/%s/status", c->id) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "status");
	}
	if (d->cri_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the plugin's directory is not there");
	rc = root_read_file(d->cri_fd, path, ROOT_NO_LINKS, &text, err);
	if (rc == 0)
		rc = ctrd_cri_status(c, text.data != NULL ? text.data : "", text.len, err);
	return rc;
}

/*
 * Without the plugin's status only a task tells, and tasks are gone with the machine: on a disk
 * the state is unknown. Where tasks can be seen, a container without one is not running; whether
 * it ever ran is not recorded.
 */
static int fill_state(const struct ctrd *d, struct sl_container *c, const struct ctrd_record *r,
		      struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int64_t pid;
	int rc;

	if (r->has_own && !r->is_sandbox) {
		rc = read_status(d, c, &why);
		if (d->place->proc_fd < 0)
			c->pid = 0;
		if (rc == 0 || rc == -SL_ENOMEM)
			return rc == 0 ? 0 : store_give_error(err, &why);
		(void)sl_wrap(&why, rc, "status");
		rc = ctrd_note_gap(c, &why, err);
		if (rc < 0)
			return rc;
	}
	if (d->tasks_fd < 0)
		return 0;
	if (read_task(d, c, &pid) == 0) {
		c->state = SL_STATE_RUNNING;
		c->pid = d->place->proc_fd >= 0 ? pid : 0;
	} else if (c->state == SL_STATE_UNKNOWN) {
		c->state = SL_STATE_CREATED;
		if (c->note == NULL)
			return copy_text(&c->note, "no task: made only, or its task was deleted",
					 err);
	}
	return 0;
}

static int fill_container(struct ctrd *d, struct sl_container *c, const char *ns, const char *id,
			  struct sl_error *err)
{
	CLEANUP(ctrd_record_clear) struct ctrd_record r = {0};
	CLEANUP(ctrd_spec_clear) struct ctrd_spec spec = {0};
	struct containerd_top top = {0};
	int rc = read_record(d, ns, id, &r, err);

	if (rc == 0)
		rc = copy_text(&c->metadata_gap, r.damage, err);
	if (rc == 0)
		rc = fill_names(c, &r, err);
	if (rc == 0)
		rc = fill_spec(d, c, &r, &spec, err);
	if (rc == 0)
		rc = fill_stack(d, c, &r, &spec, &top, err);
	if (rc == 0)
		rc = ctrd_claim_image(d, c, &r, &top, err);
	if (rc == 0)
		rc = fill_state(d, c, &r, err);
	return rc < 0 ? rc : ctrd_artifacts(d, c, &r, err);
}

int ctrd_load(struct store *s, const struct store_name *row, struct sl_container **out,
	      struct sl_error *err)
{
	struct ctrd *d = container_of(s, struct ctrd, store);
	AUTO_CONTAINER struct sl_container *c = NULL;
	int rc = sl_container_new(&c, err);

	if (rc == 0)
		rc = copy_text(&c->engine, s->engine, err);
	if (rc == 0)
		rc = copy_text(&c->id, row->id, err);
	if (rc == 0)
		rc = copy_text(&c->ns, row->ns, err);
	if (rc == 0)
		rc = copy_text(&c->store, s->dir, err);
	if (rc == 0)
		rc = ctrd_is_orphan(row) ? ctrd_load_orphan(d, row, c, err)
					 : fill_container(d, c, row->ns, row->id, err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&c);
	return 0;
}
