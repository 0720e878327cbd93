/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite with the few calls we use. Opening and migrating is here; each room brings the statements
 * that make its tables. One connection is used by one thread.
 */
#ifndef CORE_DB_H
#define CORE_DB_H

#include <signal.h>

#include <strandline/error.h>

#include "core/cleanup.h"

struct db;
struct db_stmt;

/* One step of a room's schema. Applied once, in order, inside a transaction; append only. */
struct db_migration {
	const char *room; /* e.g. "baseline" */
	int version;      /* 1, 2, ... within the room */
	const char *sql;
	/* What statements alone cannot do to the rows that are there; may be NULL. */
	int (*fill)(struct db *db, struct sl_error *err);
};

/*
 * Open or create. NULL is a private temporary database that vanishes with the handle. A database
 * that is newer than this program is -SL_EUNSUPPORTED.
 *
 * A file that cannot be written (its mode, its directory, its file system) is opened for reading,
 * unless it is older than this program.
 */
int db_open(struct db **out, const char *path, const struct db_migration *migrations, size_t count,
	    struct sl_error *err);
/*
 * Another program's database, as it is with what its log holds: the file @name in @dir_fd and those
 * beside it are copied to a private directory in $TMPDIR, which is gone when this returns. More
 * than @max bytes is -SL_ELIMIT. Where it is not there, -SL_ENOTFOUND.
 */
int db_open_copy(struct db **out, int dir_fd, const char *name, uint64_t max, struct sl_error *err);
/*
 * The same for one whose files come from elsewhere: @pour writes what stands at the database's name
 * with @suffix ("", "-wal", "-journal") behind it to @fd; 1: there is none.
 */
int db_open_poured(struct db **out,
		   int (*pour)(void *payload, const char *suffix, int fd, struct sl_error *err),
		   void *payload, struct sl_error *err);
/* A database that is nobody else's any more: what db_open_copy() made. */
int db_open_foreign(struct db **out, const char *path, struct sl_error *err);
void db_close(struct db *db);
/* 0; -SL_EIO when the database can only be read. Ask before long work that ends in writing. */
int db_writable(struct db *db, struct sl_error *err);

/*
 * Statements end with -SL_ECANCELLED soon after *@stop is not 0, and change nothing. It is
 * borrowed; NULL: they never do.
 */
void db_stop(struct db *db, const volatile sig_atomic_t *stop);

int db_exec(struct db *db, const char *sql, struct sl_error *err);
int db_begin(struct db *db, struct sl_error *err); /* IMMEDIATE */
int db_commit(struct db *db, struct sl_error *err);
void db_rollback(struct db *db);

int db_prepare(struct db_stmt **out, struct db *db, const char *sql, struct sl_error *err);
void db_finalize(struct db_stmt *s);
#define AUTO_FINALIZE CLEANUP(db_finalizep)
static inline void db_finalizep(struct db_stmt *const *s)
{
	db_finalize(*s);
}
void db_reset(struct db_stmt *s);
/* Index counts from 1. Blobs and texts are borrowed until the next reset. NULL data binds NULL. */
void db_bind_i64(struct db_stmt *s, int index, int64_t n);
void db_bind_blob(struct db_stmt *s, int index, const void *bytes, size_t len);
void db_bind_text(struct db_stmt *s, int index, const char *text);
void db_bind_null(struct db_stmt *s, int index);
/* 0 and a row; 1 when there is none (left); negative. */
int db_step(struct db_stmt *s, struct sl_error *err);
/* Columns count from 0; borrowed until the next step. */
int64_t db_column_i64(struct db_stmt *s, int column);
const void *db_column_blob(struct db_stmt *s, int column, size_t *len);
const char *db_column_text(struct db_stmt *s, int column);
bool db_column_is_null(struct db_stmt *s, int column);
/* Rows that the last INSERT, UPDATE or DELETE touched. */
int64_t db_changes(struct db *db);

#endif
