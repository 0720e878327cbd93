/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon keeps about a container outside of its directory: which driver its output goes
 * to, and the records of its network (network/files/local-kv.db).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/bolt.h"
#include "host/docker.h"

/* Records of one container's network that are kept. */
#define RECORDS_MAX 256
/* libkv puts a number in front of every value: the index of its last change. */
#define KV_HEADER 8

struct search {
	const struct docker *d;
	struct sl_container *c;
	struct bolt *b;
	char *sandbox;       /* the id of its network sandbox, owned; or NULL */
	size_t found, first; /* first: of its artifacts */
};

static const struct sl_artifact *find(const struct sl_container *c, const char *name)
{
	for (size_t i = 0; i < c->artifact_count; i++)
		if (strcmp(c->artifacts[i].name, name) == 0 && c->artifacts[i].fd >= 0)
			return &c->artifacts[i];
	return NULL;
}

/* NULL where it cannot be read: that was said when the container was loaded. */
static struct jval *document(const struct sl_container *c, const char *name)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	const struct sl_artifact *a = find(c, name);
	struct jval *doc = NULL;

	if (a == NULL || root_read_fd(a->fd, &text, NULL) < 0 ||
	    store_parse_json(&doc, &text, name, NULL) < 0)
		return NULL;
	return doc;
}

static int read_driver(struct sl_container *c, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = document(c, "hostconfig.json");
	const char *type = jval_str(jval_path(doc, "LogConfig", "Type", NULL));

	if (type == NULL || type[0] == '\0' || c->log_driver != NULL)
		return 0;
	c->log_driver = strdup(type);
	return c->log_driver != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "container");
}

static bool speaks_of(const struct sl_bytes *value, const char *word)
{
	return word != NULL && memmem(value->data, value->len, word, strlen(word)) != NULL;
}

/* "docker/network/v1.0/endpoint/NET/ENDPOINT/" as part of a safe name. */
static char *name_of(const struct sl_bytes *key)
{
	char *name = NULL;

	if (asprintf(&name, "network/%.*s.json", (int)(key->len < 512 ? key->len : 512),
		     key->data) < 0)
		return NULL;
	for (char *at = name + strlen("network/"); *at != '\0'; at++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
			   *at) == NULL)
			*at = '_';
	return name;
}

static int on_record(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct search *s = payload;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *name = NULL;

	if (item->value.data == NULL || item->value.len <= KV_HEADER || s->found >= RECORDS_MAX ||
	    (!speaks_of(&item->value, s->c->id) && !speaks_of(&item->value, s->sandbox)))
		return 0;
	s->found++;
	name = name_of(&item->key);
	if (name == NULL || asprintf(&path, "%s/network/files/local-kv.db", s->d->store.dir) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	return sl_container_add_record(s->c, name, path, item->value.data + KV_HEADER,
				       item->value.len - KV_HEADER, err);
}

/* Called again from nothing whenever the database changed meanwhile. */
static int on_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct search *s = payload;
	struct bolt_bucket bucket;
	int rc;

	store_cut_artifacts(s->c, s->first);
	s->found = 0;
	s->b = b;
	rc = bolt_bucket(b, root, "libnetwork", 10, &bucket, err);
	if (rc == 0)
		rc = bolt_each(b, bucket, on_record, s, err);
	return rc < 0 ? rc : 0;
}

static void bolt_cleanup(struct bolt **b)
{
	bolt_close(*b);
}

static int read_network(struct search *s, struct sl_error *err)
{
	CLEANUP(bolt_cleanup) struct bolt *b = NULL;
	AUTO_CLOSE int dir = docker_open_part(s->d, "network", NULL);
	AUTO_CLOSE int fd =
		dir < 0 ? -1 : root_open_path(dir, "files/local-kv.db", ROOT_NO_LINKS, NULL);
	int rc;

	if (fd < 0)
		return 0;
	s->first = s->c->artifact_count;
	rc = bolt_open(&b, fd, err);
	return rc < 0 ? rc : bolt_view(b, on_view, s, NULL, err);
}

int docker_evidence(struct store *store, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_JVAL struct jval *config = document(c, "config.v2.json");
	const char *sandbox = jval_str(jval_path(config, "NetworkSettings", "SandboxID", NULL));
	struct search s = {.d = container_of(store, struct docker, store), .c = c};
	int rc = read_driver(c, err);

	if (rc < 0 || c->id == NULL || c->kind == SL_CONTAINER_ORPHAN)
		return rc;
	if (sandbox != NULL && docker_is_id(sandbox) && (s.sandbox = strdup(sandbox)) == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	rc = read_network(&s, &why);
	free(s.sandbox);
	if (rc < 0)
		(void)sl_wrap(&why, rc, "network/files/local-kv.db");
	return rc < 0 ? docker_note_gap(c, &why, err) : 0;
}
