/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Podman's own database: states, and pods. It is SQLite since 4.8 (db.sql) and was bolt before
 * (bolt_state.db); a host that was upgraded may have both, and then the newer kind counts.
 */
#include "host/cstore_libpod.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"

#define GAPS_MAX 16

static void row_clear(struct cstore_libpod_row *row)
{
	free(row->id);
	free(row->name);
	free(row->pod);
	free(row->config);
}

void cstore_libpod_forget(struct cstore_libpod *db, size_t rows, size_t pods)
{
	while (db->count > rows)
		row_clear(&db->rows[--db->count]);
	while (db->pod_count > pods) {
		free(db->pods[--db->pod_count].id);
		free(db->pods[db->pod_count].name);
	}
}

void cstore_libpod_clear(struct cstore_libpod *db)
{
	cstore_libpod_forget(db, 0, 0);
	free(db->rows);
	free(db->pods);
	for (size_t i = 0; i < db->gap_count; i++) {
		free(db->gaps[i].what);
		sl_error_clear(&db->gaps[i].why);
	}
	free(db->gaps);
	*db = (struct cstore_libpod){0};
}

int cstore_libpod_add(struct cstore_libpod *db, struct cstore_libpod_row **out,
		      struct sl_error *err)
{
	if (db->count == CSTORE_LIBPOD_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d containers", CSTORE_LIBPOD_MAX);
	if (db->count == db->cap) {
		size_t cap = db->cap == 0 ? 64 : db->cap * 2;
		struct cstore_libpod_row *grown = reallocarray(db->rows, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "containers");
		db->rows = grown;
		db->cap = cap;
	}
	*out = &db->rows[db->count++];
	**out = (struct cstore_libpod_row){0};
	return 0;
}

int cstore_libpod_add_pod(struct cstore_libpod *db, const char *id, const char *name,
			  struct sl_error *err)
{
	struct cstore_libpod_pod *grown, pod = {0};

	if (db->pod_count == CSTORE_LIBPOD_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d pods", CSTORE_LIBPOD_MAX);
	grown = reallocarray(db->pods, db->pod_count + 1, sizeof(*grown));
	if (grown != NULL)
		db->pods = grown;
	if (grown == NULL || !cstore_keep(&pod.id, id) || !cstore_keep(&pod.name, name)) {
		free(pod.id);
		return sl_fail(err, SL_ENOMEM, 0, "pods");
	}
	grown[db->pod_count++] = pod;
	return 0;
}

/* Go writes its zero time, year 1, for "never". */
static bool read_time(struct sl_time *out, const struct jval *v)
{
	const char *text = jval_str(v);

	return text != NULL && clock_parse(out, text, strlen(text)) == 0 && out->sec > -62135596800;
}

void cstore_libpod_state(struct cstore_libpod_row *row, const struct jval *state)
{
	/* libpod/define/containerstate.go, in its order; removing is 7, stopping is 8 */
	static const enum sl_container_state states[] = {
		SL_STATE_UNKNOWN, SL_STATE_CREATED, SL_STATE_CREATED,
		SL_STATE_RUNNING, SL_STATE_EXITED,  SL_STATE_PAUSED,
		SL_STATE_EXITED,  SL_STATE_DEAD,    SL_STATE_RUNNING,
	};
	int64_t n;

	if (jval_i64(jval_get(state, "state"), &n) == 0 && n >= 0 &&
	    n < (int64_t)ARRAY_SIZE(states))
		row->state = states[n];
	if (jval_i64(jval_get(state, "pid"), &n) == 0 && n > 0)
		row->pid = n;
	if (jval_i64(jval_get(state, "exitCode"), &n) == 0 && n >= INT_MIN && n <= INT_MAX)
		row->exit_code = (int)n;
	row->has_started = read_time(&row->started, jval_get(state, "startedTime"));
	row->has_finished = read_time(&row->finished, jval_get(state, "finishedTime"));
}

bool cstore_libpod_wants_config(const struct cstore *s, const char *id)
{
	for (size_t i = 0; i < s->part_count; i++)
		if (cstore_table_find(&s->parts[i].containers, id) != NULL)
			return false;
	return true;
}

int cstore_libpod_parse_state(struct cstore_libpod_row *row, const char *text, size_t len,
			      struct sl_error *err)
{
	struct jval *doc = NULL;
	int rc = jval_parse_bounded(&doc, text, len, CSTORE_VALUES_MAX, err);

	if (rc < 0)
		return sl_wrap(err, rc, "state of container %.12s", row->id);
	cstore_libpod_state(row, doc);
	jval_free(doc);
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct cstore_libpod_row *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static int compare_pods(const void *a, const void *b)
{
	const struct cstore_libpod_pod *x = a, *y = b;

	return strcmp(x->id, y->id);
}

int cstore_libpod_gap(struct cstore_libpod *db, const char *what, struct sl_error *why,
		      struct sl_error *err)
{
	struct cstore_gap *grown;
	char *copy;

	if (why->code == SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "store");
	if (db->gap_count == GAPS_MAX) {
		sl_error_clear(why);
		return 0;
	}
	grown = reallocarray(db->gaps, db->gap_count + 1, sizeof(*grown));
	if (grown != NULL)
		db->gaps = grown;
	copy = strdup(what);
	if (grown == NULL || copy == NULL) {
		free(copy);
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	grown[db->gap_count++] = (struct cstore_gap){.what = copy, .why = *why};
	*why = SL_ERROR_INIT;
	return 0;
}

/* 0 when it was read, 1 when it is not there; one that cannot be read is a gap, and 0. */
static int read_one(struct cstore *s, const char *file,
		    int (*read)(struct cstore *s, int dir_fd, const char *name,
				struct sl_error *err),
		    struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = -1;
	const char *slash;
	int rc;

	if (asprintf(&path, "%s/%s", s->store.dir, file) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	slash = strrchr(path, '/');
	path[slash - path] = '\0';
	fd = root_open_subdir(s->place->root_fd, path, ROOT_FOLLOW_INSIDE, NULL);
	path[slash - path] = '/';
	if (fd < 0)
		return 1;
	rc = read(s, fd, slash + 1, &why);
	if (rc >= 0)
		return rc;
	if (rc == -SL_ENOTFOUND)
		return 1;
	return cstore_libpod_gap(&s->libpod, path, &why, err);
}

int cstore_libpod_read(struct cstore *s, struct sl_error *err)
{
	static const struct {
		const char *file;
		int (*read)(struct cstore *s, int dir_fd, const char *name, struct sl_error *err);
	} kinds[] = {
		{"libpod/db.sql", cstore_libpod_sqlite},
		{"db.sql", cstore_libpod_sqlite},
		{"libpod/bolt_state.db", cstore_libpod_bolt},
	};
	struct cstore_libpod *db = &s->libpod;
	int rc = 0;

	if (db->is_read)
		return 0;
	/* who has a row in the store decides whose configuration is kept */
	for (size_t i = 0; rc == 0 && i < s->part_count; i++)
		rc = cstore_containers_read(s, &s->parts[i], err);
	if (rc < 0)
		return rc;
	rc = 1;
	for (size_t i = 0; rc == 1 && i < ARRAY_SIZE(kinds); i++)
		rc = read_one(s, kinds[i].file, kinds[i].read, err);
	if (rc < 0)
		return rc;
	if (db->count > 1)
		qsort(db->rows, db->count, sizeof(*db->rows), compare_rows);
	if (db->pod_count > 1)
		qsort(db->pods, db->pod_count, sizeof(*db->pods), compare_pods);
	db->is_read = true;
	return 0;
}

static int compare_id(const void *key, const void *row)
{
	return strcmp(key, ((const struct cstore_libpod_row *)row)->id);
}

struct cstore_libpod_row *cstore_libpod_find(const struct cstore_libpod *db, const char *id)
{
	if (db->count == 0)
		return NULL;
	return bsearch(id, db->rows, db->count, sizeof(*db->rows), compare_id);
}

static int compare_pod_id(const void *key, const void *pod)
{
	return strcmp(key, ((const struct cstore_libpod_pod *)pod)->id);
}

const char *cstore_libpod_pod_name(const struct cstore_libpod *db, const char *id)
{
	const struct cstore_libpod_pod *pod =
		db->pod_count > 0
			? bsearch(id, db->pods, db->pod_count, sizeof(*pod), compare_pod_id)
			: NULL;

	return pod != NULL ? pod->name : NULL;
}
