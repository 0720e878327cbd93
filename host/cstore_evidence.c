/* SPDX-License-Identifier: Apache-2.0 */
/* What Podman's database says of one container, document by document, and where its output goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "host/bolt.h"
#include "host/cstore.h"
#include "host/logfile.h"

/* Networks of one container that are kept. */
#define NETWORKS_MAX 64
#define COPY_MAX ((uint64_t)512 * 1024 * 1024)

/* The configuration of the one that holds a pod's namespaces. */
#define INFRA "libpod/infra.json"

struct records {
	struct cstore *s;
	struct sl_container *c;
	struct bolt *b;
	const char *id;   /* whose they are: the container's, or of the one that holds its pod's
			     namespaces; of that only the configuration is kept */
	const char *path; /* of the database */
	size_t first;     /* of its artifacts */
	size_t networks;
};

static bool is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_own(const struct records *r)
{
	return r->id == r->c->id;
}

static int keep(struct records *r, const char *name, const void *bytes, size_t len,
		struct sl_error *err)
{
	return len == 0 ? 0 : sl_container_add_record(r->c, name, r->path, bytes, len, err);
}

/* ---- bolt_state.db ---- */

static int on_network(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct records *r = payload;
	AUTO_FREE char *name = NULL;

	if (item->value.data == NULL || item->key.len > 255 || r->networks >= NETWORKS_MAX)
		return 0;
	if (asprintf(&name, "libpod/networks/%.*s.json", (int)item->key.len, item->key.data) < 0) {
		name = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	for (char *at = name + strlen("libpod/networks/"); *at != '\0'; at++)
		if (*at == '/')
			*at = '_';
	r->networks++;
	return keep(r, name, item->value.data, item->value.len, err);
}

static int read_buckets(struct records *r, struct bolt_bucket root, struct sl_error *err)
{
	static const char *const keys[] = {"config", "state", "netns"};
	static const char *const names[] = {"libpod/config.json", "libpod/state.json",
					    "libpod/netns"};
	const size_t count = is_own(r) ? ARRAY_SIZE(keys) : 1;
	struct bolt_bucket bucket, networks;
	struct sl_bytes value;
	int rc = bolt_path(r->b, root, &bucket, err, "ctr", r->id, NULL);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	for (size_t i = 0; rc >= 0 && i < count; i++) {
		rc = bolt_get(r->b, bucket, keys[i], strlen(keys[i]), &value, err);
		if (rc == 0)
			rc = keep(r, is_own(r) ? names[i] : INFRA, value.data, value.len, err);
	}
	if (rc < 0 || !is_own(r))
		return rc < 0 ? rc : 0;
	rc = bolt_bucket(r->b, bucket, "networks", 8, &networks, err);
	if (rc == 0)
		rc = bolt_each(r->b, networks, on_network, r, err);
	return rc < 0 ? rc : 0;
}

/* Called again from nothing whenever the database changed meanwhile. */
static int on_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct records *r = payload;

	store_cut_artifacts(r->c, r->first);
	r->networks = 0;
	r->b = b;
	return read_buckets(r, root, err);
}

static void bolt_cleanup(struct bolt **b)
{
	bolt_close(*b);
}

static int read_bolt(struct records *r, int dir_fd, const char *file, struct sl_error *err)
{
	CLEANUP(bolt_cleanup) struct bolt *b = NULL;
	AUTO_CLOSE int fd = root_open_path(dir_fd, file, ROOT_NO_LINKS, err);
	int rc = fd < 0 ? fd : bolt_open(&b, fd, err);

	return rc < 0 ? rc : bolt_view(b, on_view, r, NULL, err);
}

/* ---- db.sql ---- */

static int read_sqlite(struct records *r, int dir_fd, const char *file, struct sl_error *err)
{
	static const struct {
		const char *sql, *name;
	} rows[] = {{"SELECT JSON FROM ContainerConfig WHERE ID=?1", "libpod/config.json"},
		    {"SELECT JSON FROM ContainerState WHERE ID=?1", "libpod/state.json"}};
	const size_t count = is_own(r) ? ARRAY_SIZE(rows) : 1;
	struct db *db = NULL;
	int rc = db_open_copy(&db, dir_fd, file, COPY_MAX, err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		AUTO_FINALIZE struct db_stmt *q = NULL;
		const char *text;

		rc = db_prepare(&q, db, rows[i].sql, err);
		if (rc < 0)
			break;
		db_bind_text(q, 1, r->id);
		rc = db_step(q, err);
		text = rc == 0 ? db_column_text(q, 0) : NULL;
		if (text != NULL)
			rc = keep(r, is_own(r) ? rows[i].name : INFRA, text, strlen(text), err);
		else if (rc > 0)
			rc = 0;
	}
	db_close(db);
	return rc;
}

/* ---- either ---- */

static int read_database(struct records *r, const char *file,
			 int (*read)(struct records *r, int dir_fd, const char *file,
				     struct sl_error *err),
			 struct sl_error *err)
{
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *dir = NULL;
	AUTO_CLOSE int fd = -1;
	char *slash;

	if (asprintf(&path, "%s/%s", r->s->store.dir, file) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	dir = strdup(path);
	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	slash = strrchr(dir, '/');
	*slash = '\0';
	fd = root_open_subdir(r->s->place->root_fd, dir, ROOT_FOLLOW_INSIDE, NULL);
	if (fd < 0)
		return 0;
	r->path = path;
	r->first = r->c->artifact_count;
	return read(r, fd, slash + 1, err);
}

static int read_databases(struct records *r, struct sl_error *err)
{
	static const struct {
		const char *file;
		int (*read)(struct records *r, int dir_fd, const char *file, struct sl_error *err);
	} kinds[] = {{"libpod/db.sql", read_sqlite},
		     {"db.sql", read_sqlite},
		     {"libpod/bolt_state.db", read_bolt}};
	size_t before = r->c->artifact_count;
	int rc = 0;

	/* a host that was upgraded may have both: the newer kind counts, where it has it */
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(kinds) && r->c->artifact_count == before;
	     i++) {
		rc = read_database(r, kinds[i].file, kinds[i].read, err);
		if (rc == -SL_ENOTFOUND) {
			if (err != NULL)
				sl_error_clear(err);
			rc = 0;
		}
	}
	return rc;
}

static const struct sl_artifact *find(const struct sl_container *c, const char *name)
{
	for (size_t i = 0; i < c->artifact_count; i++)
		if (strcmp(c->artifacts[i].name, name) == 0 && c->artifacts[i].fd >= 0)
			return &c->artifacts[i];
	return NULL;
}

/* --log-opt path=: not in the container's own directory, which has been looked through. */
static int add_log(struct records *r, const char *path, struct sl_error *err)
{
	int fd;

	if (path == NULL || path[0] != '/' || find(r->c, "ctr.log") != NULL)
		return 0;
	fd = logfile_open(r->s->place->root_fd, path, r->s->store.dir, NULL);
	if (fd == -SL_ENOTFOUND)
		return 0;
	return sl_container_add_artifact(r->c, "ctr.log", path, fd >= 0 ? fd : -1, "k8s-file", err);
}

static int read_driver(struct records *r, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	AUTO_JVAL struct jval *doc = NULL;
	const struct sl_artifact *a = find(r->c, "libpod/config.json");
	const char *driver;

	if (a == NULL || root_read_fd(a->fd, &text, NULL) < 0 ||
	    jval_parse_bounded(&doc, text.data, text.len, CSTORE_VALUES_MAX, NULL) < 0)
		return 0;
	driver = jval_str(jval_get(doc, "logDriver"));
	if (driver == NULL || driver[0] == '\0')
		return 0;
	if (!cstore_keep(&r->c->log_driver, driver))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	return strcmp(driver, "k8s-file") == 0 ? add_log(r, jval_str(jval_get(doc, "logPath")), err)
					       : 0;
}

/* ---- the pod ---- */

/* The specification of the pod's sandbox: ports, and how the pod was asked for. */
static int add_sandbox(struct cstore *s, struct sl_container *c, struct sl_error *err)
{
	const char *id = c->pod != NULL && c->kind != SL_CONTAINER_SANDBOX ? c->pod->sandbox : NULL;

	for (size_t i = 0; id != NULL && cstore_is_name(id) && i < s->part_count; i++) {
		const struct cstore_part *part = &s->parts[i];
		AUTO_FREE char *path = NULL;
		AUTO_FREE char *below = NULL;
		AUTO_CLOSE int fd = -1;

		if (asprintf(&below, "%s/userdata/config.json", id) < 0)
			below = NULL;
		if (below == NULL ||
		    asprintf(&path, "%s/%s-containers/%s", part->dir, part->driver, below) < 0) {
			path = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "artifact");
		}
		if (part->containers_fd < 0)
			continue;
		fd = root_open_path(part->containers_fd, below, ROOT_NO_LINKS, NULL);
		if (fd >= 0 && is_regular(fd))
			return sl_container_add_artifact(c, "sandbox/config.json", path,
							 take_fd(&fd), NULL, err);
	}
	return 0;
}

/* The container that holds the namespaces of a Podman pod; NULL: the pod has none. */
static const char *infra_of(struct cstore *s, const struct sl_container *c)
{
	const char *pod = c->pod != NULL && c->kind != SL_CONTAINER_SANDBOX ? c->pod->uid : NULL;

	for (size_t i = 0; pod != NULL && i < s->libpod.count; i++) {
		const struct cstore_libpod_row *row = &s->libpod.rows[i];

		if (row->is_infra && row->pod != NULL && strcmp(row->pod, pod) == 0)
			return row->id;
	}
	return NULL;
}

static int add_infra(struct records *r, struct sl_error *err)
{
	const char *id = infra_of(r->s, r->c);

	if (id == NULL)
		return 0;
	r->id = id;
	return read_databases(r, err);
}

static int podman_evidence(struct records *r, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = cstore_libpod_read(r->s, err);

	if (rc < 0)
		return rc;
	rc = read_databases(r, &why);
	if (rc == 0)
		rc = add_infra(r, &why);
	if (rc < 0) {
		(void)sl_wrap(&why, rc, "Podman's database");
		return cstore_note_gap(r->c, &why, err);
	}
	return read_driver(r, err);
}

int cstore_evidence(struct store *store, struct sl_container *c, struct sl_error *err)
{
	struct records r = {.s = container_of(store, struct cstore, store), .c = c, .id = c->id};

	if (c->kind == SL_CONTAINER_ORPHAN || c->id == NULL || c->engine == NULL)
		return 0;
	if (strcmp(c->engine, "podman") == 0)
		return podman_evidence(&r, err);
	if (strcmp(c->engine, "cri-o") != 0)
		return 0;
	return cstore_keep(&c->log_driver, "cri") ? add_sandbox(r.s, c, err)
						  : sl_fail(err, SL_ENOMEM, 0, "container");
}
