/* SPDX-License-Identifier: Apache-2.0 */
/* db.sql, Podman's database since 4.8. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "host/cstore_libpod.h"

/* Largest database, log included, that is copied. */
#define COPY_MAX ((uint64_t)512 * 1024 * 1024)

struct reader {
	struct cstore *s;
	struct db *db;
	const char *name;
	size_t configs;
};

static void reader_clear(struct reader *r)
{
	db_close(r->db);
}

static const char *text(struct db_stmt *q, int column)
{
	const char *s = db_column_text(q, column);

	return s != NULL && s[0] != '\0' ? s : NULL;
}

static int keep_config(struct reader *r, struct cstore_libpod_row *row, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *q = NULL;
	const char *config;
	int rc;

	if (r->configs == CSTORE_LIBPOD_CONFIGS_MAX || !cstore_libpod_wants_config(r->s, row->id))
		return 0;
	rc = db_prepare(&q, r->db, "SELECT JSON FROM ContainerConfig WHERE ID=?1", err);
	if (rc < 0)
		return rc;
	db_bind_text(q, 1, row->id);
	rc = db_step(q, err);
	config = rc == 0 ? text(q, 0) : NULL;
	if (config == NULL || strlen(config) > CSTORE_LIBPOD_CONFIG_MAX)
		return rc < 0 ? rc : 0;
	if (!cstore_keep(&row->config, config))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	row->config_len = strlen(config);
	r->configs++;
	return 0;
}

static int on_container(struct reader *r, struct db_stmt *q, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct cstore_libpod_row *row;
	const char *id = text(q, 0), *state = text(q, 3);
	int rc;

	if (id == NULL || !cstore_is_name(id))
		return 0;
	rc = cstore_libpod_add(&r->s->libpod, &row, err);
	if (rc < 0)
		return rc;
	if (!cstore_keep(&row->id, id) || !cstore_keep(&row->name, text(q, 1)) ||
	    !cstore_keep(&row->pod, text(q, 2)))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (state != NULL && cstore_libpod_parse_state(row, state, strlen(state), &why) < 0) {
		rc = cstore_libpod_gap(&r->s->libpod, r->name, &why, err);
		if (rc < 0)
			return rc;
	}
	return keep_config(r, row, err);
}

static int on_pod(struct reader *r, struct db_stmt *q, struct sl_error *err)
{
	const char *id = text(q, 0), *name = text(q, 1), *infra = text(q, 2);

	for (size_t i = 0; infra != NULL && i < r->s->libpod.count; i++)
		if (strcmp(r->s->libpod.rows[i].id, infra) == 0)
			r->s->libpod.rows[i].is_infra = true;
	return id != NULL && name != NULL ? cstore_libpod_add_pod(&r->s->libpod, id, name, err) : 0;
}

static int each(struct reader *r, const char *sql,
		int (*fn)(struct reader *r, struct db_stmt *q, struct sl_error *err),
		struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *q = NULL;
	int rc = db_prepare(&q, r->db, sql, err);

	while (rc == 0 && (rc = db_step(q, err)) == 0)
		rc = fn(r, q, err);
	return rc < 0 ? rc : 0;
}

int cstore_libpod_sqlite(struct cstore *s, int dir_fd, const char *name, struct sl_error *err)
{
	CLEANUP(reader_clear) struct reader r = {.s = s, .name = name};
	int rc = db_open_copy(&r.db, dir_fd, name, COPY_MAX, err);

	if (rc == 0)
		rc = each(&r,
			  "SELECT c.ID, c.Name, c.PodID, s.JSON FROM ContainerConfig c "
			  "LEFT JOIN ContainerState s ON s.ID = c.ID",
			  on_container, err);
	if (rc == 0)
		rc = each(&r,
			  "SELECT p.ID, p.Name, s.InfraContainerID FROM PodConfig p "
			  "LEFT JOIN PodState s ON s.ID = p.ID",
			  on_pod, err);
	return rc;
}
