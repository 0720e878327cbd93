/* SPDX-License-Identifier: Apache-2.0 */
/* The store of baselines: images, shared layers, sources over them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "unit/baseline_kit.h"
#include "unit/fake_source.h"

#define LAYERS(...)                                                                                \
	(const char *const[]){__VA_ARGS__},                                                        \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

struct place {
	char dir[64];
	char file[128];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/strandline-baseline-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->file, sizeof(p->file), "%s/state/deep/store.db", p->dir);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;
	char command[160];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", p->dir);
	(void)!system(command);
	free(p);
	return 0;
}

static struct sl_baselines *open_store(const char *path)
{
	struct sl_baselines *b = NULL;
	struct sl_error err = SL_ERROR_INIT;
	int rc = sl_baselines_open(&b, path, &err);

	if (rc != 0)
		print_error("%s\n", sl_error_text(&err));
	assert_int_equal(rc, 0);
	return b;
}

static int put(struct sl_baselines *b, const char *name, const char *const layers[], size_t count)
{
	size_t applied = 0;

	assert_int_equal(kit_store(b, name, layers, count, &applied, NULL), 0);
	return (int)applied;
}

static int find(struct sl_baselines *b, const char *name, struct sl_baseline_info *info)
{
	uint8_t config[SL_SHA256_SIZE];

	kit_config(config, name);
	return sl_baselines_find(b, config, info, NULL);
}

static void assert_layer(struct sl_baselines *b, const char *const layers[], size_t count,
			 const char *expected)
{
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];

	kit_chain(chain, layers, count);
	assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
	kit_dump(&out, src);
	sl_source_close(src);
	assert_string_equal(out.data, expected);
}

static bool has_layer(struct sl_baselines *b, const char *const layers[], size_t count)
{
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];
	int rc;

	kit_chain(chain, layers, count);
	rc = sl_baselines_layer(b, chain, &src, NULL);
	sl_source_close(src);
	assert_true(rc == 0 || rc == -SL_ENOTFOUND);
	return rc == 0;
}

static int64_t number(const char *file, const char *sql)
{
	struct db *db = NULL;
	struct db_stmt *s = NULL;
	int64_t n;

	assert_int_equal(db_open(&db, file, NULL, 0, NULL), 0);
	assert_int_equal(db_prepare(&s, db, sql, NULL), 0);
	assert_int_equal(db_step(s, NULL), 0);
	n = db_column_i64(s, 0);
	db_finalize(s);
	db_close(db);
	return n;
}

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

/* ---- sources ---- */

static void every_field_comes_back(void **state)
{
	static const char line[] = "d d 1777; x f security.capability; c n 4294967295:7; l l /to";
	struct sl_baselines *b = open_store(NULL);
	const struct sl_entry *e = NULL;
	struct sl_content *content = NULL;
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];

	(void)state;
	put(b, "one", LAYERS(line));
	kit_chain(chain, LAYERS(line));
	assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0); /* the root */
	assert_int_equal(e->path.len, 0);
	assert_int_equal(e->fields, SL_ENTRY_XATTRS * 0u);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_int_equal(e->mode, S_IFDIR | 01777);
	assert_int_equal(e->mtime.sec, 1700000000);
	assert_int_equal(e->flags, SL_ENTRY_COARSE_TIME);
	assert_int_equal(e->fields, SL_ENTRY_MTIME | SL_ENTRY_XATTRS);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_int_equal(e->xattr_count, 1);
	assert_string_equal(e->xattrs[0].name, "security.capability");
	assert_int_equal(e->xattrs[0].size, 1);
	assert_memory_equal(e->xattrs[0].value, "y", 1);
	assert_int_equal(e->sha256[0], 0xe3); /* of nothing */
	assert_int_equal(e->fields,
			 SL_ENTRY_MTIME | SL_ENTRY_XATTRS | SL_ENTRY_SHA256 | SL_ENTRY_XXH3);
	assert_int_equal(sl_source_open(src, &content, NULL), 1);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->target.data, "/to");
	assert_int_equal(e->target.len, 3);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_int_equal(e->rdev_major, 4294967295);
	assert_int_equal(e->rdev_minor, 7);
	assert_null(e->target.data);
	assert_int_equal(sl_source_next(src, &e, NULL), 1);
	assert_int_equal(sl_source_next(src, &e, NULL), 1);
	sl_source_close(src);
	sl_baselines_close(b);
}

static void assert_seek(struct sl_source *src, const char *to, const char *expected)
{
	const struct sl_entry *e = NULL;
	int rc;

	assert_int_equal(sl_source_seek(src, (struct sl_bytes){to, strlen(to)}, NULL), 0);
	rc = sl_source_next(src, &e, NULL);
	assert_int_equal(rc, expected == NULL);
	if (expected != NULL)
		assert_string_equal(e->path.data, expected);
}

static void seek_goes_forward_far_and_back(void **state)
{
	struct buf line CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct sl_baselines *b = open_store(NULL);
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];

	(void)state;
	(void)buf_append_str(&line, "d a; f a-b 1; f a/b 1; f z 1");
	for (int i = 0; i < 500; i++)
		(void)buf_printf(&line, "; f m/%03d 1", i);
	put(b, "one", LAYERS(line.data));
	kit_chain(chain, LAYERS(line.data));
	assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
	assert_seek(src, "", "");
	assert_seek(src, "a", "a");
	assert_seek(src, "a/a", "a/b"); /* "a/b" stands before "a-b" */
	assert_seek(src, "a-", "a-b");
	assert_seek(src, "m/003", "m/003");  /* a few steps */
	assert_seek(src, "m/003", "m/003");  /* where it is */
	assert_seek(src, "m/400x", "m/401"); /* too far to step */
	assert_seek(src, "m/2", "m/200");    /* back */
	assert_seek(src, "zz", NULL);
	assert_seek(src, "", ""); /* from the end */
	sl_source_close(src);
	sl_baselines_close(b);
}

static void a_view_shows_what_the_layers_show_together(void **state)
{
	static const struct fake_row init[] = {
		{.entry = {.path = PATH(""), .mode = S_IFDIR | 0755}},
		{.entry = {.path = PATH("z"), .mode = S_IFDIR | 0755}}};
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct sl_baselines *b = open_store(NULL);
	struct sl_source *src = NULL;
	struct sl_source *tops[1];
	uint8_t config[SL_SHA256_SIZE];

	(void)state;
	put(b, "one",
	    LAYERS("d a; f a/b 1; f a-b 1; f c 1", "f .wh.c; d a; f a/.wh..wh..opq; f a/d 2"));
	kit_config(config, "one");
	tops[0] = fake_source(init, ARRAY_SIZE(init), false);
	assert_int_equal(sl_baselines_view(b, config, tops, 1, &src, NULL), 0);
	kit_dump(&out, src);
	sl_source_close(src);
	assert_string_equal(out.data, "d ; d a; f a/d=2; f a-b=1; d z");
	sl_baselines_close(b);
}

static void a_view_of_an_unknown_image_closes_its_tops(void **state)
{
	struct sl_baselines *b = open_store(NULL);
	struct sl_error err = SL_ERROR_INIT;
	struct sl_source *src = NULL;
	struct sl_source *tops[1] = {fake_source(NULL, 0, false)};
	uint8_t config[SL_SHA256_SIZE];

	(void)state;
	kit_config(config, "nobody");
	assert_int_equal(sl_baselines_view(b, config, tops, 1, &src, &err), -SL_ENOTFOUND);
	assert_non_null(strstr(sl_error_text(&err), "no baseline of image sha256:"));
	sl_error_clear(&err);
	sl_baselines_close(b); /* the leak check says whether the top was closed */
}

static void a_source_shows_the_moment_it_was_opened(void **state)
{
	struct place *p = *state;
	struct sl_baselines *reader = open_store(p->file), *writer = open_store(p->file);
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE], config[SL_SHA256_SIZE];

	put(writer, "one", LAYERS("f a 1; f b 1"));
	kit_chain(chain, LAYERS("f a 1; f b 1"));
	kit_config(config, "one");
	assert_int_equal(sl_baselines_layer(reader, chain, &src, NULL), 0);
	assert_int_equal(sl_baselines_remove(writer, config, NULL, NULL), 0);
	kit_dump(&out, src);
	assert_string_equal(out.data, "f a=1; f b=1");
	sl_source_close(src);
	assert_false(has_layer(reader, LAYERS("f a 1; f b 1")));
	sl_baselines_close(reader);
	sl_baselines_close(writer);
}

static void a_damaged_row_is_an_error_and_no_entry(void **state)
{
	static const char *const damage[] = {
		"UPDATE entry SET mtime_ns=1000000000 WHERE path=x'61'",
		"UPDATE entry SET digests=x'00' WHERE path=x'61'",
		"UPDATE entry SET xattrs=x'ffffffffff' WHERE path=x'61'",
		"UPDATE entry SET xattrs=x'056162' WHERE path=x'61'",
		"UPDATE entry SET xattrs=x'0161' WHERE path=x'61'",
		"UPDATE entry SET xattrs=x'01610001' WHERE path=x'61'",
	};
	struct place *p = *state;
	uint8_t chain[SL_SHA256_SIZE];

	kit_chain(chain, LAYERS("f a 1; f b 1"));
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		struct sl_baselines *b = open_store(p->file);
		struct sl_source *src = NULL;
		const struct sl_entry *e;
		struct db *db = NULL;

		put(b, "one", LAYERS("f a 1; f b 1"));
		assert_int_equal(db_open(&db, p->file, NULL, 0, NULL), 0);
		assert_int_equal(db_exec(db, damage[i], NULL), 0);
		db_close(db);
		assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
		assert_int_equal(sl_source_next(src, &e, NULL), 0);
		assert_int_equal(sl_source_next(src, &e, NULL), -SL_EFORMAT);
		assert_int_equal(sl_source_next(src, &e, NULL), -SL_EINVAL);
		sl_source_close(src);
		sl_baselines_close(b);
		assert_int_equal(unlink(p->file), 0);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_place, remove_place)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_was_stored_is_there_after_reopening),
		TEST(opening_a_store_again_writes_nothing),
		TEST(file_and_directories_are_for_their_owner_only),
		TEST(images_share_the_layers_of_a_common_prefix),
		TEST(removing_an_image_keeps_shared_layers),
		TEST(images_are_listed_by_name),
		TEST(an_image_with_a_bad_layer_leaves_nothing),
		TEST(checked_at_is_that_of_the_oldest_check),
		TEST(a_private_store_leaves_no_file),
		TEST(a_special_name_is_only_a_name),
		TEST(a_newer_schema_is_refused),
		TEST(a_file_that_is_no_database_is_refused_and_kept),
		TEST(another_programs_database_is_refused),
		TEST(a_directory_that_cannot_be_written_is_named),
		TEST(two_processes_store_at_once),
		TEST(every_field_comes_back),
		TEST(seek_goes_forward_far_and_back),
		TEST(a_view_shows_what_the_layers_show_together),
		TEST(a_view_of_an_unknown_image_closes_its_tops),
		TEST(a_source_shows_the_moment_it_was_opened),
		TEST(a_damaged_row_is_an_error_and_no_entry),
	};

	return cmocka_run_group_tests_name("the store of baselines", tests, NULL, NULL);
}
