/* SPDX-License-Identifier: Apache-2.0 */
/* A container as meta.db has it. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/ctrd.h"
#include "host/ctrd_codec.h"

#define CONTAINER_METADATA "io.cri-containerd.container.metadata"
#define SANDBOX_METADATA "io.cri-containerd.sandbox.metadata"
#define KIND_LABEL "io.cri-containerd.kind"

void ctrd_record_clear(struct ctrd_record *r)
{
	free(r->ns);
	free(r->id);
	free(r->image);
	free(r->snapshotter);
	free(r->snapshot_key);
	free(r->backend_key);
	free(r->spec.data);
	free(r->cri.data);
	ctrd_cri_clear(&r->own);
	ctrd_cri_clear(&r->sandbox);
	free(r->damage);
	*r = (struct ctrd_record){0};
}

/* Remember the first thing that is wrong with a value. Takes over @why. */
static int note(struct ctrd_record *r, struct sl_error *why, const char *what, struct sl_error *err)
{
	int rc = why->code == SL_ENOMEM ? -SL_ENOMEM : 0;

	if (rc == 0 && r->damage == NULL) {
		(void)sl_wrap(why, 0, "%s", what);
		r->damage = strdup(sl_error_text(why));
		rc = r->damage == NULL ? -SL_ENOMEM : 0;
	}
	sl_error_clear(why);
	return rc < 0 ? sl_fail(err, SL_ENOMEM, 0, "container") : 0;
}

/* The value of an Any. 1: not there. */
static int get_any(struct ctrd_record *r, struct bolt *b, struct bolt_bucket in, const char *key,
		   struct ctrd_any *out, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	struct sl_bytes value;
	int rc = bolt_get(b, in, key, strlen(key), &value, err);

	if (rc != 0)
		return rc;
	if (value.len > STORE_JSON_MAX)
		(void)sl_fail(&why, SL_ELIMIT, 0, "larger than %zu bytes", STORE_JSON_MAX);
	else if (ctrd_any(value.data, value.len, out, &why) == 0)
		return 0;
	rc = note(r, &why, key, err);
	return rc < 0 ? rc : 1;
}

static int keep_value(struct ctrd_blob *out, const struct ctrd_any *any, struct sl_error *err)
{
	free(out->data);
	out->data = malloc(any->value_len + 1);
	if (out->data == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (any->value_len > 0)
		memcpy(out->data, any->value, any->value_len);
	out->data[any->value_len] = '\0';
	out->len = any->value_len;
	return 0;
}

/* 0: there and parsed; 1: not there, or damaged. */
static int read_metadata(struct ctrd_record *r, struct bolt *b, struct bolt_bucket extensions,
			 const char *key, const char *id, struct ctrd_cri *out, bool keep,
			 struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	struct ctrd_any any;
	int rc = get_any(r, b, extensions, key, &any, err);

	if (rc == 0 && keep)
		rc = keep_value(&r->cri, &any, err);
	if (rc != 0)
		return rc;
	if (ctrd_cri_parse(out, any.value != NULL ? any.value : "", any.value_len, id, &why) == 0)
		return 0;
	rc = note(r, &why, key, err);
	return rc < 0 ? rc : 1;
}

/* The metadata of the pod's sandbox: another container of this namespace. */
static int read_sandbox(struct ctrd_record *r, struct bolt *b, struct bolt_bucket of,
			struct sl_error *err)
{
	struct bolt_bucket extensions;
	int rc;

	if (!r->has_own || r->own.sandbox == NULL)
		return 0;
	rc = bolt_path(b, of, &extensions, err, "containers", r->own.sandbox, "extensions", NULL);
	if (rc == 0)
		rc = read_metadata(r, b, extensions, SANDBOX_METADATA, r->own.sandbox, &r->sandbox,
				   false, err);
	r->has_sandbox = rc == 0;
	return rc < 0 ? rc : 0;
}

static int read_cri(struct ctrd_record *r, struct bolt *b, struct bolt_bucket of,
		    struct bolt_bucket in, struct sl_error *err)
{
	struct bolt_bucket extensions, labels;
	struct sl_bytes kind;
	int rc = bolt_path(b, in, &extensions, err, "extensions", NULL);

	if (rc == 0) {
		rc = read_metadata(r, b, extensions, SANDBOX_METADATA, r->id, &r->own, true, err);
		r->is_sandbox = rc == 0;
		if (rc == 1)
			rc = read_metadata(r, b, extensions, CONTAINER_METADATA, r->id, &r->own,
					   true, err);
		r->has_own = rc == 0;
	}
	if (rc >= 0)
		rc = bolt_path(b, in, &labels, err, "labels", NULL);
	if (rc == 0)
		rc = bolt_get(b, labels, KIND_LABEL, strlen(KIND_LABEL), &kind, err);
	r->is_labelled = rc == 0;
	return rc < 0 ? rc : read_sandbox(r, b, of, err);
}

static int read_spec(struct ctrd_record *r, struct bolt *b, struct bolt_bucket in,
		     struct sl_error *err)
{
	struct ctrd_any any;
	int rc = get_any(r, b, in, "spec", &any, err);

	if (rc == 0)
		rc = keep_value(&r->spec, &any, err);
	return rc < 0 ? rc : 0;
}

static int read_backend(struct ctrd_record *r, struct bolt *b, struct bolt_bucket of,
			struct sl_error *err)
{
	struct bolt_bucket snapshot;
	int rc;

	if (r->snapshotter == NULL || r->snapshot_key == NULL)
		return 0;
	rc = bolt_path(b, of, &snapshot, err, "snapshots", r->snapshotter, r->snapshot_key, NULL);
	if (rc == 0)
		rc = ctrd_get_text(b, snapshot, "name", &r->backend_key, err);
	return rc < 0 ? rc : 0;
}

/* The Kubernetes plugin names each image by its id, too: that name does not move. */
static int read_target(struct ctrd_record *r, struct bolt *b, struct bolt_bucket of,
		       struct sl_error *err)
{
	const char *const names[] = {r->own.image_ref, r->image};
	int rc = 1;

	for (size_t i = 0; rc == 1 && i < ARRAY_SIZE(names); i++) {
		struct bolt_bucket target;

		if (names[i] == NULL)
			continue;
		rc = bolt_path(b, of, &target, err, "images", names[i], "target", NULL);
		if (rc == 0)
			rc = ctrd_get_digest(b, target, "digest", r->target, err);
	}
	r->has_target = rc == 0;
	return rc < 0 ? rc : 0;
}

static int read_fields(struct ctrd_record *r, struct bolt *b, struct bolt_bucket in,
		       struct sl_error *err)
{
	const struct {
		const char *key;
		char **out;
	} texts[] = {
		{"image", &r->image},
		{"snapshotter", &r->snapshotter},
		{"snapshotKey", &r->snapshot_key},
	};
	int rc = ctrd_get_time(b, in, "createdat", &r->created, err);

	r->has_created = rc == 0;
	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(texts); i++)
		rc = ctrd_get_text(b, in, texts[i].key, texts[i].out, err);
	return rc < 0 ? rc : 0;
}

int ctrd_record_read(struct ctrd_record *out, struct bolt *b, struct bolt_bucket of, const char *ns,
		     const char *id, enum ctrd_depth depth, struct sl_error *err)
{
	struct bolt_bucket in;
	int rc = bolt_path(b, of, &in, err, "containers", id, NULL);

	if (rc != 0)
		return rc;
	out->ns = strdup(ns);
	out->id = strdup(id);
	if (out->ns == NULL || out->id == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	rc = read_fields(out, b, in, err);
	if (rc == 0)
		rc = read_cri(out, b, of, in, err);
	if (rc == 0 && depth == CTRD_ALL)
		rc = read_spec(out, b, in, err);
	if (rc == 0 && depth == CTRD_ALL)
		rc = read_backend(out, b, of, err);
	if (rc == 0 && depth == CTRD_ALL)
		rc = read_target(out, b, of, err);
	return rc;
}

int ctrd_record_pod(struct sl_pod **out, const struct ctrd_record *r, struct sl_error *err)
{
	*out = NULL;
	if (!r->has_own)
		return 0;
	return ctrd_cri_pod(out, &r->own, r->is_sandbox, r->has_sandbox ? &r->sandbox : NULL, err);
}
