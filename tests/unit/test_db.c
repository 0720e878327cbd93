/* SPDX-License-Identifier: Apache-2.0 */
/* Several connections to one database, in one process and in several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/db.h"

static const struct db_migration tables[] = {
	{"test", 1, "CREATE TABLE t (n INTEGER PRIMARY KEY)", NULL},
};

static struct db *open_db(void)
{
	struct db *db = NULL;

	assert_int_equal(db_open(&db, "db", tables, ARRAY_SIZE(tables), NULL), 0);
	return db;
}

static int enter_scratch(void **state)
{
	char *dir = strdup("/tmp/strandline-db-XXXXXX");

	*state = dir;
	return dir == NULL || mkdtemp(dir) == NULL || chdir(dir) < 0 ? -1 : 0;
}

static int leave_scratch(void **state)
{
	AUTO_FREE char *dir = *state;

	(void)unlink("db");
	(void)unlink("db-wal");
	(void)unlink("db-shm");
	return chdir("/") == 0 ? rmdir(dir) : -1;
}

/* Whoever closes a database last takes its log away. */
static int write_once(int n)
{
	struct db *db = NULL;
	char sql[64];
	int rc = db_open(&db, "db", tables, ARRAY_SIZE(tables), NULL);

	(void)snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%d)", n);
	if (rc == 0)
		rc = db_exec(db, sql, NULL);
	db_close(db);
	return rc;
}

/*
 * Another process, begun before this one has any connection: SQLite would take inherited ones for
 * its own. Each number that is sent to it is written; it answers with how that went.
 */
static pid_t begin_other(int *to, int *from)
{
	int there[2], back[2];
	pid_t child;

	assert_int_equal(pipe(there), 0);
	assert_int_equal(pipe(back), 0);
	child = fork();
	if (child == 0) {
		int n, rc;

		close(there[1]);
		while (read(there[0], &n, sizeof(n)) == sizeof(n)) {
			rc = write_once(n);
			if (write(back[1], &rc, sizeof(rc)) != sizeof(rc))
				break;
		}
		_exit(0);
	}
	close(there[0]);
	close(back[1]);
	*to = there[1];
	*from = back[0];
	return child;
}

static void a_connection_that_is_closed_takes_nothing_from_another_one(void **state)
{
	AUTO_CLOSE int to = -1;
	AUTO_CLOSE int from = -1;
	pid_t other = begin_other(&to, &from);
	struct db *first = open_db();

	(void)state;
	assert_int_equal(db_exec(first, "INSERT INTO t VALUES (1)", NULL), 0);
	db_close(open_db());
	for (int n = 2, rc = -1; n <= 3; n++) {
		assert_int_equal(write(to, &n, sizeof(n)), sizeof(n));
		assert_int_equal(read(from, &rc, sizeof(rc)), sizeof(rc));
		assert_int_equal(rc, 0);
		/* it is not the last one that has it open */
		assert_int_equal(access("db-wal", F_OK), 0);
	}
	assert_int_equal(db_exec(first, "INSERT INTO t VALUES (4)", NULL), 0);
	db_close(first);
	close(to);
	to = -1;
	assert_int_equal(waitpid(other, NULL, 0), other);
	first = open_db();
	/* all four are there */
	for (int n = 1; n <= 4; n++) {
		char sql[64];

		(void)snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%d)", n);
		assert_int_equal(db_exec(first, sql, NULL), -SL_EIO);
	}
	db_close(first);
}

static void a_statement_that_is_asked_to_stop_changes_nothing(void **state)
{
	static const char insert[] = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "
				     "c WHERE n < 100000) INSERT INTO t SELECT n FROM c";
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	volatile sig_atomic_t stop = 1;
	struct db *db = open_db();

	(void)state;
	db_stop(db, &stop);
	assert_int_equal(db_exec(db, insert, &err), -SL_ECANCELLED);
	assert_string_equal(sl_error_text(&err), "stopped by a signal");
	stop = 0;
	assert_int_equal(db_exec(db, insert, NULL), 0);
	stop = 1;
	assert_int_equal(db_exec(db, "VACUUM", NULL), -SL_ECANCELLED);
	db_stop(db, NULL);
	assert_int_equal(db_exec(db, "VACUUM", NULL), 0);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_connection_that_is_closed_takes_nothing_from_another_one, enter_scratch,
			leave_scratch),
		cmocka_unit_test_setup_teardown(a_statement_that_is_asked_to_stop_changes_nothing,
						enter_scratch, leave_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
