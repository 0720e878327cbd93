/* SPDX-License-Identifier: Apache-2.0 */
/* Databases of other versions: older ones are brought up to date, later ones left alone. */
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "unit/baseline_place.h"

#define D32(pair) "x'" pair pair pair pair "'" /* 32 bytes from 8 */
#define CHAIN D32("c1c1c1c1c1c1c1c1")
#define IMAGE D32("a1a1a1a1a1a1a1a1")

/* The tables of version 1 as they were, and a small image in them. Never to be changed. */
static const char version_1[] =
	"CREATE TABLE layer (id INTEGER PRIMARY KEY AUTOINCREMENT, chain_id BLOB NOT NULL UNIQUE, "
	"diff_id BLOB NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL, proven_at "
	"INTEGER "
	"NOT NULL, checked_at INTEGER, checked_at_ns INTEGER);"
	"CREATE TABLE image (id INTEGER PRIMARY KEY AUTOINCREMENT, config_digest BLOB NOT NULL "
	"UNIQUE, manifest_digest BLOB, manifest_verified INTEGER NOT NULL, trust INTEGER NOT NULL, "
	"name TEXT NOT NULL, platform TEXT, config BLOB NOT NULL, manifest BLOB, indexed_at "
	"INTEGER "
	"NOT NULL, indexed_at_ns INTEGER NOT NULL);"
	"CREATE TABLE image_layer (image INTEGER NOT NULL REFERENCES image(id), position INTEGER "
	"NOT NULL, layer INTEGER NOT NULL REFERENCES layer(id), PRIMARY KEY (image, position)) "
	"WITHOUT ROWID;"
	"CREATE INDEX image_layer_by_layer ON image_layer(layer);"
	"CREATE TABLE entry (layer INTEGER NOT NULL, path BLOB NOT NULL, mode INTEGER NOT NULL, "
	"uid "
	"INTEGER NOT NULL, gid INTEGER NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, "
	"mtime_ns INTEGER NOT NULL, target BLOB, rdev INTEGER NOT NULL, state INTEGER NOT NULL, "
	"digests BLOB, xattrs BLOB, PRIMARY KEY (layer, path)) WITHOUT ROWID;"
	"INSERT INTO layer VALUES (7, " CHAIN ", " CHAIN ", 2, 10240, 1700000000, 1700000001, 5);"
	"INSERT INTO image VALUES (3, " IMAGE ", NULL, 0, 0, 'old', 'linux/amd64', '{}', NULL, "
	"1700000002, 3);"
	"INSERT INTO image_layer VALUES (3, 0, 7);"
	/* state 32 is SL_ENTRY_COARSE_TIME */
	"INSERT INTO entry VALUES (7, x'', 16877, 0, 0, 0, 1, 0, NULL, 0, 32, NULL, NULL);"
	"INSERT INTO entry VALUES (7, x'61', 33188, 1, 2, 3, 4, 5, NULL, 0, 0, " D32(
		"0102030405060708") ", NULL);";

static const char lines[] =
	". type=dir mode=0755 uid=0 gid=0 time=1.000000000 state=coarse\n"
	"./a type=file mode=0644 uid=1 gid=2 size=3 time=4.000000005 "
	"sha256=0102030405060708010203040506070801020304050607080102030405060708\n";

static void make_database(const char *file, const struct db_migration *steps, size_t count)
{
	struct db *db = NULL;

	assert_int_equal(db_open(&db, file, steps, count, NULL), 0);
	db_close(db);
}

static int make_old_place(void **state)
{
	static const struct db_migration old[] = {{"baseline", 1, version_1, NULL}};
	struct place *p;
	int rc = make_place(state);

	p = *state;
	(void)snprintf(p->file, sizeof(p->file), "%s/store.db", p->dir);
	make_database(p->file, old, 1);
	return rc;
}

static int keep_layer(void *payload, const struct sl_layer_info *info)
{
	*(struct sl_layer_info *)payload = *info;
	return 0;
}

static int no_problem(void *payload, const struct sl_baseline_problem *p)
{
	(void)snprintf(payload, 256, "%s", p->what);
	return 0;
}

static void assert_data(struct sl_baselines *b)
{
	uint8_t id[SL_SHA256_SIZE], expected[SL_SHA256_SIZE];
	struct sl_baseline_info info;
	struct sl_layer_info layer = {.entries = 0};

	memset(id, 0xa1, sizeof(id));
	assert_int_equal(sl_baselines_find(b, id, &info, NULL), 0);
	assert_string_equal(info.name, "old");
	assert_int_equal(info.trust, SL_TRUST_PROVEN);
	assert_int_equal(info.entries, 2);
	assert_int_equal(info.indexed_at.nsec, 3);
	assert_int_equal(info.checked_at.sec, 1700000001);
	assert_int_equal(sl_baselines_layers(b, id, keep_layer, &layer, NULL), 0);
	assert_int_equal(layer.trust, SL_TRUST_PROVEN);
	assert_int_equal(layer.images, 1);
	assert_int_equal(layer.bytes, 10240);
	assert_int_equal(sha256_once(lines, strlen(lines), expected, NULL), 0);
	assert_memory_equal(layer.tree_digest, expected, sizeof(expected));
}

static void a_database_of_version_1_is_migrated_with_its_data(void **state)
{
	struct place *p = *state;
	struct sl_baselines *b = NULL;

	assert_int_equal(sl_baselines_open(&b, p->file, NULL), 0);
	assert_data(b);
	sl_baselines_close(b);
	b = NULL;
	assert_int_equal(sl_baselines_open(&b, p->file, NULL), 0); /* and it stays so */
	assert_data(b);
	sl_baselines_close(b);
}

static void an_edit_after_the_migration_is_found(void **state)
{
	struct place *p = *state;
	struct sl_baselines *b = NULL;
	struct sl_baseline_check check;
	struct db *db = NULL;
	char what[256] = "";
	uint8_t id[SL_SHA256_SIZE];

	memset(id, 0xa1, sizeof(id));
	assert_int_equal(sl_baselines_open(&b, p->file, NULL), 0);
	sl_baselines_close(b);
	b = NULL;
	assert_int_equal(db_open(&db, p->file, NULL, 0, NULL), 0);
	assert_int_equal(db_exec(db, "UPDATE entry SET uid=0 WHERE path=x'61'", NULL), 0);
	db_close(db);
	assert_int_equal(sl_baselines_open(&b, p->file, NULL), 0);
	assert_int_equal(sl_baselines_verify(b, id, no_problem, what, &check, NULL), 0);
	/* the made-up configuration is one problem, and told first */
	assert_int_equal(check.problems, 2);
	assert_string_equal(what, "the rows do not hash to the stored tree digest");
	sl_baselines_close(b);
}

static void a_damaged_row_stops_the_migration_and_stays(void **state)
{
	struct place *p = *state;
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baselines *b = NULL;
	struct db_stmt *s = NULL;
	struct db *db = NULL;

	assert_int_equal(db_open(&db, p->file, NULL, 0, NULL), 0);
	assert_int_equal(db_exec(db, "UPDATE entry SET mode=0 WHERE path=x'61'", NULL), 0);
	db_close(db);
	assert_int_equal(sl_baselines_open(&b, p->file, &err), -SL_EFORMAT);
	assert_non_null(strstr(sl_error_text(&err), "tables of baseline, version 2"));
	sl_error_clear(&err);
	assert_int_equal(db_open(&db, p->file, NULL, 0, NULL), 0);
	assert_int_equal(db_prepare(&s, db, "SELECT max(version) FROM migration", NULL), 0);
	assert_int_equal(db_step(s, NULL), 0);
	assert_int_equal(db_column_i64(s, 0), 1); /* as it was */
	db_finalize(s);
	db_close(db);
}

/* Root may write anywhere, so become somebody else meanwhile. */
static void is_read_where_it_cannot_be_written(const struct place *p)
{
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baselines *b = NULL;
	bool is_root = geteuid() == 0;
	uint8_t id[SL_SHA256_SIZE];

	memset(id, 0xa1, sizeof(id));
	assert_int_equal(chmod(p->file, 0444), 0);
	assert_int_equal(chmod(p->dir, 0555), 0);
	if (is_root)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(sl_baselines_open(&b, p->file, NULL), 0);
	assert_data(b);
	assert_int_equal(sl_baselines_remove(b, id, NULL, &err), -SL_EIO);
	assert_non_null(strstr(sl_error_text(&err), "cannot be written"));
	sl_error_clear(&err);
	assert_data(b);
	sl_baselines_close(b);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(p->dir, 0755), 0);
}

static void an_old_database_that_cannot_be_written_is_read_and_stays_old(void **state)
{
	const struct place *p = *state;
	struct db_stmt *s = NULL;
	struct db *db = NULL;

	is_read_where_it_cannot_be_written(p);
	assert_int_equal(db_open(&db, p->file, NULL, 0, NULL), 0);
	assert_int_equal(db_prepare(&s, db, "SELECT max(version) FROM migration", NULL), 0);
	assert_int_equal(db_step(s, NULL), 0);
	assert_int_equal(db_column_i64(s, 0), 1);
	db_finalize(s);
	db_close(db);
}

static void a_database_of_today_that_cannot_be_written_is_read(void **state)
{
	const struct place *p = *state;
	struct sl_baselines *b = NULL;

	assert_int_equal(sl_baselines_open(&b, p->file, NULL), 0);
	sl_baselines_close(b);
	is_read_where_it_cannot_be_written(p);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_old_place, remove_place)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_database_of_version_1_is_migrated_with_its_data),
		TEST(an_edit_after_the_migration_is_found),
		TEST(a_damaged_row_stops_the_migration_and_stays),
		TEST(an_old_database_that_cannot_be_written_is_read_and_stays_old),
		TEST(a_database_of_today_that_cannot_be_written_is_read),
	};

	return cmocka_run_group_tests_name("databases of other versions", tests, NULL, NULL);
}
