/* SPDX-License-Identifier: Apache-2.0 */
#include "job/digestcache.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/db.h"
#include "job/digestblocks.h"

#define NS_PER_S INT64_C(1000000000)
#define SECONDS_PER_DAY 86400
/* The clock is slewed all the time, and set when it moves by more than this between two runs. */
#define CLOCK_SET_NS NS_PER_S
/* Less than this is not worth writing down. */
#define CLOCK_MOVED_NS (NS_PER_S / 10)
/* Rows that wait to be written: few enough to hold the lock for milliseconds. */
#define PENDING_MAX 512
/* What a row takes in the file, about. */
#define ROW_BYTES 200

static const struct db_migration migrations[] = {
	{"digests", 1,
	 "CREATE TABLE digests_run ("
	 " boot TEXT NOT NULL,"
	 " clock_ns INTEGER NOT NULL,"
	 " pruned INTEGER NOT NULL);" /* day */
	 "CREATE TABLE digests ("
	 " slot INTEGER PRIMARY KEY," /* where to look; whose it is stands in file */
	 " file BLOB NOT NULL,"
	 " state BLOB NOT NULL,"
	 " found BLOB NOT NULL,"
	 " seen INTEGER NOT NULL)", /* day */
	 NULL},
};

struct digestcache {
	char *path;
	struct digestcache_run run;
	int64_t today;
	bool was_tried;
	struct db *db;     /* NULL: not opened, or not to be used */
	bool is_read_only; /* or full, or somebody else holds it */
	uint64_t room;     /* rows that still fit */
	struct db_stmt *put;
	struct digestblocks *blocks;
	bool is_reading; /* one transaction for many questions: locks cost more than answers */
	struct digest_row *pending; /* PENDING_MAX of them */
	size_t pending_count;
	struct sl_error trouble;
	bool was_told;
};

bool digestcache_run_here(struct digestcache_run *out)
{
	AUTO_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char id[37] = {0}; /* and a line's end */
	ssize_t n = fd < 0 ? -1 : read(fd, id, sizeof(id));

	if (n != sizeof(id) || id[sizeof(id) - 1] != '\n')
		return false;
	id[sizeof(id) - 1] = '\0';
	*out = (struct digestcache_run){.now = clock_now(), .bytes_max = DIGESTCACHE_BYTES_MAX};
	/* signals are kept, too, and another version may see more in the same bytes */
	(void)snprintf(out->boot_id, sizeof(out->boot_id), "%s " STRANDLINE_VERSION, id);
	out->clock_ns = out->now.sec * NS_PER_S + out->now.nsec - (int64_t)clock_boot_ns();
	return true;
}

/* ---- rows ---- */

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static uint8_t *put_time(uint8_t *at, struct sl_time t)
{
	at = put_bytes(at, &t.sec, sizeof(t.sec));
	return put_bytes(at, &t.nsec, sizeof(t.nsec));
}

/*
 * Files that were made together lie together, as their inodes do. Two that share a slot cost each
 * other their place and nothing else.
 */
static int64_t slot_of(const struct sl_entry *e)
{
	return (int64_t)(e->ino ^
			 (e->dev * UINT64_C(0x9e3779b97f4a7c15) & ~UINT64_C(0xffffffffff)));
}

/* In this machine's byte order: no other one reads it. */
static void pack_state(uint8_t out[DIGEST_STATE_SIZE], const struct sl_entry *e)
{
	bool has_btime = (e->fields & SL_ENTRY_BTIME) != 0;

	out = put_bytes(out, &e->size, sizeof(e->size));
	out = put_time(out, e->mtime);
	out = put_time(out, e->ctime);
	(void)put_time(out, has_btime ? e->btime : (struct sl_time){0});
}

static void pack_found(uint8_t out[DIGEST_FOUND_SIZE], const struct drift_digests *d)
{
	out = put_bytes(out, d->sha256, sizeof(d->sha256));
	out = put_bytes(out, d->head, sizeof(d->head));
	out = put_bytes(out, &d->head_len, sizeof(d->head_len));
	(void)put_bytes(out, &d->signals, sizeof(d->signals));
}

static const uint8_t *take_bytes(const uint8_t *at, void *out, size_t len)
{
	memcpy(out, at, len);
	return at + len;
}

/* False: nothing that pack_found() wrote. */
static bool unpack_found(struct drift_digests *d, const uint8_t *at)
{
	at = take_bytes(at, d->sha256, sizeof(d->sha256));
	at = take_bytes(at, d->head, sizeof(d->head));
	at = take_bytes(at, &d->head_len, sizeof(d->head_len));
	(void)take_bytes(at, &d->signals, sizeof(d->signals));
	return d->head_len <= sizeof(d->head);
}

/* ---- the file ---- */

/* A state that is held for long keeps the log growing; what is written must be on the newest. */
static void end_reading(struct digestcache *c)
{
	if (c->is_reading)
		db_rollback(c->db);
	c->is_reading = false;
}

static void close_db(struct digestcache *c)
{
	if (c->db != NULL)
		end_reading(c);
	digestblocks_free(c->blocks);
	db_finalize(c->put);
	db_close(c->db);
	c->blocks = NULL;
	c->put = NULL;
	c->db = NULL;
}

/* Who else could write to it could have files taken for what they are not. */
static int check_owner(const struct digestcache *c, struct sl_error *err)
{
	struct stat st;

	if (lstat(c->path, &st) < 0)
		return errno == ENOENT ? 0 : sl_fail(err, SL_EIO, errno, "'%s'", c->path);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "'%s' is not this user's alone", c->path);
	return 0;
}

static int read_number(struct digestcache *c, const char *sql, int64_t *out, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, c->db, sql, err);

	if (rc == 0)
		rc = db_step(s, err);
	if (rc == 0)
		*out = db_column_i64(s, 0);
	return rc;
}

/* How this run differs from the one that wrote last. */
struct since {
	bool is_other;    /* another start of the machine, or its clock was set: nothing counts */
	bool clock_moved; /* enough to be written down */
	bool is_new_day;
};

static int compare_runs(struct digestcache *c, struct since *out, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, c->db, "SELECT boot, clock_ns, pruned FROM digests_run", err);
	const char *boot;
	int64_t moved;

	if (rc == 0)
		rc = db_step(s, err);
	*out = (struct since){.is_other = true};
	if (rc != 0)
		return rc < 0 ? rc : 0;
	boot = db_column_text(s, 0);
	if (boot == NULL || strcmp(boot, c->run.boot_id) != 0 ||
	    __builtin_sub_overflow(c->run.clock_ns, db_column_i64(s, 1), &moved))
		return 0;
	out->is_other = moved > CLOCK_SET_NS || moved < -CLOCK_SET_NS;
	out->clock_moved = moved > CLOCK_MOVED_NS || moved < -CLOCK_MOVED_NS;
	out->is_new_day = db_column_i64(s, 2) != c->today;
	return 0;
}

static int note_run(struct digestcache *c, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_exec(c->db, "DELETE FROM digests_run", err);

	if (rc == 0)
		rc = db_prepare(&s, c->db, "INSERT INTO digests_run VALUES (?1, ?2, ?3)", err);
	if (rc < 0)
		return rc;
	db_bind_text(s, 1, c->run.boot_id);
	db_bind_i64(s, 2, c->run.clock_ns);
	db_bind_i64(s, 3, c->today);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}

static int forget_before(struct digestcache *c, int64_t day, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, c->db, "DELETE FROM digests WHERE seen < ?1", err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, day);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}

/* Forget what does not count any more, in one transaction with what that follows from. */
static int tidy(struct digestcache *c, bool is_full, struct sl_error *err)
{
	struct since since;
	int rc = db_begin(c->db, err);

	/* again, now that nobody else writes: they may have done it */
	if (rc == 0)
		rc = compare_runs(c, &since, err);
	if (rc == 0 && since.is_other)
		rc = db_exec(c->db, "DELETE FROM digests", err);
	else if (rc == 0 && (since.is_new_day || is_full))
		rc = forget_before(c, c->today - (is_full ? 1 : DIGESTCACHE_DAYS), err);
	if (rc == 0)
		rc = note_run(c, err);
	if (rc == 0)
		rc = db_commit(c->db, err);
	if (rc < 0)
		db_rollback(c->db);
	return rc;
}

static int measure(struct digestcache *c, struct sl_error *err)
{
	int64_t pages = 0, unused = 0, page = 0;
	int rc = read_number(c, "PRAGMA page_count", &pages, err);
	uint64_t used;

	if (rc == 0)
		rc = read_number(c, "PRAGMA freelist_count", &unused, err);
	if (rc == 0)
		rc = read_number(c, "PRAGMA page_size", &page, err);
	if (rc != 0)
		return rc;
	used = (uint64_t)(pages - unused) * (uint64_t)page;
	c->room = used < c->run.bytes_max ? (c->run.bytes_max - used) / ROW_BYTES : 0;
	return 0;
}

/* After this the rows are of this start of the machine and this setting of its clock. */
static int settle_run(struct digestcache *c, struct sl_error *err)
{
	struct since since;
	int rc = compare_runs(c, &since, err);

	if (rc == 0)
		rc = measure(c, err);
	if (rc != 0)
		return rc;
	if (c->is_read_only)
		return since.is_other ? sl_fail(err, SL_EIO, EROFS, "'%s' is out of date", c->path)
				      : 0;
	if (!since.is_other && !since.clock_moved && !since.is_new_day && c->room > 0)
		return 0;
	rc = tidy(c, c->room == 0, err);
	return rc == 0 ? measure(c, err) : rc;
}

static int open_db(struct digestcache *c, struct sl_error *err)
{
	int rc = check_owner(c, err);

	if (rc == 0)
		rc = db_open(&c->db, c->path, migrations, ARRAY_SIZE(migrations), err);
	if (rc < 0)
		return rc;
	c->is_read_only = db_writable(c->db, NULL) < 0;
	/* nothing here outlives a crash of the machine, and nobody is worth waiting for */
	rc = db_exec(c->db, "PRAGMA synchronous=OFF; PRAGMA busy_timeout=2000", err);
	if (rc == 0)
		rc = settle_run(c, err);
	if (rc == 0)
		rc = digestblocks_new(&c->blocks, c->db, err);
	if (rc == 0 && !c->is_read_only)
		rc = db_prepare(&c->put, c->db,
				"INSERT OR REPLACE INTO digests VALUES (?1,?2,?3,?4,?5)", err);
	return rc;
}

/* Nothing more is asked of it or written to it. */
static void give_up(struct digestcache *c)
{
	close_db(c);
	c->pending_count = 0;
}

static bool is_open(struct digestcache *c)
{
	if (!c->was_tried) {
		c->was_tried = true;
		if (open_db(c, &c->trouble) < 0)
			give_up(c);
	}
	return c->db != NULL;
}

/* ---- writing ---- */

static int put_row(struct digestcache *c, const struct digest_row *r, struct sl_error *err)
{
	int rc;

	db_reset(c->put);
	db_bind_i64(c->put, 1, r->slot);
	db_bind_blob(c->put, 2, r->file.bytes, r->file.len);
	db_bind_blob(c->put, 3, r->state, sizeof(r->state));
	db_bind_blob(c->put, 4, r->found, sizeof(r->found));
	db_bind_i64(c->put, 5, c->today);
	rc = db_step(c->put, err);
	return rc < 0 ? rc : 0;
}

/*
 * Rows are only worth something while the machine and its clock are what they were when this run
 * began: a run that saw the clock being set has emptied the file for good.
 */
static int write_pending(struct digestcache *c, struct sl_error *err)
{
	struct since since;
	int rc = db_begin(c->db, err);

	if (rc == 0)
		rc = compare_runs(c, &since, err);
	if (rc == 0 && since.is_other)
		rc = sl_fail(err, SL_EIO, 0, "'%s': the clock was set meanwhile", c->path);
	for (size_t i = 0; rc == 0 && i < c->pending_count; i++)
		rc = put_row(c, &c->pending[i], err);
	if (c->put != NULL)
		db_reset(c->put);
	if (rc == 0)
		rc = db_commit(c->db, err);
	if (rc < 0)
		db_rollback(c->db);
	return rc;
}

static void flush(struct digestcache *c)
{
	if (c->db == NULL || c->pending_count == 0)
		return;
	end_reading(c);
	digestblocks_forget(c->blocks);
	/* what is found goes on being right where nothing can be written */
	if (write_pending(c, &c->trouble) < 0)
		c->is_read_only = true;
	c->pending_count = 0;
}

static void add_pending(struct digestcache *c, const struct sl_file_id *file,
			const struct sl_entry *e, const struct drift_digests *d)
{
	struct digest_row *r;

	if (c->pending == NULL)
		c->pending = malloc(PENDING_MAX * sizeof(*c->pending));
	if (c->pending == NULL || c->is_read_only)
		return;
	if (c->pending_count == PENDING_MAX)
		flush(c);
	if (c->is_read_only)
		return;
	r = &c->pending[c->pending_count++];
	r->slot = slot_of(e);
	r->file = *file;
	pack_state(r->state, e);
	pack_found(r->found, d);
}

/* ---- what a comparison asks ---- */

static bool is_old(const struct digestcache *c, struct sl_time t)
{
	struct sl_time until = {c->run.now.sec - DIGESTCACHE_SETTLED_SECONDS, c->run.now.nsec};

	return clock_compare(t, until) <= 0;
}

/*
 * Younger than a minute, a file may be written again without its times moving on: kernels count
 * them in ticks. Where they are whole seconds, that holds for a clock that was set back, too.
 */
static bool is_settled(void *payload, const struct sl_entry *e)
{
	const uint32_t times = SL_ENTRY_MTIME | SL_ENTRY_CTIME;
	const struct digestcache *c = payload;

	return (e->fields & times) == times && is_old(c, e->mtime) && is_old(c, e->ctime) &&
	       e->ctime.nsec != 0;
}

/* Is the row about this file, as it is now? Then @out is what was found. */
static bool is_row_of(const struct digest_row *r, const struct sl_file_id *id,
		      const struct sl_entry *e, struct drift_digests *out)
{
	uint8_t state[DIGEST_STATE_SIZE];

	pack_state(state, e);
	return r->file.len == id->len && memcmp(r->file.bytes, id->bytes, id->len) == 0 &&
	       memcmp(r->state, state, sizeof(state)) == 0 && unpack_found(out, r->found);
}

static bool find(void *payload, const struct sl_file_id *id, const struct sl_entry *e,
		 struct drift_digests *out)
{
	struct digestcache *c = payload;
	const struct digest_row *row;
	int rc;

	if (!is_open(c))
		return false;
	if (!c->is_reading)
		c->is_reading = db_exec(c->db, "BEGIN", NULL) == 0;
	rc = digestblocks_find(c->blocks, slot_of(e), &row, &c->trouble);
	if (rc < 0)
		give_up(c);
	if (rc != 0 || !is_row_of(row, id, e, out))
		return false;
	if (row->seen != c->today)
		add_pending(c, id, e, out);
	return true;
}

static void keep(void *payload, const struct sl_file_id *id, const struct sl_entry *e,
		 const struct drift_digests *d)
{
	struct digestcache *c = payload;

	if (!is_open(c) || c->room == 0)
		return;
	c->room--;
	add_pending(c, id, e, d);
}

struct drift_cache digestcache_for_drift(struct digestcache *c)
{
	return (struct drift_cache){
		.is_settled = is_settled, .find = find, .keep = keep, .payload = c};
}

const char *digestcache_trouble(struct digestcache *c)
{
	if (c == NULL || c->trouble.code == 0 || c->was_told)
		return NULL;
	c->was_told = true;
	return sl_error_text(&c->trouble);
}

int digestcache_new(struct digestcache **out, const char *path, const struct digestcache_run *run,
		    struct sl_error *err)
{
	struct digestcache *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->path = strdup(path);
	if (c == NULL || c->path == NULL) {
		free(c);
		return sl_fail(err, SL_ENOMEM, 0, "digest cache");
	}
	c->run = *run;
	c->today = run->now.sec / SECONDS_PER_DAY;
	*out = c;
	return 0;
}

void digestcache_free(struct digestcache *c)
{
	if (c == NULL)
		return;
	flush(c);
	close_db(c);
	sl_error_clear(&c->trouble);
	free(c->pending);
	free(c->path);
	free(c);
}
