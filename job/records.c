/* SPDX-License-Identifier: Apache-2.0 */
#include "job/records.h"

#include <unistd.h>

#include "core/cleanup.h"
#include "job/database.h"

/* Append only (core/db.h). */
static const struct db_migration migrations[] = {
	{"approval", 1,
	 "CREATE TABLE approval ("
	 " kind TEXT NOT NULL,"    /* name, pod, image */
	 " key TEXT NOT NULL,"     /* whose it is */
	 " profile TEXT NOT NULL," /* settings as JSON */
	 " approved_by TEXT NOT NULL,"
	 " reason TEXT,"
	 " at_s INTEGER NOT NULL, at_ns INTEGER NOT NULL,"
	 " PRIMARY KEY (kind, key)) WITHOUT ROWID",
	 NULL},
	{"ack", 1,
	 "CREATE TABLE ack ("
	 " seq INTEGER PRIMARY KEY,"
	 " revoked INTEGER NOT NULL,"
	 " finding BLOB NOT NULL,"
	 " by TEXT NOT NULL,"
	 " reason TEXT NOT NULL,"
	 " until_s INTEGER, until_ns INTEGER,"
	 " at_s INTEGER NOT NULL, at_ns INTEGER NOT NULL,"
	 " hash BLOB NOT NULL);" /* of the row, behind that of the row before */
	 "CREATE INDEX ack_finding ON ack (finding, seq);"
	 "CREATE TABLE seen ("     /* what the last run that asked for news found */
	 " subject TEXT NOT NULL," /* in which container */
	 " finding BLOB NOT NULL,"
	 " PRIMARY KEY (subject, finding)) WITHOUT ROWID",
	 NULL},
	{"called", 1,
	 "CREATE TABLE called ("     /* names that are looked up by what does not change */
	 " container TEXT NOT NULL," /* ENGINE:ID */
	 " use INTEGER NOT NULL,"    /* enum called_use */
	 " name TEXT NOT NULL,"
	 " PRIMARY KEY (container, use)) WITHOUT ROWID",
	 NULL},
};

int records_open(const struct job *job, struct db **out, struct sl_error *err)
{
	struct sl_baselines *baselines = NULL;
	int rc;

	if (job->db == NULL)
		return sl_fail(err, SL_EINVAL, 0,
			       "there is no database to keep it in: name one with --db FILE");
	/* the same rules about where it may lie, and the directories above it are made */
	rc = job_database_open(job, &baselines, err);
	if (rc < 0)
		return rc;
	sl_baselines_close(baselines);
	rc = db_open(out, job->db, migrations, ARRAY_SIZE(migrations), err);
	if (rc < 0)
		return rc;
	rc = db_writable(*out, err);
	if (rc < 0) {
		db_close(*out);
		*out = NULL;
	}
	return rc;
}

int records_has_table(struct db *db, const char *table, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, db, "SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?1",
			    err);

	if (rc < 0)
		return rc;
	db_bind_text(s, 1, table);
	return db_step(s, err);
}

/* A table that was made once does not go by itself: then "nobody ever" would be a lie. */
static int check_missing(struct db *db, const char *table, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = records_has_table(db, "migration", err);

	if (rc == 0)
		rc = db_prepare(&s, db, "SELECT 1 FROM migration WHERE room=?1", err);
	if (rc != 0)
		return rc;
	db_bind_text(s, 1, table);
	rc = db_step(s, err);
	return rc == 0 ? sl_fail(err, SL_EUNTRUSTED, 0,
				 "table '%s' of the database is gone: somebody took it out", table)
		       : rc;
}

int records_read(const struct job *job, const char *table, struct db **out, struct sl_error *err)
{
	int rc;

	*out = NULL;
	if (job->db == NULL || access(job->db, F_OK) < 0)
		return 1;
	rc = db_open(out, job->db, NULL, 0, err);
	if (rc < 0)
		return rc;
	rc = records_has_table(*out, table, err);
	if (rc > 0)
		rc = check_missing(*out, table, err);
	if (rc != 0) {
		db_close(*out);
		*out = NULL;
	}
	return rc;
}
