/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of db.h: for db*.c alone. */
#ifndef CORE_DBHANDLE_H
#define CORE_DBHANDLE_H

#include <sqlite3.h>

#include "core/db.h"

/*
 * "SLdb": tells our files from other programs' before anything is written into them. The statement
 * in dbmigrate.c has it, too.
 */
#define DB_APPLICATION_ID 0x534c6462

struct db {
	sqlite3 *handle;
	char *name; /* for messages */
	bool is_readonly;
};

/* What SQLite said. */
int db_fail(struct db *db, int status, struct sl_error *err);
/* First column of the first row, or @missing. */
int db_read_number(struct db *db, const char *sql, int64_t missing, int64_t *out,
		   struct sl_error *err);

/* How many of the steps are still to be done; refuses what a later program has already changed. */
int dbmigrate_pending(struct db *db, const struct db_migration *m, size_t count, size_t *pending,
		      struct sl_error *err);
/* Do them, all or none. */
int dbmigrate_apply(struct db *db, const struct db_migration *m, size_t count,
		    struct sl_error *err);

#endif
