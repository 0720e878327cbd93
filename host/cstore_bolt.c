/* SPDX-License-Identifier: Apache-2.0 */
/* bolt_state.db, Podman's database up to 4.7 and on hosts that came from there. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/bolt.h"
#include "host/cstore_libpod.h"

/* Longest name and id that are kept. */
#define TEXT_MAX ((size_t)4096)

static void bolt_cleanup(struct bolt **b)
{
	bolt_close(*b);
}

/* A copy as text; NULL for what is too long or holds a NUL, and when memory ran out. */
static char *text_of(struct sl_bytes bytes)
{
	if (bytes.len > TEXT_MAX || (bytes.len > 0 && memchr(bytes.data, '\0', bytes.len) != NULL))
		return NULL;
	return strndup(bytes.len > 0 ? bytes.data : "", bytes.len);
}

struct walk {
	struct cstore *s;
	struct bolt *b;
	struct bolt_bucket names; /* id-registry: id to name */
	bool has_names;
	size_t configs;
};

/* The name that the registry has for an id; NULL when it has none. */
static int name_of(struct walk *w, struct sl_bytes id, char **out, struct sl_error *err)
{
	struct sl_bytes name;
	int rc = w->has_names ? bolt_get(w->b, w->names, id.data, id.len, &name, err) : 1;

	*out = rc == 0 ? text_of(name) : NULL;
	return rc < 0 ? rc : 0;
}

/* What is wrong inside one container's own values costs their meaning only. */
static int damaged(struct walk *w, struct sl_error *why, struct sl_error *err)
{
	return cstore_libpod_gap(&w->s->libpod, "bolt_state.db", why, err);
}

static int keep_config(struct walk *w, struct bolt_bucket in, struct cstore_libpod_row *row,
		       struct sl_error *err)
{
	struct sl_bytes config;
	int rc;

	if (w->configs == CSTORE_LIBPOD_CONFIGS_MAX || !cstore_libpod_wants_config(w->s, row->id))
		return 0;
	rc = bolt_get(w->b, in, "config", 6, &config, err);
	if (rc != 0 || config.len > CSTORE_LIBPOD_CONFIG_MAX || config.len == 0)
		return rc < 0 ? rc : 0;
	row->config = malloc(config.len);
	if (row->config == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	memcpy(row->config, config.data, config.len);
	row->config_len = config.len;
	w->configs++;
	return 0;
}

static int on_container(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct walk *w = payload;
	AUTO_FREE char *id = item->value.data == NULL ? text_of(item->key) : NULL;
	struct cstore_libpod_row *row;
	struct sl_bytes state, pod;
	int rc;

	if (id == NULL || !cstore_is_name(id))
		return 0;
	rc = cstore_libpod_add(&w->s->libpod, &row, err);
	if (rc < 0)
		return rc;
	row->id = take_ptr(&id);
	rc = name_of(w, item->key, &row->name, err);
	if (rc == 0)
		rc = bolt_get(w->b, item->bucket, "pod-id", 6, &pod, err);
	if (rc == 0)
		row->pod = text_of(pod);
	if (rc >= 0)
		rc = keep_config(w, item->bucket, row, err);
	if (rc == 0)
		rc = bolt_get(w->b, item->bucket, "state", 5, &state, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (cstore_libpod_parse_state(row, state.data, state.len, &why) < 0)
		return damaged(w, &why, err);
	return 0;
}

/* Which container holds a pod's namespaces stands in the pod's state. */
static int mark_infra(struct walk *w, struct sl_bytes text, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_JVAL struct jval *doc = NULL;
	const char *id;

	if (jval_parse_bounded(&doc, text.data, text.len, CSTORE_VALUES_MAX, &why) < 0)
		return damaged(w, &why, err);
	id = jval_str(jval_get(doc, "InfraContainerID"));
	for (size_t i = 0; id != NULL && id[0] != '\0' && i < w->s->libpod.count; i++)
		if (strcmp(w->s->libpod.rows[i].id, id) == 0)
			w->s->libpod.rows[i].is_infra = true;
	return 0;
}

static int on_pod(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct walk *w = payload;
	AUTO_FREE char *id = item->value.data == NULL ? text_of(item->key) : NULL;
	AUTO_FREE char *name = NULL;
	struct sl_bytes state;
	int rc;

	if (id == NULL)
		return 0;
	rc = name_of(w, item->key, &name, err);
	if (rc == 0 && name != NULL)
		rc = cstore_libpod_add_pod(&w->s->libpod, id, name, err);
	if (rc == 0)
		rc = bolt_get(w->b, item->bucket, "state", 5, &state, err);
	if (rc == 0)
		rc = mark_infra(w, state, err);
	return rc < 0 ? rc : 0;
}

static int read_buckets(struct walk *w, struct bolt_bucket root, struct sl_error *err)
{
	struct bolt_bucket bucket;
	int rc = bolt_bucket(w->b, root, "id-registry", 11, &w->names, err);

	w->has_names = rc == 0;
	if (rc >= 0)
		rc = bolt_bucket(w->b, root, "ctr", 3, &bucket, err);
	if (rc == 0)
		rc = bolt_each(w->b, bucket, on_container, w, err);
	if (rc >= 0)
		rc = bolt_bucket(w->b, root, "pod", 3, &bucket, err);
	if (rc == 0)
		rc = bolt_each(w->b, bucket, on_pod, w, err);
	return rc < 0 ? rc : 0;
}

/* Called again from nothing whenever the database changed meanwhile. */
static int on_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct walk w = {.s = payload, .b = b};
	int rc;

	cstore_libpod_clear(&w.s->libpod);
	rc = read_buckets(&w, root, err);
	if (rc < 0 && rc != -SL_ENOMEM && bolt_salvaging(b)) {
		if (err != NULL)
			sl_error_clear(err);
		rc = 0; /* what could be read; the damage is said below */
	}
	return rc;
}

int cstore_libpod_bolt(struct cstore *s, int dir_fd, const char *name, struct sl_error *err)
{
	CLEANUP(bolt_cleanup) struct bolt *b = NULL;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = root_open_path(dir_fd, name, ROOT_NO_LINKS, err);
	bool stale = false;
	int rc;

	if (fd < 0)
		return fd;
	rc = bolt_open(&b, fd, err);
	if (rc == 0)
		rc = bolt_view(b, on_view, s, &stale, err);
	if (rc < 0) {
		cstore_libpod_forget(&s->libpod, 0, 0);
		return rc;
	}
	if (bolt_damage(b) == NULL)
		return 0;
	(void)sl_fail(&why, SL_EFORMAT, 0, "%s%s", bolt_damage(b),
		      stale ? ": the state before it is shown" : "");
	return cstore_libpod_gap(&s->libpod, name, &why, err);
}
