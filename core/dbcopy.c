/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs' databases: read from a private copy, for SQLite would write beside the file. */
#include "core/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/quote.h"
#include "core/root.h"
#include "core/tempfile.h"

/* How often a database is copied that changes meanwhile. */
#define TRIES 5
#define CHUNK ((size_t)256 * 1024)

/* The database, its write-ahead log, its rollback journal. */
static const char *const suffixes[] = {"", "-wal", "-journal"};

#define FILES 3

struct copy {
	int dir_fd; /* of the copy */
	char *dir;
};

/* What must not have changed while the files were copied. */
struct sight {
	struct stat st[FILES];
	bool is_there[FILES];
};

static void copy_remove(struct copy *c)
{
	if (c->dir_fd >= 0) {
		for (size_t i = 0; i < FILES; i++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "db%s", suffixes[i]);
			(void)unlinkat(c->dir_fd, name, 0);
		}
		close(c->dir_fd);
	}
	if (c->dir != NULL)
		(void)rmdir(c->dir);
	free(c->dir);
}

static int make_in(struct copy *c, const char *parent)
{
	if (asprintf(&c->dir, "%s/strandline-XXXXXX", parent) < 0) {
		c->dir = NULL;
		return -1;
	}
	if (mkdtemp(c->dir) != NULL) {
		c->dir_fd = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (c->dir_fd >= 0)
			return 0;
		(void)rmdir(c->dir);
	}
	free(c->dir);
	c->dir = NULL;
	return -1;
}

/* In the same place as temporary files (core/tempfile.h). */
static int make_dir(struct copy *c, struct sl_error *err)
{
	const char *asked = secure_getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
	bool is_asked = asked != NULL && *asked != '\0';
	AUTO_FREE char *shown =
		quote_dup(is_asked ? asked : "/var/tmp", strlen(is_asked ? asked : "/var/tmp"));

	if (make_in(c, is_asked ? asked : "/var/tmp") == 0 ||
	    (!is_asked && make_in(c, "/tmp") == 0))
		return 0;
	return sl_fail(err, SL_EIO, errno, "temporary directory in '%s'",
		       shown != NULL ? shown : "?");
}

/* 0; 1 when the file is not there, which only the database itself must be. */
static int open_one(int dir_fd, const char *name, size_t at, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *file = NULL;
	int fd;

	if (asprintf(&file, "%s%s", name, suffixes[at]) < 0) {
		file = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "open database");
	}
	fd = root_open_file(dir_fd, file, ROOT_NO_LINKS, &why);
	if (fd >= 0)
		return fd;
	return sl_fail(err, why.code, why.sys, "open '%s'", file);
}

static int look(struct sight *s, int dir_fd, const char *name, struct sl_error *err)
{
	for (size_t i = 0; i < FILES; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		AUTO_CLOSE int fd = open_one(dir_fd, name, i, &why);

		memset(&s->st[i], 0, sizeof(s->st[i]));
		s->is_there[i] = fd >= 0;
		if (fd < 0 && (i == 0 || fd != -SL_ENOTFOUND))
			return sl_fail(err, why.code, why.sys, "open '%s%s'", name, suffixes[i]);
		if (fd >= 0 && fstat(fd, &s->st[i]) < 0)
			return sl_fail(err, SL_EIO, errno, "read '%s%s'", name, suffixes[i]);
	}
	return 0;
}

static bool same_sight(const struct sight *a, const struct sight *b)
{
	for (size_t i = 0; i < FILES; i++)
		if (a->is_there[i] != b->is_there[i] || a->st[i].st_ino != b->st[i].st_ino ||
		    a->st[i].st_size != b->st[i].st_size ||
		    a->st[i].st_mtim.tv_sec != b->st[i].st_mtim.tv_sec ||
		    a->st[i].st_mtim.tv_nsec != b->st[i].st_mtim.tv_nsec)
			return false;
	return true;
}

static int pour_file(int from, int to, uint64_t *left, struct sl_error *err)
{
	AUTO_FREE char *chunk = malloc(CHUNK);

	if (chunk == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "copy");
	for (;;) {
		ssize_t n = read(from, chunk, CHUNK);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? 0 : sl_fail(err, SL_EIO, errno, "read");
		if ((uint64_t)n > *left)
			return sl_fail(err, SL_ELIMIT, 0, "larger than a database may be here");
		*left -= (uint64_t)n;
		rc = tempfile_write(to, chunk, (size_t)n, err);
		if (rc < 0)
			return rc;
	}
}

static void drop_one(const struct copy *c, size_t at)
{
	char own[16];

	(void)snprintf(own, sizeof(own), "db%s", suffixes[at]);
	(void)unlinkat(c->dir_fd, own, 0);
}

/* A file of the copy, empty. */
static int create_one(const struct copy *c, size_t at, struct sl_error *err)
{
	char own[16];
	int fd;

	drop_one(c, at);
	(void)snprintf(own, sizeof(own), "db%s", suffixes[at]);
	fd = openat(c->dir_fd, own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? fd : sl_fail(err, SL_EIO, errno, "temporary copy");
}

static int copy_files(const struct copy *c, const struct sight *s, int dir_fd, const char *name,
		      uint64_t max, struct sl_error *err)
{
	uint64_t left = max;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < FILES; i++) {
		AUTO_CLOSE int from = -1;
		AUTO_CLOSE int to = -1;

		drop_one(c, i);
		if (!s->is_there[i])
			continue;
		from = open_one(dir_fd, name, i, err);
		if (from < 0)
			return from;
		to = create_one(c, i, err);
		if (to < 0)
			return to;
		rc = pour_file(from, to, &left, err);
		if (rc < 0)
			return sl_wrap(err, rc, "copy of '%s%s'", name, suffixes[i]);
	}
	return rc;
}

/* One state of all files: none has changed from before until after they were copied. */
static int copy_still(const struct copy *c, int dir_fd, const char *name, uint64_t max,
		      struct sl_error *err)
{
	for (int i = 0; i < TRIES; i++) {
		struct sight before, after;
		int rc = look(&before, dir_fd, name, err);

		if (rc == 0)
			rc = copy_files(c, &before, dir_fd, name, max, err);
		if (rc == 0)
			rc = look(&after, dir_fd, name, err);
		if (rc < 0)
			return rc;
		if (same_sight(&before, &after))
			return 0;
	}
	return sl_fail(err, SL_EIO, 0, "'%s' changes while it is being read", name);
}

/* The copy, under its name. */
static int open_copied(struct db **out, const struct copy *c, const char *name,
		       struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/db", c->dir) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "open database");
	}
	rc = db_open_foreign(out, path, &why);
	/* the copy's name would say nothing to anybody */
	return rc < 0 ? sl_fail(err, why.code, why.sys, "database '%s' cannot be read", name) : 0;
}

int db_open_poured(struct db **out,
		   int (*pour)(void *payload, const char *suffix, int fd, struct sl_error *err),
		   void *payload, struct sl_error *err)
{
	CLEANUP(copy_remove) struct copy c = {.dir_fd = -1};
	int rc = make_dir(&c, err);

	for (size_t i = 0; rc == 0 && i < FILES; i++) {
		AUTO_CLOSE int fd = create_one(&c, i, err);

		if (fd < 0)
			return fd;
		rc = pour(payload, suffixes[i], fd, err);
		if (rc == 1)
			drop_one(&c, i);
		if (rc == 1 && i == 0)
			rc = sl_fail(err, SL_ENOTFOUND, 0, "there is no database");
		rc = rc < 0 ? rc : 0;
	}
	return rc == 0 ? open_copied(out, &c, "copied", err) : rc;
}

int db_open_copy(struct db **out, int dir_fd, const char *name, uint64_t max, struct sl_error *err)
{
	CLEANUP(copy_remove) struct copy c = {.dir_fd = -1};
	struct sight there;
	int rc = look(&there, dir_fd, name, err);

	if (rc == 0)
		rc = make_dir(&c, err);
	if (rc == 0)
		rc = copy_still(&c, dir_fd, name, max, err);
	return rc == 0 ? open_copied(out, &c, name, err) : rc;
}
