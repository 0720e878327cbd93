/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing the tables of each room up to date, one step after the other. */
#include <string.h>

#include "core/dbhandle.h"

static int applied_version(struct db *db, const char *room, int64_t *out, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc;

	*out = 0;
	rc = db_read_number(db, "SELECT 1 FROM sqlite_schema WHERE name='migration'", 0, out, err);
	if (rc < 0 || *out == 0)
		return rc;
	rc = db_prepare(&s, db, "SELECT max(version) FROM migration WHERE room=?1", err);
	if (rc == 0) {
		db_bind_text(s, 1, room);
		rc = db_step(s, err);
	}
	if (rc >= 0)
		*out = rc == 0 ? db_column_i64(s, 0) : 0;
	db_finalize(s);
	return rc < 0 ? rc : 0;
}

int dbmigrate_pending(struct db *db, const struct db_migration *m, size_t count, size_t *pending,
		      struct sl_error *err)
{
	*pending = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t done;
		int newest = 0;
		int rc = applied_version(db, m[i].room, &done, err);

		if (rc < 0)
			return rc;
		for (size_t j = 0; j < count; j++)
			if (strcmp(m[j].room, m[i].room) == 0 && m[j].version > newest)
				newest = m[j].version;
		if (done > newest)
			return sl_fail(err, SL_EUNSUPPORTED, 0,
				       "database '%s' was made by a later version (%s tables: "
				       "%lld, known: %d)",
				       db->name, m[i].room, (long long)done, newest);
		*pending += m[i].version > done;
	}
	return 0;
}

static int apply_migration(struct db *db, const struct db_migration *m, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int64_t done;
	int rc = applied_version(db, m->room, &done, err);

	/* another process may have been faster */
	if (rc < 0 || m->version <= done)
		return rc;
	rc = db_exec(db, m->sql, err);
	if (rc == 0 && m->fill != NULL)
		rc = m->fill(db, err);
	if (rc < 0)
		return sl_wrap(err, rc, "tables of %s, version %d", m->room, m->version);
	rc = db_prepare(&s, db, "INSERT INTO migration VALUES (?1, ?2)", err);
	if (rc == 0) {
		db_bind_text(s, 1, m->room);
		db_bind_i64(s, 2, m->version);
		rc = db_step(s, err);
	}
	db_finalize(s);
	return rc < 0 ? rc : 0;
}

int dbmigrate_apply(struct db *db, const struct db_migration *m, size_t count, struct sl_error *err)
{
	int rc = db_begin(db, err);

	if (rc == 0)
		rc = db_exec(db,
			     "CREATE TABLE IF NOT EXISTS migration (room TEXT NOT NULL, version "
			     "INTEGER NOT NULL, PRIMARY KEY (room, version)) WITHOUT ROWID;"
			     "PRAGMA application_id=0x534c6462",
			     err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = apply_migration(db, &m[i], err);
	if (rc == 0)
		rc = db_commit(db, err);
	if (rc < 0)
		db_rollback(db);
	return rc;
}
