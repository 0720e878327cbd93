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

/* Opens, writes and closes the database: whoever closes it last takes its log away. */
static void another_process_writes(int n)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		struct db *db = NULL;
		char sql[64];

		(void)snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%d)", n);
		if (db_open(&db, "db", tables, ARRAY_SIZE(tables), NULL) < 0 ||
		    db_exec(db, sql, NULL) < 0)
			_exit(1);
		db_close(db);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_connection_that_is_closed_takes_nothing_from_another_one(void **state)
{
	struct db *first = open_db();

	(void)state;
	assert_int_equal(db_exec(first, "INSERT INTO t VALUES (1)", NULL), 0);
	db_close(open_db());
	another_process_writes(2);
	assert_int_equal(access("db-wal", F_OK), 0);
	assert_int_equal(db_exec(first, "INSERT INTO t VALUES (3)", NULL), 0);
	another_process_writes(4);
	db_close(first);
	first = open_db();
	for (int n = 1; n <= 4; n++) {
		char sql[64];

		(void)snprintf(sql, sizeof(sql), "INSERT INTO t VALUES (%d)", n);
		assert_int_equal(db_exec(first, sql, NULL), -SL_EIO); /* it is there */
	}
	db_close(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_connection_that_is_closed_takes_nothing_from_another_one, enter_scratch,
			leave_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
