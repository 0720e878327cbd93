/* SPDX-License-Identifier: Apache-2.0 */
/* A container on its image, each with package databases: what findings are told of packages. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/digest.h"
#include "core/digestweak.h"
#include "core/encode.h"
#include "job/comparison.h"
#include "job/meaning.h"
#include "snapshot/layertree.h"
#include "unit/fake_root.h"
#include "unit/rpmmake.h"

struct fixture {
	char *root;
	struct sl_container *c;
	struct job job;
	struct comparison comparison;
	struct buf log, said;
};

/* ---- a sink of lines: PATH severity: package, or the message ---- */

struct lines_sink {
	struct sl_sink sink;
	struct buf *log;
};

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct buf *log = container_of(s, struct lines_sink, sink)->log;
	const struct sl_package *p = f->notes.package;

	(void)err;
	assert_non_null(f->change);
	assert_int_equal(p != NULL, (f->change->signals & SL_SIGNAL_PACKAGED) != 0);
	assert_true(p == NULL || f->cause == SL_CAUSE_NONE); /* it explains nothing */
	(void)buf_printf(log, "%s %s:", sl_change_name(f->change->kind), f->change->path.data);
	if (p != NULL)
		(void)buf_printf(log, " %s %s %s %s %s", p->manager, p->name.data,
				 p->version.data != NULL ? p->version.data : "-",
				 p->is_in_image ? "image" : "own",
				 !p->has_digest    ? "unknown"
				 : p->digest_equal ? "equal"
						   : "differs");
	/* in front of what differs in the file itself */
	if (f->message != NULL && strncmp(f->message, "packages ", 9) == 0)
		(void)buf_printf(log, " \"%.*s\"",
				 (int)(strstr(f->message, "; content") - f->message), f->message);
	return buf_append_char(log, '\n');
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	(void)s;
	(void)err;
	fail_msg("gap %s: %s", gap->what.data, gap->why);
	return 0;
}

/* ---- the fixture ---- */

static void say(void *payload, const char *line)
{
	(void)buf_printf(payload, "%s\n", line);
}

static int open_dir(const struct fixture *f, const char *name)
{
	AUTO_FREE char *path = NULL;
	int fd;

	fake_dir(f->root, "%s", name);
	assert_true(asprintf(&path, "%s/%s", f->root, name) > 0);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sl_lower lower = {.dir_path = strdup("image")};

	f->root = fake_root();
	f->log = BUF_INIT(1 << 20);
	f->said = BUF_INIT(1 << 20);
	f->job = (struct job){.say = say, .payload = &f->said};
	assert_int_equal(sl_container_new(&f->c, NULL), 0);
	f->c->engine = strdup("docker");
	f->c->id = strdup("web");
	f->c->name = strdup("web");
	f->c->stack.marker = SL_MARKER_AUFS; /* deletions need no rights */
	f->c->stack.upper_fd = open_dir(f, "upper");
	lower.dir_fd = open_dir(f, "image");
	assert_int_equal(sl_stack_add_lower(&f->c->stack, &lower, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	comparison_close(&f->comparison);
	sl_container_free(f->c);
	buf_clear(&f->log);
	buf_clear(&f->said);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

static void compare(struct fixture *f)
{
	static const struct sl_sink_ops ops = {.finding = on_finding, .gap = on_gap};
	struct lines_sink sink = {.sink.ops = &ops, .log = &f->log};
	struct comparison_options how = {.no_index = true};
	struct meaning_request wanted = {.no_processes = true};
	struct sl_source *tree = NULL, *after = NULL;
	struct drift_options options = {.jobs = 0};
	struct sl_summary summary;
	struct meaning meaning;

	assert_int_equal(comparison_open(&f->comparison, &f->job, f->c, NULL, &how, NULL), 0);
	assert_int_equal(layertree_open(&tree, f->c->stack.upper_fd, SL_MARKER_AUFS, NULL, NULL),
			 0);
	assert_int_equal(comparison_after(&f->comparison, tree, &after, NULL), 0);
	assert_int_equal(meaning_open(&meaning, &f->job, &wanted, &f->comparison, NULL), 0);
	assert_int_equal(comparison_run(&f->comparison, after, &meaning, &options, &sink.sink,
					&summary, NULL),
			 0);
	meaning_close(&meaning);
	sl_source_close(after);
	assert_int_equal(buf_append(&f->log, "", 0), 0);
	assert_int_equal(buf_append(&f->said, "", 0), 0);
}

static void assert_said(const struct fixture *f, const char *line)
{
	if (strstr(f->log.data, line) == NULL)
		fail_msg("no '%s' in\n%s%s", line, f->log.data, f->said.data);
}

static const char *weak_of(enum weak_kind kind, const char *text)
{
	static char hex[2 * WEAK_MAX_SIZE + 1];
	uint8_t digest[WEAK_MAX_SIZE];
	struct weak *w = NULL;
	size_t size;

	assert_int_equal(weak_new(&w, kind, NULL), 0);
	assert_int_equal(weak_tap(w)->data(weak_tap(w), text, strlen(text), NULL), 0);
	assert_int_equal(weak_final(w, digest, &size, NULL), 0);
	weak_free(w);
	hex_encode(hex, digest, size);
	return hex;
}

static const char *sha256_of(const char *text)
{
	static char hex[2 * SL_SHA256_SIZE + 1];
	uint8_t digest[SL_SHA256_SIZE];

	assert_int_equal(sha256_once(text, strlen(text), digest, NULL), 0);
	hex_encode(hex, digest, sizeof(digest));
	return hex;
}

/* ---- dpkg ---- */

static void make_dpkg(const struct fixture *f)
{
	CLEANUP(buf_clear) struct buf sums = BUF_INIT(4096);

	fake_link(f->root, "usr/bin", "image/bin");
	fake_file(f->root, "ls", "image/usr/bin/ls");
	fake_file(f->root, "cat", "image/usr/bin/cat");
	fake_file(f->root, "tool", "image/usr/bin/tool");
	fake_file(f->root, "set=1", "image/etc/coreutils.conf");
	(void)buf_printf(&sums,
			 "Package: coreutils\nStatus: install ok installed\nVersion: 9.1\n"
			 "Conffiles:\n /etc/coreutils.conf %s\n\n"
			 "Package: nginx\nStatus: install ok installed\nVersion: 1.22\n",
			 weak_of(WEAK_MD5, "set=1"));
	fake_file(f->root, sums.data, "image/var/lib/dpkg/status");
	buf_reset(&sums);
	fake_file(f->root, "/.\n/bin\n/bin/ls\n/bin/cat\n/etc/coreutils.conf\n",
		  "image/var/lib/dpkg/info/coreutils.list");
	(void)buf_printf(&sums, "%s  bin/ls\n", weak_of(WEAK_MD5, "ls"));
	(void)buf_printf(&sums, "%s  bin/cat\n", weak_of(WEAK_MD5, "cat"));
	fake_file(f->root, sums.data, "image/var/lib/dpkg/info/coreutils.md5sums");
	buf_reset(&sums);
	fake_file(f->root, "/usr/bin/tool\n", "image/var/lib/dpkg/info/nginx.list");
	(void)buf_printf(&sums, "%s  usr/bin/tool\n", weak_of(WEAK_MD5, "tool"));
	fake_file(f->root, sums.data, "image/var/lib/dpkg/info/nginx.md5sums");
}

static void changed_files_are_held_against_the_images_own_database(void **state)
{
	struct fixture *f = *state;

	make_dpkg(f);
	fake_file(f->root, "evil", "upper/usr/bin/ls");
	fake_file(f->root, "set=2", "upper/etc/coreutils.conf");
	fake_file(f->root, "", "upper/usr/bin/.wh.cat");
	fake_file(f->root, "new", "upper/usr/bin/new");
	/* as the package has it, but where the image lost it */
	fake_remove(f->root, "image/usr/bin/tool");
	fake_file(f->root, "tool", "upper/usr/bin/tool");
	compare(f);
	assert_said(f, "modified usr/bin/ls: dpkg coreutils 9.1 image differs\n");
	assert_said(f, "modified etc/coreutils.conf: dpkg coreutils 9.1 image differs\n");
	assert_said(f, "deleted usr/bin/cat: dpkg coreutils 9.1 image unknown\n");
	assert_said(f, "added usr/bin/new:\n");
	assert_said(f, "added usr/bin/tool: dpkg nginx 1.22 image equal\n");
	assert_string_equal(f->said.data + strcspn(f->said.data, "\n"), "\n");
}

static void what_the_container_wrote_into_a_database_is_its_own_word_alone(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf sums = BUF_INIT(4096);

	make_dpkg(f);
	fake_file(f->root, "evil", "upper/usr/bin/evil");
	fake_file(f->root, "evil", "upper/usr/bin/ls");
	fake_file(f->root, "/bin/ls\n/bin/cat\n/usr/bin/evil\n",
		  "upper/var/lib/dpkg/info/coreutils.list");
	(void)buf_printf(&sums, "%s  bin/ls\n", weak_of(WEAK_MD5, "evil"));
	(void)buf_printf(&sums, "%s  usr/bin/evil\n", weak_of(WEAK_MD5, "evil"));
	fake_file(f->root, sums.data, "upper/var/lib/dpkg/info/coreutils.md5sums");
	compare(f);
	assert_said(f, "added usr/bin/evil: dpkg coreutils 9.1 own equal\n");
	assert_said(f, "modified usr/bin/ls: dpkg coreutils 9.1 own equal\n");
}

static void packages_that_came_went_and_changed_are_named_at_the_status_file(void **state)
{
	struct fixture *f = *state;

	make_dpkg(f);
	fake_file(f->root, "/etc/old\n", "image/var/lib/dpkg/info/left-behind.list");
	fake_file(f->root,
		  "Package: coreutils\nStatus: install ok installed\nVersion: 9.2\n\n"
		  "Package: nmap\nStatus: install ok installed\nVersion: 7.93\n\n"
		  "Package: nginx\nStatus: deinstall ok config-files\nVersion: 1.22\n",
		  "upper/var/lib/dpkg/status");
	fake_file(f->root, "/usr/bin/nmap\n", "upper/var/lib/dpkg/info/nmap.list");
	fake_file(f->root, "x", "upper/usr/bin/nmap");
	compare(f);
	assert_said(f, "modified var/lib/dpkg/status: \"packages added: nmap 7.93; removed: nginx "
		       "1.22; changed: coreutils 9.1 -> 9.2\"\n");
	assert_said(f, "added usr/bin/nmap: dpkg nmap 7.93 own unknown\n");
}

static void images_without_a_shell_have_a_status_a_package(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf sums = BUF_INIT(4096);

	fake_dir(f->root, "image/bin");
	fake_file(f->root, "Package: tzdata\nVersion: 2024a\n",
		  "image/var/lib/dpkg/status.d/tzdata");
	(void)buf_printf(&sums, "%s  usr/share/zone\n", weak_of(WEAK_MD5, "zone"));
	fake_file(f->root, sums.data, "image/var/lib/dpkg/status.d/tzdata.md5sums");
	fake_file(f->root, "old", "image/usr/share/zone");
	fake_file(f->root, "zone", "upper/usr/share/zone");
	compare(f);
	assert_said(f, "modified usr/share/zone: dpkg tzdata 2024a image equal\n");
}

/* ---- apk ---- */

static void apks_files_have_their_sha1(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf db = BUF_INIT(4096);
	uint8_t sha1[20];

	assert_int_equal(
		hex_decode(sha1, sizeof(sha1), weak_of(WEAK_SHA1, "apk new"), sizeof(sha1) * 2), 0);
	(void)buf_append_str(&db, "P:curl\nV:8.5-r0\nF:usr/bin\nR:curl\nZ:Q1");
	(void)base64_encode(&db, sha1, sizeof(sha1));
	(void)buf_append_str(&db, "\n\n");
	fake_file(f->root, "P:curl\nV:8.4-r0\nF:usr/bin\nR:curl\nZ:Q1AAAA\n\n",
		  "image/lib/apk/db/installed");
	fake_file(f->root, db.data, "upper/lib/apk/db/installed");
	fake_file(f->root, "apk old", "image/usr/bin/curl");
	fake_file(f->root, "apk new", "upper/usr/bin/curl");
	compare(f);
	/* the image's database has no digest: then it has the first word */
	assert_said(f, "modified usr/bin/curl: apk curl 8.4-r0 image unknown\n");
	assert_said(f, "modified lib/apk/db/installed: \"packages changed: curl 8.4-r0 -> "
		       "8.5-r0\"\n");
}

/* ---- rpm ---- */

/* A database with these packages: name and content of usr/bin/NAME, in pairs. */
static struct db *make_rpm(const struct fixture *f, const char *dir, const char *journal,
			   const char *const *packages)
{
	CLEANUP(buf_clear) struct buf header = BUF_INIT(1 << 20);
	AUTO_FREE char *path = NULL;
	struct db *db = NULL;

	fake_dir(f->root, "%s", dir);
	assert_true(asprintf(&path, "%s/%s/rpmdb.sqlite", f->root, dir) > 0);
	assert_int_equal(db_open_foreign(&db, path, NULL), 0);
	assert_int_equal(db_exec(db, journal, NULL), 0);
	assert_int_equal(db_exec(db,
				 "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, "
				 "blob BLOB NOT NULL)",
				 NULL),
			 0);
	for (; *packages != NULL; packages += 2) {
		AUTO_FINALIZE struct db_stmt *s = NULL;

		buf_reset(&header);
		rpmmake_package(&header, packages[0], "1.0", sha256_of(packages[1]));
		assert_int_equal(
			db_prepare(&s, db, "INSERT INTO Packages (blob) VALUES (?1)", NULL), 0);
		db_bind_blob(s, 1, header.data, header.len);
		assert_int_equal(db_step(s, NULL), 1);
	}
	return db;
}

static void rpms_files_have_their_sha256_also_in_a_log_that_is_not_written_back(void **state)
{
	struct fixture *f = *state;
	static const char *const before[] = {"tiny", "tiny", "other", "other", NULL};
	static const char *const after[] = {"tiny", "tiny 2", "nmap", "nmap", NULL};
	struct db *own;

	db_close(make_rpm(f, "image/usr/lib/sysimage/rpm", "PRAGMA journal_mode=DELETE", before));
	own = make_rpm(f, "upper/usr/lib/sysimage/rpm", "PRAGMA journal_mode=WAL", after);
	fake_file(f->root, "old", "image/usr/bin/other");
	fake_file(f->root, "other", "upper/usr/bin/other");
	fake_file(f->root, "tiny", "image/usr/bin/tiny");
	fake_file(f->root, "tiny 2", "upper/usr/bin/tiny");
	fake_file(f->root, "not nmap", "upper/usr/bin/nmap");
	compare(f);
	db_close(own);
	assert_said(f, "modified usr/bin/other: rpm other 1.0-1.fc39 image equal\n");
	assert_said(f, "modified usr/bin/tiny: rpm tiny 1.0-1.fc39 own equal\n");
	assert_said(f, "added usr/bin/nmap: rpm nmap 1.0-1.fc39 own differs\n");
	assert_said(f, "\"packages added: nmap 1.0-1.fc39; removed: other 1.0-1.fc39\"\n");
}

static void a_database_that_breaks_halfway_says_nothing_of_what_is_gone(void **state)
{
	struct fixture *f = *state;
	static const char *const before[] = {"tiny", "tiny", "other", "other", NULL};
	static const char *const after[] = {"tiny", "tiny", NULL};
	struct db *own;

	db_close(make_rpm(f, "image/var/lib/rpm", "PRAGMA journal_mode=DELETE", before));
	own = make_rpm(f, "upper/var/lib/rpm", "PRAGMA journal_mode=DELETE", after);
	assert_int_equal(db_exec(own, "INSERT INTO Packages (blob) VALUES (x'0001')", NULL), 0);
	db_close(own);
	compare(f);
	assert_said(f, "modified var/lib/rpm/rpmdb.sqlite:\n");
	assert_non_null(strstr(f->said.data, "of the container is not read fully: rpm header"));
}

static void a_schema_that_makes_bytes_out_of_nothing_has_a_bound(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *path = NULL;
	struct db *db = NULL;

	fake_dir(f->root, "image/var/lib/rpm");
	assert_true(asprintf(&path, "%s/image/var/lib/rpm/rpmdb.sqlite", f->root) > 0);
	assert_int_equal(db_open_foreign(&db, path, NULL), 0);
	assert_int_equal(db_exec(db,
				 "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob AS "
				 "(zeroblob(16000000)));"
				 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
				 "WHERE i < 1000) INSERT INTO Packages SELECT i FROM n",
				 NULL),
			 0);
	db_close(db);
	fake_file(f->root, "x", "upper/usr/bin/x");
	compare(f);
	assert_non_null(strstr(f->said.data, "more than its file holds"));
}

static void databases_that_cannot_be_read_are_told_and_stop_nothing(void **state)
{
	struct fixture *f = *state;

	fake_file(f->root, "not a database at all, but long enough to look like one",
		  "image/var/lib/rpm/rpmdb.sqlite");
	fake_file(f->root, "", "image/var/lib/rpm/Packages");
	fake_file(f->root, "", "image/usr/lib/sysimage/rpm/Packages.db");
	fake_dir(f->root, "image/lib/apk/db/installed");
	fake_link(f->root, "/etc/passwd", "image/var/lib/dpkg/status");
	fake_link(f->root, "/etc", "image/var/lib/dpkg/info");
	fake_file(f->root, "x", "upper/usr/bin/x");
	compare(f);
	assert_said(f, "added usr/bin/x:\n");
	assert_non_null(strstr(f->said.data, "package database 'var/lib/rpm/rpmdb.sqlite' of the "
					     "image is not read fully"));
	assert_non_null(strstr(f->said.data, "'var/lib/rpm/Packages' (rpm, Berkeley DB) is not"));
	assert_non_null(strstr(f->said.data, "rpm/Packages.db' (rpm, ndb) is not read"));
}

static void no_database_is_read_for_what_no_package_owns(void **state)
{
	struct fixture *f = *state;

	fake_file(f->root, "not a database at all, but long enough to look like one",
		  "image/var/lib/rpm/rpmdb.sqlite");
	fake_file(f->root, "x", "upper/tmp/x");
	fake_file(f->root, "x", "upper/run/x");
	compare(f);
	assert_said(f, "added tmp/x:\n");
	assert_null(strstr(f->said.data, "package database"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changed_files_are_held_against_the_images_own_database),
		TEST(what_the_container_wrote_into_a_database_is_its_own_word_alone),
		TEST(packages_that_came_went_and_changed_are_named_at_the_status_file),
		TEST(images_without_a_shell_have_a_status_a_package),
		TEST(apks_files_have_their_sha1),
		TEST(rpms_files_have_their_sha256_also_in_a_log_that_is_not_written_back),
		TEST(a_database_that_breaks_halfway_says_nothing_of_what_is_gone),
		TEST(a_schema_that_makes_bytes_out_of_nothing_has_a_bound),
		TEST(databases_that_cannot_be_read_are_told_and_stop_nothing),
		TEST(no_database_is_read_for_what_no_package_owns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
