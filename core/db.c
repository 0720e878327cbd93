/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, transactions and what SQLite says of them. */
#include "core/db.h"

#include <errno.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/dbhandle.h"
#include "core/halt.h"

/* Of SQLite's machine, between two looks at what db_stop() was given. */
#define STEPS_PER_LOOK 4096

struct db_stmt {
	struct db *db;
	sqlite3_stmt *handle;
	int bind_status; /* first failure of a bind since the last reset */
};

/* errno where SQLite's own code says more than the one of the last system call. */
static int system_error(struct db *db, int status)
{
	switch (status & 0xff) {
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return sqlite3_system_errno(db->handle);
	default:
		return 0;
	}
}

static enum sl_code code_of(int status)
{
	switch (status & 0xff) {
	case SQLITE_NOMEM:
		return SL_ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return SL_EFORMAT;
	case SQLITE_TOOBIG:
		return SL_ELIMIT;
	default:
		return SL_EIO;
	}
}

int db_fail(struct db *db, int status, struct sl_error *err)
{
	if ((status & 0xff) == SQLITE_INTERRUPT)
		return sl_fail(err, SL_ECANCELLED, 0, "stopped by a signal");
	return sl_fail(err, code_of(status), system_error(db, status), "database '%s': %s",
		       db->name, sqlite3_errstr(status));
}

static int look_at_stop(void *stop)
{
	return is_halted(stop) ? 1 : 0;
}

void db_stop(struct db *db, const volatile sig_atomic_t *stop)
{
	sqlite3_progress_handler(db->handle, STEPS_PER_LOOK, stop != NULL ? look_at_stop : NULL,
				 (void *)(uintptr_t)stop);
}

int db_exec(struct db *db, const char *sql, struct sl_error *err)
{
	int status = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return status == SQLITE_OK ? 0 : db_fail(db, status, err);
}

int db_read_number(struct db *db, const char *sql, int64_t missing, int64_t *out,
		   struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, db, sql, err);

	if (rc == 0)
		rc = db_step(s, err);
	if (rc >= 0)
		*out = rc == 0 ? db_column_i64(s, 0) : missing;
	db_finalize(s);
	return rc < 0 ? rc : 0;
}

int db_begin(struct db *db, struct sl_error *err)
{
	return db_exec(db, "BEGIN IMMEDIATE", err);
}

int db_commit(struct db *db, struct sl_error *err)
{
	return db_exec(db, "COMMIT", err);
}

void db_rollback(struct db *db)
{
	if (sqlite3_get_autocommit(db->handle) == 0)
		(void)db_exec(db, "ROLLBACK", NULL);
}

int db_writable(struct db *db, struct sl_error *err)
{
	if (!db->is_readonly)
		return 0;
	return sl_fail(err, SL_EIO, EROFS, "database '%s' cannot be written", db->name);
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	(void)sqlite3_close_v2(db->handle);
	free(db->name);
	free(db);
}

int db_prepare(struct db_stmt **out, struct db *db, const char *sql, struct sl_error *err)
{
	struct db_stmt *s = calloc(1, sizeof(*s));
	int status;

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "database statement");
	s->db = db;
	status = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle,
				    NULL);
	if (status != SQLITE_OK) {
		free(s);
		return db_fail(db, status, err);
	}
	*out = s;
	return 0;
}

void db_finalize(struct db_stmt *s)
{
	if (s == NULL)
		return;
	(void)sqlite3_finalize(s->handle);
	free(s);
}

void db_reset(struct db_stmt *s)
{
	/* the status repeats what step has already reported */
	(void)sqlite3_reset(s->handle);
	s->bind_status = SQLITE_OK;
}

static void note_bind(struct db_stmt *s, int status)
{
	if (s->bind_status == SQLITE_OK)
		s->bind_status = status;
}

void db_bind_i64(struct db_stmt *s, int index, int64_t n)
{
	note_bind(s, sqlite3_bind_int64(s->handle, index, n));
}

void db_bind_blob(struct db_stmt *s, int index, const void *bytes, size_t len)
{
	note_bind(s, sqlite3_bind_blob64(s->handle, index, bytes, len, SQLITE_STATIC));
}

void db_bind_text(struct db_stmt *s, int index, const char *text)
{
	note_bind(s, sqlite3_bind_text(s->handle, index, text, -1, SQLITE_STATIC));
}

void db_bind_null(struct db_stmt *s, int index)
{
	note_bind(s, sqlite3_bind_null(s->handle, index));
}

int db_step(struct db_stmt *s, struct sl_error *err)
{
	int status = s->bind_status != SQLITE_OK ? s->bind_status : sqlite3_step(s->handle);

	if (status == SQLITE_ROW)
		return 0;
	return status == SQLITE_DONE ? 1 : db_fail(s->db, status, err);
}

int64_t db_column_i64(struct db_stmt *s, int column)
{
	return sqlite3_column_int64(s->handle, column);
}

const void *db_column_blob(struct db_stmt *s, int column, size_t *len)
{
	const void *bytes = sqlite3_column_blob(s->handle, column);

	*len = (size_t)sqlite3_column_bytes(s->handle, column);
	return bytes;
}

const char *db_column_text(struct db_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s->handle, column);
}

bool db_column_is_null(struct db_stmt *s, int column)
{
	return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}
