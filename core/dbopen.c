/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a database: for writing, for reading, as it is; ours, or another program's. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/dbhandle.h"

/* Longest text or blob of another program's database. */
#define DB_FOREIGN_VALUE_MAX (16 * 1024 * 1024)
#define DB_BUSY_MS 30000
#define AUTO_VACUUM_INCREMENTAL 2

/*
 * Only a file of ours, or one with nothing in it, is ever written to. Also the first real read, so
 * "not a database" surfaces here.
 */
static int check_application(struct db *db, struct sl_error *err)
{
	int64_t id = 0, tables = 0;
	int rc = db_exec(db, "BEGIN", err); /* both reads see the same moment */

	if (rc == 0)
		rc = db_read_number(db, "PRAGMA application_id", 0, &id, err);
	if (rc == 0)
		rc = db_read_number(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, err);
	db_rollback(db);
	if (rc < 0)
		return rc;
	if (id != DB_APPLICATION_ID && (id != 0 || tables != 0))
		return sl_fail(err, SL_EFORMAT, 0, "'%s' is another program's database", db->name);
	return 0;
}

/*
 * Write-ahead logging: a scheduled diff reads on while an image is being stored. Two processes that
 * create the file at once meet here, and this one statement does not honour the busy timeout.
 */
static int use_wal(struct db *db, struct sl_error *err)
{
	static const struct timespec pause = {.tv_nsec = 10000000};
	int status;

	for (int waited_ms = 0;; waited_ms += 10) {
		status = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
		if ((status & 0xff) != SQLITE_BUSY || waited_ms >= DB_BUSY_MS)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return status == SQLITE_OK ? 0 : db_fail(db, status, err);
}

/* A database file is input too: its schema may not run anything, its cells are checked. */
static int distrust_content(struct db *db, struct sl_error *err)
{
	static const struct {
		int option, value;
	} settings[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
		{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int status = sqlite3_db_config(db->handle, settings[i].option, settings[i].value,
					       (int *)NULL);

		if (status != SQLITE_OK)
			return db_fail(db, status, err);
	}
	return db_exec(db, "PRAGMA cell_size_check=ON", err);
}

/* Bounded caches; a private database spills into SQLite's unlinked temporary file after that. */
static int configure(struct db *db, bool is_private, struct sl_error *err)
{
	int rc = db_exec(db,
			 "PRAGMA cache_size=-16384; PRAGMA temp.cache_size=-8192;"
			 "PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=1048576",
			 err);
	int64_t vacuum = 0;

	if (rc < 0 || db->is_readonly)
		return rc;
	/* setting it writes, and syncs, even where it is set */
	rc = db_read_number(db, "PRAGMA auto_vacuum", 0, &vacuum, err);
	if (rc == 0 && vacuum != AUTO_VACUUM_INCREMENTAL)
		rc = db_exec(db, "PRAGMA auto_vacuum=INCREMENTAL", err);
	if (rc == 0 && !is_private)
		rc = use_wal(db, err);
	return rc;
}

/* A copy for us alone, in SQLite's unlinked temporary file, takes the place of what was opened. */
static int copy_privately(struct db *db, struct sl_error *err)
{
	struct sqlite3 *from = db->handle;
	struct sqlite3_backup *backup;
	int rc, status;

	db->handle = NULL;
	db->is_readonly = false;
	rc = sqlite3_open_v2("", &db->handle,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
				     SQLITE_OPEN_EXRESCODE,
			     NULL) == SQLITE_OK
		     ? distrust_content(db, err)
		     : sl_fail(err, SL_ENOMEM, 0, "open database '%s'", db->name);
	backup = rc == 0 ? sqlite3_backup_init(db->handle, "main", from, "main") : NULL;
	status = backup != NULL ? sqlite3_backup_step(backup, -1) : SQLITE_NOMEM;
	(void)sqlite3_backup_finish(backup);
	(void)sqlite3_close_v2(from);
	if (rc == 0 && status != SQLITE_DONE)
		rc = db_fail(db, status, err);
	return rc == 0 ? configure(db, true, err) : rc;
}

/* What an earlier version made and cannot be written here is brought up to date in a copy. */
static int migrate(struct db *db, const struct db_migration *m, size_t count, struct sl_error *err)
{
	bool is_readonly = db->is_readonly;
	size_t pending;
	int rc = dbmigrate_pending(db, m, count, &pending, err);

	/* an up-to-date database is opened without asking for its write lock */
	if (rc < 0 || pending == 0)
		return rc;
	rc = is_readonly ? copy_privately(db, err) : 0;
	if (rc == 0)
		rc = dbmigrate_apply(db, m, count, err);
	db->is_readonly = is_readonly;
	return rc < 0 && is_readonly ? sl_wrap(err, rc, "made by an earlier version") : rc;
}

/*
 * SQLite would create the file with the umask's mode; its journals copy the file's. One that is
 * there is only asked about: to close it would drop the locks that other connections of this
 * process have on it, and another process would take the log away beneath them.
 */
static int create_file(const char *path, struct sl_error *err)
{
	AUTO_CLOSE int fd = -1;

	/* not with AT_EACCESS: filters that forbid faccessat2() are common */
	if (access(path, W_OK) == 0)
		return 0;
	if (errno == ENOENT)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "open database '%s'", path);
	return 0;
}

/* How a database file is opened, best first. */
enum mode {
	MODE_WRITE,
	MODE_READ,   /* with the locks and the log that others keep beside it */
	MODE_FROZEN, /* alone: nothing beside it, and nothing can be put there */
};

/* "file:" and the path with everything that a URI gives a meaning escaped. */
static int frozen_uri(struct buf *out, const char *path)
{
	(void)buf_append_str(out, "file:");
	for (const char *p = path; *p != '\0'; p++)
		if (isalnum((unsigned char)*p) != 0 || strchr("/._-", *p) != NULL)
			(void)buf_append_char(out, *p);
		else
			(void)buf_printf(out, "%%%02x", (unsigned int)(unsigned char)*p);
	return buf_append_str(out, "?immutable=1");
}

/* Relative names get "./" so that none of them means anything special (":memory:"). */
static int handle_name(struct buf *out, const char *path, enum mode mode)
{
	AUTO_FREE char *file = NULL;

	if (path == NULL)
		return buf_append_str(out, "");
	if (asprintf(&file, "%s%s", path[0] == '/' ? "" : "./", path) < 0)
		return -SL_ENOMEM;
	return mode == MODE_FROZEN ? frozen_uri(out, file) : buf_append_str(out, file);
}

static int open_handle(struct db *db, const char *path, enum mode mode, struct sl_error *err)
{
	static const int flags[] = {
		[MODE_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[MODE_READ] = SQLITE_OPEN_READONLY,
		[MODE_FROZEN] = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
	};
	struct buf name CLEANUP(buf_clear) = BUF_INIT((size_t)1 << 20);
	int status;

	if (handle_name(&name, path, mode) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "open database '%s'", db->name);
	status = sqlite3_open_v2(name.data, &db->handle,
				 flags[mode] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (status != SQLITE_OK)
		return db_fail(db, status, err);
	(void)sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
	return 0;
}

static int open_as(struct db *db, const char *path, enum mode mode, struct sl_error *err)
{
	int rc = 0;

	db->is_readonly = mode != MODE_WRITE;
	if (path != NULL && mode == MODE_WRITE)
		rc = create_file(path, err);
	if (rc == 0)
		rc = open_handle(db, path, mode, err);
	if (rc == 0)
		rc = distrust_content(db, err);
	if (rc == 0)
		rc = check_application(db, err);
	if (rc == 0)
		rc = configure(db, path == NULL, err);
	if (rc < 0) {
		(void)sqlite3_close_v2(db->handle);
		db->handle = NULL;
	}
	return rc;
}

/*
 * Without anything beside it nobody has the file open, and as we cannot put anything there, we read
 * it as it is. (Whoever could write it through another mount meanwhile is not seen.) A log that is
 * there holds newer pages, and needs a shared index that cannot be made: then no answer is better
 * than an old one.
 */
static int open_frozen(struct db *db, const char *path, struct sl_error *err)
{
	AUTO_FREE char *real = realpath(path, NULL);
	AUTO_FREE char *log = NULL;
	struct stat st;

	if (real == NULL)
		return sl_fail(err, SL_EIO, errno, "open database '%s'", path);
	if (asprintf(&log, "%s-wal", real) < 0) {
		log = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "open database '%s'", path);
	}
	if (stat(log, &st) == 0 && st.st_size > 0)
		return sl_fail(
			err, SL_EUNSUPPORTED, 0,
			"database '%s' has a log beside it and can only be read where it can "
			"be written: copy both files and give the copy with --db",
			path);
	return open_as(db, path, MODE_FROZEN, err);
}

/* Is the file, or the directory that its log goes to, not for us to write? Links are followed as
 * SQLite does. */
static bool is_unwritable(const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);
	char *slash = real != NULL ? strrchr(real, '/') : NULL;

	if (slash == NULL)
		return false;
	if (faccessat(AT_FDCWD, real, W_OK, AT_EACCESS) < 0)
		return true;
	slash[1] = '\0';
	return faccessat(AT_FDCWD, real, W_OK, AT_EACCESS) < 0;
}

/* For writing; where that cannot be, for reading. */
static int open_best(struct db *db, const char *path, struct sl_error *err)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	int rc = open_as(db, path, MODE_WRITE, &why);

	if (rc == -SL_EIO && path != NULL && is_unwritable(path)) {
		sl_error_clear(&why);
		rc = open_as(db, path, MODE_READ, &why);
		if (rc == -SL_EIO)
			return open_frozen(db, path, err);
	}
	if (rc < 0 && err != NULL) {
		*err = why;
		why = SL_ERROR_INIT;
	}
	return rc;
}

int db_open(struct db **out, const char *path, const struct db_migration *migrations, size_t count,
	    struct sl_error *err)
{
	struct db *db = calloc(1, sizeof(*db));
	int rc = 0;

	if (db != NULL)
		db->name = strdup(path == NULL ? "(temporary)" : path);
	if (db == NULL || db->name == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "open database");
	if (rc == 0)
		rc = open_best(db, path, err);
	if (rc == 0)
		rc = migrate(db, migrations, count, err);
	if (rc < 0) {
		db_close(db);
		return rc;
	}
	*out = db;
	return 0;
}

/*
 * Opened for writing, so that SQLite takes in what the log holds; exclusively, so that it needs no
 * shared memory beside it. The first read makes it open the log.
 */
int db_open_foreign(struct db **out, const char *path, struct sl_error *err)
{
	struct db *db = calloc(1, sizeof(*db));
	int64_t version;
	int rc = 0;

	if (db != NULL)
		db->name = strdup(path);
	if (db == NULL || db->name == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "open database");
	if (rc == 0)
		rc = open_handle(db, path, MODE_WRITE, err);
	if (rc == 0)
		rc = distrust_content(db, err);
	if (rc == 0) {
		(void)sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, DB_FOREIGN_VALUE_MAX);
		rc = db_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-4096", err);
	}
	if (rc == 0)
		rc = db_read_number(db, "SELECT count(*) FROM sqlite_schema", 0, &version, err);
	if (rc < 0) {
		db_close(db);
		return rc;
	}
	*out = db;
	return 0;
}
