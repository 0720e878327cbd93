/* SPDX-License-Identifier: Apache-2.0 */
/* Podman's SQLite database. (A real bolt_state.db is read in tests/engines/t_podman_store.sh.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "unit/fake_cstore.h"

#define ID "7777777777777777777777777777777777777777777777777777777777777777"
#define FOREIGN "8888888888888888888888888888888888888888888888888888888888888888"

static const char schema[] =
	"CREATE TABLE ContainerConfig(ID TEXT PRIMARY KEY NOT NULL, Name TEXT UNIQUE NOT NULL,"
	" PodID TEXT, JSON TEXT NOT NULL);"
	"CREATE TABLE ContainerState(ID TEXT PRIMARY KEY NOT NULL, State INTEGER NOT NULL,"
	" ExitCode INTEGER, JSON TEXT NOT NULL);"
	"CREATE TABLE PodConfig(ID TEXT PRIMARY KEY NOT NULL, Name TEXT UNIQUE NOT NULL,"
	" JSON TEXT NOT NULL);"
	"CREATE TABLE PodState(ID TEXT PRIMARY KEY NOT NULL, InfraContainerID TEXT,"
	" JSON TEXT NOT NULL);";

static const char rows[] = "INSERT INTO ContainerConfig VALUES('" ID "','seven','b0d','{}');"
			   "INSERT INTO ContainerState VALUES('" ID "',6,3,"
			   "'{\"state\":6,\"exitCode\":3,\"startedTime\":\"2026-01-02T03:04:06Z\","
			   "\"finishedTime\":\"2026-01-02T03:04:07Z\"}');"
			   "INSERT INTO PodConfig VALUES('b0d','shop','{}');"
			   "INSERT INTO PodState VALUES('b0d','','{}');"
			   "INSERT INTO ContainerConfig VALUES('" FOREIGN "','by-hand',NULL,"
			   "'{\"rootfs\":\"/srv/tree\",\"spec\":{\"process\":{\"cwd\":\"/x\"}}}');";

struct fixture {
	struct fake_cstore store;
	char *path; /* of the database */
	struct db *writer;
	struct host *host;
	struct sl_error err;
	struct sl_container *c;
};

/* The rows are left in the log, as they are while Podman runs. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_cstore_begin(&f->store, fake_root(), "localhost/web:1");
	fake_cstore_container(&f->store, '7', ",\"names\":[\"seven\"],\"metadata\":\"{}\"");
	fake_cstore_write(&f->store);
	fake_dir(f->store.root, GR "/libpod");
	assert_true(asprintf(&f->path, "%s/" GR "/libpod/db.sql", f->store.root) >= 0);
	assert_int_equal(db_open_foreign(&f->writer, f->path, &f->err), 0);
	assert_int_equal(db_exec(f->writer, "PRAGMA journal_mode=WAL", &f->err), 0);
	assert_int_equal(db_exec(f->writer, schema, &f->err), 0);
	assert_int_equal(db_exec(f->writer, rows, &f->err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sl_container_free(f->c);
	host_close(f->host);
	db_close(f->writer);
	sl_error_clear(&f->err);
	fake_root_remove(f->store.root);
	fake_cstore_clear(&f->store);
	free(f->path);
	free(f);
	return 0;
}

static const struct sl_container *find(struct fixture *f, const char *word)
{
	struct host_options options = {.root = f->store.root};

	sl_container_free(f->c);
	f->c = NULL;
	if (f->host == NULL)
		assert_int_equal(host_open(&f->host, &options, &f->err), 0);
	if (host_find_container(f->host, word, &f->c, &f->err) < 0)
		fail_msg("%s", sl_error_text(&f->err));
	return f->c;
}

static void state_and_pod_are_read_from_the_log_too(void **state)
{
	struct fixture *f = *state;
	const struct sl_container *c;
	AUTO_FREE char *log = NULL;
	struct stat st;

	assert_true(asprintf(&log, "%s-wal", f->path) >= 0);
	assert_int_equal(stat(log, &st), 0); /* else this proves nothing */
	assert_true(st.st_size > 0);
	c = find(f, "seven");
	assert_int_equal(c->state, SL_STATE_EXITED);
	assert_int_equal(c->exit_code, 3);
	assert_true(c->has_started && c->has_finished);
	assert_int_equal(c->finished.sec - c->started.sec, 1);
	assert_non_null(c->pod);
	assert_string_equal(c->pod->name, "shop");
	assert_string_equal(c->pod->container, "seven");
}

static void a_container_on_a_directory_of_its_own_is_listed_and_refused(void **state)
{
	struct fixture *f = *state;
	const struct sl_container *c;

	fake_file(f->store.root, "x", "srv/tree/file");
	c = find(f, "by-hand");
	assert_string_equal(c->workdir, "/x");
	assert_string_equal(c->stack.upper_path, "/srv/tree");
	assert_true(c->stack.upper_fd >= 0);
	assert_true(c->stack.is_whole);
	assert_non_null(strstr(c->stack.unsupported, "not on an image"));
}

static void the_database_is_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *dir = strndup(f->path, strlen(f->path) - strlen("/db.sql"));
	struct stat before[2], after[2];

	assert_int_equal(stat(f->path, &before[0]), 0);
	assert_int_equal(stat(dir, &before[1]), 0);
	(void)find(f, "seven");
	assert_int_equal(stat(f->path, &after[0]), 0);
	assert_int_equal(stat(dir, &after[1]), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(before[i].st_mtim.tv_nsec, after[i].st_mtim.tv_nsec);
		assert_int_equal(before[i].st_ctim.tv_nsec, after[i].st_ctim.tv_nsec);
		assert_int_equal(before[i].st_size, after[i].st_size);
	}
}

static void what_a_lost_table_does_not_hold_is_lost_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(db_exec(f->writer, "DROP TABLE PodConfig", &f->err), 0);
	assert_int_equal(find(f, "seven")->state, SL_STATE_EXITED);
	assert_null(f->c->pod->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(state_and_pod_are_read_from_the_log_too),
		T(a_container_on_a_directory_of_its_own_is_listed_and_refused),
		T(the_database_is_left_as_it_is),
		T(what_a_lost_table_does_not_hold_is_lost_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
