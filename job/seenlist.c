/* SPDX-License-Identifier: Apache-2.0 */
#include "job/seenlist.h"

#include <stdlib.h>
#include <string.h>

struct seenlist {
	struct db *db;
	char *subject;
	struct db_stmt *ask, *keep;
};

/* What this run finds waits in a table of this connection's own: nobody is kept from writing. */
int seenlist_open(struct seenlist **out, struct db *db, const char *subject, struct sl_error *err)
{
	struct seenlist *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "last run");
	s->db = db;
	s->subject = strdup(subject);
	if (s->subject == NULL) {
		seenlist_free(s);
		return sl_fail(err, SL_ENOMEM, 0, "last run");
	}
	rc = db_exec(db,
		     "CREATE TEMP TABLE IF NOT EXISTS met (finding BLOB PRIMARY KEY) WITHOUT ROWID;"
		     "DELETE FROM met",
		     err);
	if (rc == 0)
		rc = db_prepare(&s->ask, db, "SELECT 1 FROM seen WHERE subject=?1 AND finding=?2",
				err);
	if (rc == 0)
		rc = db_prepare(&s->keep, db, "INSERT OR IGNORE INTO met VALUES (?1)", err);
	if (rc < 0) {
		seenlist_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

int seenlist_meet(struct seenlist *s, const uint8_t finding[SL_SHA256_SIZE], struct sl_error *err)
{
	int rc;

	db_reset(s->keep);
	db_bind_blob(s->keep, 1, finding, SL_SHA256_SIZE);
	rc = db_step(s->keep, err);
	if (rc < 0)
		return rc;
	db_reset(s->ask);
	db_bind_text(s->ask, 1, s->subject);
	db_bind_blob(s->ask, 2, finding, SL_SHA256_SIZE);
	rc = db_step(s->ask, err);
	if (rc < 0)
		return rc;
	db_reset(s->ask);
	return rc == 0;
}

static int replace(struct seenlist *s, const char *sql, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *stmt = NULL;
	int rc = db_prepare(&stmt, s->db, sql, err);

	if (rc < 0)
		return rc;
	db_bind_text(stmt, 1, s->subject);
	rc = db_step(stmt, err);
	return rc < 0 ? rc : 0;
}

int seenlist_commit(struct seenlist *s, struct sl_error *err)
{
	int rc;

	db_reset(s->keep);
	rc = db_begin(s->db, err);
	if (rc < 0)
		return rc;
	rc = replace(s, "DELETE FROM seen WHERE subject=?1", err);
	if (rc == 0)
		rc = replace(s, "INSERT INTO seen SELECT ?1, finding FROM met", err);
	if (rc == 0)
		rc = db_commit(s->db, err);
	if (rc < 0)
		db_rollback(s->db);
	return rc;
}

void seenlist_free(struct seenlist *s)
{
	if (s == NULL)
		return;
	db_finalize(s->ask);
	db_finalize(s->keep);
	free(s->subject);
	free(s);
}
