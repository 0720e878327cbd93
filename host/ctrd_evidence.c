/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containerd's databases say of one container besides its specification: its record with the
 * labels, its image's, the metadata of its pod's sandbox, and the snapshots that it stands on.
 * Values that are documents are kept as they are; records are buckets, and written as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/ctrd.h"
#include "host/ctrd_codec.h"
#include "host/logfile.h"
#include "host/nerdctl.h"

/* Longest document that is made of a record. */
#define RECORD_MAX ((size_t)4 << 20)
#define SANDBOX_METADATA "io.cri-containerd.sandbox.metadata"

struct records {
	struct ctrd *d;
	struct sl_container *c;
	struct bolt *b;
	struct ctrd_record record;
	char *path;       /* of meta.db; owned */
	char *log_driver; /* of nerdctl's label; owned, or NULL */
	char *log_path;   /* likewise */
	size_t first;     /* of its artifacts */
};

static void forget_labels(struct records *r)
{
	free(r->log_driver);
	free(r->log_path);
	r->log_driver = r->log_path = NULL;
}

static void records_clear(struct records *r)
{
	ctrd_record_clear(&r->record);
	forget_labels(r);
	free(r->path);
}

static int keep(struct records *r, const char *name, const char *path, const void *bytes,
		size_t len, struct sl_error *err)
{
	return sl_container_add_record(r->c, name, path, bytes, len, err);
}

static int end_document(struct records *r, const char *name, const char *path, struct jout *j,
			struct buf *text, struct sl_error *err)
{
	int rc;

	jout_object_end(j);
	rc = jout_end(j);
	if (rc < 0)
		return sl_fail(err, -rc, 0, "%s", name);
	return keep(r, name, path, text->data, text->len, err);
}

/* ---- values of a bucket as members ---- */

static int put_text(struct records *r, struct jout *j, struct bolt_bucket in, const char *key,
		    struct sl_error *err)
{
	struct sl_bytes value;
	int rc = bolt_get(r->b, in, key, strlen(key), &value, err);

	if (rc == 0 && value.len > 0) {
		jout_key(j, key);
		jout_strn(j, value.data, value.len);
	}
	return rc < 0 ? rc : 0;
}

static int put_time(struct records *r, struct jout *j, struct bolt_bucket in, const char *key,
		    struct sl_error *err)
{
	struct sl_time at;
	int rc = ctrd_get_time(r->b, in, key, &at, err);

	if (rc == 0)
		jout_key_time(j, key, at);
	return rc < 0 ? rc : 0;
}

static int on_pair(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct jout *j = payload;
	AUTO_FREE char *key = ctrd_key_text(item);

	(void)err;
	if (item->value.data == NULL || key == NULL)
		return 0;
	jout_key(j, key);
	jout_strn(j, item->value.data, item->value.len);
	return 0;
}

/* Written also where there are none: that says so. */
static int put_pairs(struct records *r, struct jout *j, struct bolt_bucket in, const char *key,
		     struct sl_error *err)
{
	struct bolt_bucket pairs;
	int rc = bolt_path(r->b, in, &pairs, err, key, NULL);

	jout_key(j, key);
	jout_object(j);
	if (rc == 0)
		rc = bolt_each(r->b, pairs, on_pair, j, err);
	jout_object_end(j);
	return rc < 0 ? rc : 0;
}

static int put_texts(struct records *r, struct jout *j, struct bolt_bucket in,
		     const char *const *keys, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && keys[i] != NULL; i++)
		rc = put_text(r, j, in, keys[i], err);
	return rc;
}

/* ---- the documents ---- */

static int add_container(struct records *r, struct bolt_bucket in, struct sl_error *err)
{
	static const char *const keys[] = {"image", "snapshotter", "snapshotKey", "sandboxid",
					   NULL};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(RECORD_MAX);
	struct bolt_bucket runtime;
	struct jout j;
	int rc;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "id", r->c->id);
	jout_key_str(&j, "namespace", r->c->ns);
	rc = put_texts(r, &j, in, keys, err);
	if (rc == 0)
		rc = put_time(r, &j, in, "createdat", err);
	if (rc == 0)
		rc = put_time(r, &j, in, "updatedat", err);
	jout_key(&j, "runtime");
	jout_object(&j);
	if (rc == 0)
		rc = bolt_path(r->b, in, &runtime, err, "runtime", NULL);
	if (rc == 0)
		rc = put_text(r, &j, runtime, "name", err);
	jout_object_end(&j);
	if (rc >= 0)
		rc = put_pairs(r, &j, in, "labels", err);
	return rc < 0 ? rc : end_document(r, "container.json", r->path, &j, &text, err);
}

/* What the image's name stands for at this moment: it may have moved on since. */
static int add_image(struct records *r, struct bolt_bucket of, struct sl_error *err)
{
	static const char *const keys[] = {"digest", "mediatype", NULL};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(RECORD_MAX);
	struct bolt_bucket in, target;
	struct jout j;
	int rc = r->record.image != NULL
			 ? bolt_path(r->b, of, &in, err, "images", r->record.image, NULL)
			 : 1;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "name", r->record.image);
	rc = put_time(r, &j, in, "createdat", err);
	if (rc == 0)
		rc = put_time(r, &j, in, "updatedat", err);
	jout_key(&j, "target");
	jout_object(&j);
	if (rc == 0)
		rc = bolt_path(r->b, in, &target, err, "target", NULL);
	if (rc == 0)
		rc = put_texts(r, &j, target, keys, err);
	jout_object_end(&j);
	if (rc >= 0)
		rc = put_pairs(r, &j, in, "labels", err);
	return rc < 0 ? rc : end_document(r, "image.json", r->path, &j, &text, err);
}

/* The other container of the pod, whose metadata names ports, DNS and the log directory. */
static int add_sandbox(struct records *r, struct bolt_bucket of, struct sl_error *err)
{
	const char *id = r->record.has_own && !r->record.is_sandbox ? r->record.own.sandbox : NULL;
	struct bolt_bucket in;
	struct sl_bytes value;
	struct ctrd_any any;
	int rc = id != NULL ? bolt_path(r->b, of, &in, err, "containers", id, "extensions", NULL)
			    : 1;

	if (rc == 0)
		rc = bolt_get(r->b, in, SANDBOX_METADATA, strlen(SANDBOX_METADATA), &value, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (value.len > STORE_JSON_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "metadata of the sandbox");
	rc = ctrd_any(value.data, value.len, &any, err);
	return rc < 0 || any.value_len == 0
		       ? rc
		       : keep(r, "sandbox.json", r->path, any.value, any.value_len, err);
}

/* nerdctl says what becomes of the output, and where its own files are. */
static int read_labels(struct records *r, struct bolt_bucket in, struct sl_error *err)
{
	AUTO_JVAL struct jval *config = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *dir = NULL;
	struct bolt_bucket labels;
	const char *driver;
	int rc = bolt_path(r->b, in, &labels, err, "labels", NULL);

	if (rc == 0)
		rc = ctrd_get_text(r->b, labels, "nerdctl/log-config", &text, err);
	if (rc == 0 &&
	    jval_parse_bounded(&config, text, strlen(text), STORE_VALUES_MAX, NULL) == 0 &&
	    (driver = jval_str(jval_get(config, "driver"))) != NULL && driver[0] != '\0') {
		r->log_driver = strdup(driver);
		if (r->log_driver == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	if (rc >= 0)
		rc = ctrd_get_text(r->b, labels, "nerdctl/state-dir", &dir, err);
	if (rc != 0 || !nerdctl_is_state_dir(dir, r->c->ns, r->c->id))
		return rc < 0 ? rc : 0;
	if (asprintf(&r->log_path, "%s/%s-json.log", dir, r->c->id) < 0) {
		r->log_path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	return 0;
}

/* Called again from nothing whenever the database changed meanwhile. */
static int on_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct records *r = payload;
	struct bolt_bucket of, in;
	int rc;

	store_cut_artifacts(r->c, r->first);
	ctrd_record_clear(&r->record);
	forget_labels(r);
	r->b = b;
	rc = bolt_path(b, root, &of, err, "v1", r->c->ns, NULL);
	if (rc == 0)
		rc = ctrd_record_read(&r->record, b, of, r->c->ns, r->c->id, CTRD_ALL, err);
	if (rc == 0)
		rc = bolt_path(b, of, &in, err, "containers", r->c->id, NULL);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = add_container(r, in, err);
	if (rc == 0)
		rc = add_image(r, of, err);
	if (rc == 0)
		rc = add_sandbox(r, of, err);
	return rc < 0 ? rc : read_labels(r, in, err);
}

static void put_link(struct jout *j, const struct ctrd_link *l)
{
	static const char *const kinds[] = {"unknown", "view", "active", "committed"};

	jout_object(j);
	jout_key_str(j, "name", l->backend);
	jout_key(j, "id");
	jout_id(j, l->id);
	jout_key_str(j, "kind", kinds[l->kind < ARRAY_SIZE(kinds) ? l->kind : 0]);
	jout_key_bool(j, "remote", l->is_remote);
	if (l->uids != NULL)
		jout_key_str(j, "uidmapping", l->uids);
	if (l->gids != NULL)
		jout_key_str(j, "gidmapping", l->gids);
	if (l->has_created)
		jout_key_time(j, "createdat", l->created);
	jout_object_end(j);
}

/* The container's own snapshot first, then what it was prepared on. */
static int add_snapshots(struct records *r, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(RECORD_MAX);
	CLEANUP(ctrd_chain_clear) struct ctrd_chain chain = {0};
	const struct ctrd_snapper *s =
		r->record.snapshotter != NULL ? ctrd_snapper(r->d, r->record.snapshotter) : NULL;
	AUTO_FREE char *path = NULL;
	struct jout j;
	int rc;

	if (s == NULL || r->record.backend_key == NULL)
		return 0;
	rc = ctrd_chain_read(&chain, s, r->record.backend_key, err);
	if (rc < 0)
		return rc;
	if (asprintf(&path, "%s/metadata.db", s->dir) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "snapshotter", s->name);
	jout_key(&j, "chain");
	jout_array(&j);
	for (size_t i = 0; i < chain.count; i++)
		put_link(&j, &chain.links[i]);
	jout_array_end(&j);
	return end_document(r, "snapshots.json", path, &j, &text, err);
}

/* The label is a path of the database's: a file of nerdctl's making, or none. */
static int add_log(struct records *r, struct sl_error *err)
{
	AUTO_FREE char *dir = NULL;
	int fd;

	if (r->log_path == NULL || r->log_path[0] != '/')
		return 0;
	dir = strndup(r->log_path, (size_t)(strrchr(r->log_path, '/') - r->log_path));
	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	fd = logfile_open(r->d->place->root_fd, r->log_path, dir, NULL);
	if (fd == -SL_ENOTFOUND)
		return 0;
	return sl_container_add_artifact(r->c, "json.log", r->log_path, fd >= 0 ? fd : -1,
					 "json-file", err);
}

static int read_all(struct records *r, struct sl_error *err)
{
	int rc = bolt_view(r->d->meta, on_view, r, NULL, err);

	if (rc < 0)
		return sl_wrap(err, rc, "meta.db");
	rc = add_log(r, err);
	return rc < 0 ? rc : add_snapshots(r, err);
}

int ctrd_evidence(struct store *store, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(records_clear)
	struct records r = {
		.d = container_of(store, struct ctrd, store), .c = c, .first = c->artifact_count};
	bool is_cri;
	int rc;

	if (c->kind == SL_CONTAINER_ORPHAN || c->id == NULL || c->ns == NULL || r.d->meta == NULL)
		return 0;
	if (asprintf(&r.path, "%s/io.containerd.metadata.v1.bolt/meta.db", store->dir) < 0) {
		r.path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	rc = read_all(&r, &why);
	if (rc < 0)
		return ctrd_note_gap(c, &why, err);
	is_cri = r.record.has_own && !r.record.is_sandbox && r.record.own.log_path != NULL;
	if (is_cri || r.log_driver != NULL) {
		free(c->log_driver);
		c->log_driver = strdup(is_cri ? "cri" : r.log_driver);
		if (c->log_driver == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	return 0;
}
