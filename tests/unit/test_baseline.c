/* SPDX-License-Identifier: Apache-2.0 */
/* The store of baselines: images, and layers that they share. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/baseline_place.h"

static void what_was_stored_is_there_after_reopening(void **state)
{
	struct place *p = *state;
	struct sl_baselines *b = open_store(p->file);
	struct sl_baseline_info info;

	assert_int_equal(put(b, "web", LAYERS("d usr; f usr/a 1", "f usr/.wh.a; f b 2")), 2);
	sl_baselines_close(b);

	b = open_store(p->file);
	assert_int_equal(find(b, "web", &info), 0);
	assert_string_equal(info.name, "web");
	assert_int_equal(info.layers, 2);
	assert_int_equal(info.entries, 3 + 4); /* with the two roots and an implied usr */
	assert_int_equal(info.trust, SL_TRUST_PROVEN);
	assert_false(info.has_manifest_digest);
	assert_false(info.has_checked_at);
	assert_true(info.indexed_at.sec > 1700000000);
	assert_layer(b, LAYERS("d usr; f usr/a 1"), "d usr; f usr/a=1");
	assert_layer(b, LAYERS("d usr; f usr/a 1", "f usr/.wh.a; f b 2"), "f b=2; d usr*; w usr/a");
	assert_int_equal(find(b, "other", &info), 1);
	sl_baselines_close(b);
}

static void opening_a_store_again_writes_nothing(void **state)
{
	const struct place *p = *state;
	struct sl_baselines *b = NULL;
	char wal[sizeof(p->file) + 8];
	struct stat st;

	assert_int_equal(sl_baselines_open(&b, p->file, NULL), 0);
	sl_baselines_close(b);
	assert_int_equal(sl_baselines_open(&b, p->file, NULL), 0);
	(void)snprintf(wal, sizeof(wal), "%s-wal", p->file);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
	sl_baselines_close(b);
}

static void file_and_directories_are_for_their_owner_only(void **state)
{
	struct place *p = *state;
	char path[160];
	struct stat st;

	sl_baselines_close(open_store(p->file));
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)snprintf(path, sizeof(path), "%s/state/deep", p->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	(void)snprintf(path, sizeof(path), "%s/state", p->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void images_share_the_layers_of_a_common_prefix(void **state)
{
	struct place *p = *state;
	struct sl_baselines *b = open_store(p->file);

	assert_int_equal(put(b, "one", LAYERS("f a 1", "f b 1")), 2);
	assert_int_equal(put(b, "two", LAYERS("f a 1", "f c 1")), 1);
	assert_int_equal(put(b, "one", LAYERS("f a 1", "f b 1")), 0);
	/* the same layer on another one is another layer */
	assert_int_equal(put(b, "three", LAYERS("f c 1", "f b 1")), 2);
	sl_baselines_close(b);
	assert_int_equal(number(p->file, "SELECT count(*) FROM layer"), 5);
	assert_int_equal(number(p->file, "SELECT count(*) FROM image"), 3);
}

static void removing_an_image_keeps_shared_layers(void **state)
{
	struct place *p = *state;
	struct sl_baselines *b = open_store(p->file);
	uint8_t config[SL_SHA256_SIZE];
	struct sl_baseline_info info;

	put(b, "one", LAYERS("f a 1", "f b 1"));
	put(b, "two", LAYERS("f a 1", "f c 1"));
	kit_config(config, "one");
	assert_int_equal(sl_baselines_remove(b, config, NULL, NULL), 0);
	assert_int_equal(sl_baselines_remove(b, config, NULL, NULL), 1);
	assert_int_equal(find(b, "one", &info), 1);
	assert_int_equal(find(b, "two", &info), 0);
	assert_true(has_layer(b, LAYERS("f a 1")));
	assert_true(has_layer(b, LAYERS("f a 1", "f c 1")));
	assert_false(has_layer(b, LAYERS("f a 1", "f b 1")));
	kit_config(config, "two");
	assert_int_equal(sl_baselines_remove(b, config, NULL, NULL), 0);
	sl_baselines_close(b);
	assert_int_equal(number(p->file, "SELECT count(*) FROM entry"), 0);
	assert_int_equal(number(p->file, "SELECT count(*) FROM layer"), 0);
	assert_int_equal(number(p->file, "SELECT count(*) FROM image_layer"), 0);
}

static int collect(void *payload, const struct sl_baseline_info *info)
{
	struct buf *out = payload;

	(void)buf_printf(out, "%s:%zu ", info->name, info->layers);
	return strcmp(info->name, "stop") == 0;
}

static void images_are_listed_by_name(void **state)
{
	struct sl_baselines *b = open_store(NULL);
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 10);

	(void)state;
	assert_int_equal(sl_baselines_list(b, collect, &out, NULL), 0);
	assert_int_equal(out.len, 0);
	put(b, "b", LAYERS("f a 1", "f b 1"));
	put(b, "c", LAYERS("f a 1", "f b 1", "f c 1"));
	put(b, "a", LAYERS("f a 1"));
	put(b, "zero", NULL, 0);
	assert_int_equal(sl_baselines_list(b, collect, &out, NULL), 0);
	assert_string_equal(out.data, "a:1 b:2 c:3 zero:0 ");
	put(b, "stop", LAYERS("f a 1"));
	buf_reset(&out);
	assert_int_equal(sl_baselines_list(b, collect, &out, NULL), 0);
	assert_string_equal(out.data, "a:1 b:2 c:3 stop:1 ");
	sl_baselines_close(b);
}

static void an_image_with_a_bad_layer_leaves_nothing(void **state)
{
	struct place *p = *state;
	struct sl_baselines *b = open_store(p->file);
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baseline_info info;
	size_t applied;

	put(b, "good", LAYERS("f a 1"));
	assert_int_equal(
		kit_store(b, "bad", LAYERS("f a 1", "f b 1", "f c 1; f ../x 1"), &applied, &err),
		-SL_EFORMAT);
	sl_error_clear(&err);
	assert_int_equal(find(b, "bad", &info), 1);
	assert_false(has_layer(b, LAYERS("f a 1", "f b 1")));
	/* and the store is as usable as before */
	assert_int_equal(put(b, "next", LAYERS("f a 1", "f b 1")), 1);
	sl_baselines_close(b);
	assert_int_equal(number(p->file, "SELECT count(*) FROM layer"), 2);
	assert_int_equal(number(p->file, "SELECT count(*) FROM entry"), 4);
}

static void checked_at_is_that_of_the_oldest_check(void **state)
{
	struct sl_baselines *b = open_store(NULL);
	struct sl_baseline_info info;
	uint8_t chain[SL_SHA256_SIZE];

	(void)state;
	put(b, "one", LAYERS("f a 1", "f b 1"));
	kit_chain(chain, LAYERS("f a 1", "f b 1"));
	assert_int_equal(sl_baselines_checked(b, chain, (struct sl_time){500, 7}, NULL), 0);
	assert_int_equal(find(b, "one", &info), 0);
	assert_false(info.has_checked_at); /* not all of it was */
	kit_chain(chain, LAYERS("f a 1"));
	assert_int_equal(sl_baselines_checked(b, chain, (struct sl_time){900, 0}, NULL), 0);
	assert_int_equal(find(b, "one", &info), 0);
	assert_true(info.has_checked_at);
	assert_int_equal(info.checked_at.sec, 500);
	assert_int_equal(info.checked_at.nsec, 7);
	memset(chain, 1, sizeof(chain));
	assert_int_equal(sl_baselines_checked(b, chain, (struct sl_time){900, 0}, NULL), 1);
	sl_baselines_close(b);
}

static void a_private_store_leaves_no_file(void **state)
{
	struct place *p = *state;
	struct sl_baselines *b;
	struct dirent *d;
	int files = 0;
	DIR *dir;

	assert_int_equal(chdir(p->dir), 0);
	b = open_store(NULL);
	put(b, "one", LAYERS("f a 1"));
	dir = opendir(".");
	while ((d = readdir(dir)) != NULL)
		files += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	(void)closedir(dir);
	assert_int_equal(files, 0);
	sl_baselines_close(b);
	assert_int_equal(chdir("/"), 0);
}

static void a_special_name_is_only_a_name(void **state)
{
	struct place *p = *state;
	struct stat st;

	assert_int_equal(chdir(p->dir), 0);
	sl_baselines_close(open_store(":memory:"));
	assert_int_equal(stat(":memory:", &st), 0);
	assert_int_equal(chdir("/"), 0);
}

static void a_newer_schema_is_refused(void **state)
{
	static const struct db_migration later[] = {{"baseline", 999, "CREATE TABLE future (a)"}};
	struct place *p = *state;
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baselines *b = NULL;
	struct db *db = NULL;

	sl_baselines_close(open_store(p->file));
	assert_int_equal(db_open(&db, p->file, later, 1, NULL), 0);
	db_close(db);
	assert_int_equal(sl_baselines_open(&b, p->file, &err), -SL_EUNSUPPORTED);
	assert_non_null(strstr(sl_error_text(&err), "made by a later version"));
	sl_error_clear(&err);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void a_file_that_is_no_database_is_refused_and_kept(void **state)
{
	static const char text[] =
		"not a database, but long enough to be looked at as one ........."
		"...................................................";
	struct place *p = *state;
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baselines *b = NULL;
	char path[160], found[sizeof(text) + 8] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/notes", p->dir);
	write_file(path, text);
	assert_int_equal(sl_baselines_open(&b, path, &err), -SL_EFORMAT);
	assert_non_null(strstr(sl_error_text(&err), "file is not a database"));
	sl_error_clear(&err);
	f = fopen(path, "re");
	assert_non_null(fgets(found, sizeof(found), f));
	(void)fclose(f);
	assert_string_equal(found, text);
}

static void another_programs_database_is_refused(void **state)
{
	struct place *p = *state;
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baselines *b = NULL;
	struct db *db = NULL;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/other.db", p->dir);
	assert_int_equal(db_open(&db, path, NULL, 0, NULL), 0);
	assert_int_equal(db_exec(db, "CREATE TABLE theirs (a)", NULL), 0);
	db_close(db);
	assert_int_equal(sl_baselines_open(&b, path, &err), -SL_EFORMAT);
	assert_non_null(strstr(sl_error_text(&err), "another program's database"));
	sl_error_clear(&err);
}

/* Root may write anywhere, so become somebody else meanwhile. */
static void a_directory_that_cannot_be_written_is_named(void **state)
{
	struct place *p = *state;
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baselines *b = NULL;
	bool is_root = geteuid() == 0;
	int rc;

	assert_int_equal(chmod(p->dir, 0555), 0);
	if (is_root)
		assert_int_equal(seteuid(65534), 0);
	rc = sl_baselines_open(&b, p->file, &err);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(p->dir, 0755), 0);
	assert_int_equal(rc, -SL_EIO);
	assert_int_equal(err.sys, EACCES);
	assert_non_null(strstr(sl_error_text(&err), "create directory '/tmp/strandline-baseline-"));
	assert_non_null(strstr(sl_error_text(&err), "/state': Permission denied"));
	sl_error_clear(&err);
}

static void two_processes_store_at_once(void **state)
{
	struct place *p = *state;
	pid_t children[2];
	struct sl_baseline_info info;
	struct sl_baselines *b;

	for (int i = 0; i < 2; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			int rc = sl_baselines_open(&b, p->file, NULL);

			for (int n = 0; rc == 0 && n < 20; n++) {
				char name[32];

				(void)snprintf(name, sizeof(name), "image-%d-%d", i, n);
				rc = kit_store(b, name, LAYERS("f a 1", "f b 1", "f c 1"), NULL,
					       NULL);
			}
			_exit(rc == 0 ? 0 : 1);
		}
	}
	for (int i = 0; i < 2; i++) {
		int status = -1;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	b = open_store(p->file);
	assert_int_equal(find(b, "image-0-19", &info), 0);
	assert_int_equal(find(b, "image-1-19", &info), 0);
	sl_baselines_close(b);
	assert_int_equal(number(p->file, "SELECT count(*) FROM layer"), 3);
	assert_int_equal(number(p->file, "SELECT count(*) FROM image"), 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(what_was_stored_is_there_after_reopening),
		IN_PLACE(opening_a_store_again_writes_nothing),
		IN_PLACE(file_and_directories_are_for_their_owner_only),
		IN_PLACE(images_share_the_layers_of_a_common_prefix),
		IN_PLACE(removing_an_image_keeps_shared_layers),
		IN_PLACE(images_are_listed_by_name),
		IN_PLACE(an_image_with_a_bad_layer_leaves_nothing),
		IN_PLACE(checked_at_is_that_of_the_oldest_check),
		IN_PLACE(a_private_store_leaves_no_file),
		IN_PLACE(a_special_name_is_only_a_name),
		IN_PLACE(a_newer_schema_is_refused),
		IN_PLACE(a_file_that_is_no_database_is_refused_and_kept),
		IN_PLACE(another_programs_database_is_refused),
		IN_PLACE(a_directory_that_cannot_be_written_is_named),
		IN_PLACE(two_processes_store_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
