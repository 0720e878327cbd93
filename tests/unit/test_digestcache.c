/* SPDX-License-Identifier: Apache-2.0 */
/* Which files are taken for what they were in an earlier run, and which never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "job/digestcache.h"

#define NS_PER_S INT64_C(1000000000)
#define DAY 86400
#define NOW 1700000000

static int enter_scratch(void **state)
{
	char *dir = strdup("/tmp/strandline-cache-XXXXXX");

	*state = dir;
	return dir == NULL || mkdtemp(dir) == NULL || chdir(dir) < 0 ? -1 : 0;
}

static int leave_scratch(void **state)
{
	AUTO_FREE char *dir = *state;

	(void)unlink("c");
	(void)unlink("c-wal");
	(void)unlink("c-shm");
	return chdir("/") == 0 ? rmdir(dir) : -1;
}

static const struct digestcache_run first_run = {.boot_id = "one",
						 .now = {NOW, 7},
						 .clock_ns = 1000 * NS_PER_S,
						 .bytes_max = (uint64_t)64 << 20};

/* The same start of the machine, @seconds later. */
static struct digestcache_run later(int64_t seconds)
{
	struct digestcache_run run = first_run;

	run.now.sec += seconds;
	return run;
}

/* An old file. */
static struct sl_entry file(void)
{
	return (struct sl_entry){.size = 5,
				 .ino = 77,
				 .dev = 3,
				 .mtime = {NOW - 1000, 1},
				 .ctime = {NOW - 900, 2},
				 .btime = {NOW - 2000, 3},
				 .fields = SL_ENTRY_MTIME | SL_ENTRY_CTIME | SL_ENTRY_BTIME |
					   SL_ENTRY_INODE};
}

static struct sl_file_id id_of(const char *text)
{
	struct sl_file_id id = {.len = strlen(text)};

	memcpy(id.bytes, text, id.len);
	return id;
}

static struct drift_digests digests(uint8_t byte)
{
	struct drift_digests d = {.head_len = 16, .signals = 0x80000001u};

	memset(d.sha256, byte, sizeof(d.sha256));
	memset(d.head, byte ^ 2, sizeof(d.head));
	return d;
}

static struct digestcache *open_at(const struct digestcache_run *run)
{
	struct digestcache *c = NULL;

	assert_int_equal(digestcache_new(&c, "c", run, NULL), 0);
	return c;
}

static bool ask(struct digestcache *c, const char *id, struct sl_entry e, struct drift_digests *out)
{
	struct drift_cache cache = digestcache_for_drift(c);
	struct sl_file_id file_id = id_of(id);

	return cache.is_settled(cache.payload, &e) && cache.find(cache.payload, &file_id, &e, out);
}

static void tell(struct digestcache *c, const char *id, struct sl_entry e, uint8_t byte)
{
	struct drift_cache cache = digestcache_for_drift(c);
	struct sl_file_id file_id = id_of(id);
	struct drift_digests d = digests(byte);

	cache.keep(cache.payload, &file_id, &e, &d);
}

static void keep_at(const struct digestcache_run *run, const char *id, struct sl_entry e,
		    uint8_t byte)
{
	struct digestcache *c = open_at(run);

	tell(c, id, e, byte);
	assert_null(digestcache_trouble(c));
	digestcache_free(c);
}

static bool found_at(const struct digestcache_run *run, const char *id, struct sl_entry e)
{
	struct digestcache *c = open_at(run);
	struct drift_digests d;
	bool found = ask(c, id, e, &d);

	digestcache_free(c);
	return found;
}

static void what_was_read_is_found_by_the_next_run(void **state)
{
	struct drift_digests d, want = digests(9);
	struct digestcache_run run = later(300);
	struct digestcache *c;

	(void)state;
	keep_at(&first_run, "a", file(), 9);
	c = open_at(&run);
	assert_true(ask(c, "a", file(), &d));
	assert_memory_equal(d.sha256, want.sha256, sizeof(d.sha256));
	assert_int_equal(d.head_len, want.head_len);
	assert_int_equal(d.signals, want.signals);
	assert_memory_equal(d.head, want.head, sizeof(d.head));
	digestcache_free(c);
}

static void nothing_is_made_where_nothing_is_asked(void **state)
{
	(void)state;
	digestcache_free(open_at(&first_run));
	assert_int_equal(access("c", F_OK), -1);
}

static void a_file_that_is_not_the_very_same_is_read(void **state)
{
	struct digestcache_run run = later(300);

	(void)state;
	keep_at(&first_run, "a", file(), 9);
	for (int i = 0; i < 9; i++) {
		struct sl_entry e = file();

		switch (i) {
		case 0: /* written */
			e.size++;
			break;
		case 1: /* written, mtime forged: this moves on */
			e.ctime.nsec++;
			break;
		case 2:
			e.ctime.sec++;
			break;
		case 3: /* a file system that was put back to what it was */
			e.ctime.sec--;
			break;
		case 4:
			e.mtime.nsec++;
			break;
		case 5:
			e.mtime.sec--;
			break;
		case 6:
			e.btime.nsec++;
			break;
		case 7:
			e.fields &= ~(uint32_t)SL_ENTRY_BTIME;
			break;
		default:
			break;
		}
		if (found_at(&run, i == 8 ? "b" : "a", e))
			fail_msg("case %d was not read", i);
	}
	assert_true(found_at(&run, "a", file()));
}

/* The slot is the same, and not the file: another generation of the inode. */
static void the_file_that_was_read_last_has_the_place(void **state)
{
	struct digestcache_run run = later(300);

	(void)state;
	keep_at(&first_run, "a", file(), 9);
	keep_at(&first_run, "b", file(), 8);
	assert_false(found_at(&run, "a", file()));
	assert_true(found_at(&run, "b", file()));
}

static void what_moved_within_the_last_minute_is_read(void **state)
{
	struct digestcache *c = open_at(&first_run);
	struct drift_cache cache = digestcache_for_drift(c);
	const int64_t youngest = NOW - DIGESTCACHE_SETTLED_SECONDS;
	struct sl_entry e = file();

	(void)state;
	e.mtime = e.ctime = (struct sl_time){youngest, 7};
	assert_true(cache.is_settled(c, &e));
	e.ctime.nsec = 8;
	assert_false(cache.is_settled(c, &e));
	e = file();
	e.mtime = (struct sl_time){youngest, 8};
	assert_false(cache.is_settled(c, &e));
	e.mtime = (struct sl_time){NOW + 1000, 0};
	assert_false(cache.is_settled(c, &e));
	e = file();
	e.ctime = (struct sl_time){NOW + 1000, 1};
	assert_false(cache.is_settled(c, &e));
	digestcache_free(c);
}

static void times_in_whole_seconds_are_too_coarse(void **state)
{
	struct digestcache *c = open_at(&first_run);
	struct drift_cache cache = digestcache_for_drift(c);
	struct sl_entry e = file();

	(void)state;
	e.ctime.nsec = 0;
	assert_false(cache.is_settled(c, &e));
	e = file();
	e.fields &= ~(uint32_t)SL_ENTRY_CTIME;
	assert_false(cache.is_settled(c, &e));
	digestcache_free(c);
}

static void another_start_of_the_machine_forgets_all(void **state)
{
	struct digestcache_run run = later(300);

	(void)state;
	keep_at(&first_run, "a", file(), 9);
	(void)snprintf(run.boot_id, sizeof(run.boot_id), "two");
	assert_false(found_at(&run, "a", file()));
	assert_false(found_at(&first_run, "a", file()));
}

static void a_clock_that_was_set_forgets_all(void **state)
{
	(void)state;
	for (int back = 0; back < 2; back++) {
		struct digestcache_run run = later(300);

		keep_at(&first_run, "a", file(), 9);
		run.clock_ns += (back != 0 ? -1 : 1) * (NS_PER_S + 1);
		assert_false(found_at(&run, "a", file()));
		run.clock_ns = first_run.clock_ns;
		assert_false(found_at(&run, "a", file()));
	}
}

static void a_clock_that_is_slewed_does_not(void **state)
{
	struct digestcache_run run = later(300);

	(void)state;
	keep_at(&first_run, "a", file(), 9);
	for (int i = 0; i < 5; i++) {
		run.clock_ns += NS_PER_S / 2;
		assert_true(found_at(&run, "a", file()));
	}
}

static void what_no_run_asks_for_is_forgotten(void **state)
{
	struct sl_entry other = file();
	struct digestcache_run run;

	(void)state;
	other.ino++;
	keep_at(&first_run, "a", file(), 9);
	keep_at(&first_run, "b", other, 8);
	for (int day = 1; day <= DIGESTCACHE_DAYS + 1; day++) {
		run = later(day * DAY);
		assert_true(found_at(&run, "a", file()));
	}
	assert_false(found_at(&run, "b", other));
}

static void it_stays_below_its_bound(void **state)
{
	struct digestcache_run run = first_run;
	struct digestcache *c;
	struct stat st;

	(void)state;
	run.bytes_max = (uint64_t)256 << 10;
	for (int round = 0; round < 3; round++) {
		c = open_at(&run);
		for (uint64_t i = 0; i < 5000; i++) {
			struct sl_entry e = file();

			e.ino = (uint64_t)round * 5000 + i;
			tell(c, "some file's identity, as long as", e, 9);
		}
		digestcache_free(c);
		assert_int_equal(stat("c", &st), 0);
		assert_true(st.st_size <= (off_t)run.bytes_max + (128 << 10));
	}
	/* the next day there is room again */
	run.now.sec += 2 * DAY;
	keep_at(&run, "a", file(), 9);
	assert_true(found_at(&run, "a", file()));
}

static void a_file_that_others_may_write_is_not_used(void **state)
{
	struct digestcache *c;
	struct drift_digests d;

	(void)state;
	keep_at(&first_run, "a", file(), 9);
	assert_int_equal(chmod("c", 0620), 0);
	c = open_at(&first_run);
	assert_false(ask(c, "a", file(), &d));
	assert_non_null(strstr(digestcache_trouble(c), "not this user's alone"));
	assert_null(digestcache_trouble(c));
	tell(c, "b", file(), 8);
	digestcache_free(c);
	assert_int_equal(chmod("c", 0600), 0);
	assert_true(found_at(&first_run, "a", file()));
	assert_int_equal(rename("c", "d"), 0);
	assert_int_equal(symlink("d", "c"), 0);
	assert_false(found_at(&first_run, "a", file()));
	assert_int_equal(unlink("d"), 0);
}

static void another_programs_file_is_left_alone(void **state)
{
	static const char text[] = "this is somebody's letter and no database at all\n";
	AUTO_CLOSE int fd = open("c", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char now[sizeof(text)] = {0};
	struct digestcache *c;
	struct drift_digests d;

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	c = open_at(&first_run);
	assert_false(ask(c, "a", file(), &d));
	tell(c, "a", file(), 9);
	assert_non_null(digestcache_trouble(c));
	digestcache_free(c);
	assert_int_equal(pread(fd, now, sizeof(now), 0), sizeof(text));
	assert_memory_equal(now, text, sizeof(text));
}

static void where_nothing_can_be_made_nothing_fails(void **state)
{
	struct digestcache *c = NULL;
	struct drift_digests d;

	(void)state;
	assert_int_equal(digestcache_new(&c, "no/such/place", &first_run, NULL), 0);
	assert_false(ask(c, "a", file(), &d));
	tell(c, "a", file(), 9);
	assert_non_null(digestcache_trouble(c));
	digestcache_free(c);
}

static void a_row_that_was_cut_is_no_answer(void **state)
{
	struct db *db = NULL;

	(void)state;
	keep_at(&first_run, "a", file(), 9);
	assert_int_equal(db_open(&db, "c", NULL, 0, NULL), 0);
	assert_int_equal(db_exec(db, "UPDATE digests SET found=substr(found, 1, 40)", NULL), 0);
	db_close(db);
	assert_false(found_at(&first_run, "a", file()));
	keep_at(&first_run, "a", file(), 9);
	assert_int_equal(db_open(&db, "c", NULL, 0, NULL), 0);
	assert_int_equal(db_exec(db, "UPDATE digests SET found=NULL, file=NULL", NULL), -SL_EIO);
	assert_int_equal(db_exec(db, "UPDATE digests SET state=7, found='x'", NULL), 0);
	db_close(db);
	assert_false(found_at(&first_run, "a", file()));
}

static void two_runs_at_once_keep_what_both_read(void **state)
{
	struct digestcache *one = open_at(&first_run), *two = open_at(&first_run);
	struct drift_digests d;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		struct sl_entry e = file();

		e.ino = i;
		/* questions keep a state open while the other one writes */
		(void)ask(i % 2 != 0 ? two : one, "x", e, &d);
		tell(i % 2 != 0 ? one : two, "x", e, 9);
	}
	assert_null(digestcache_trouble(one));
	assert_null(digestcache_trouble(two));
	digestcache_free(one);
	digestcache_free(two);
	one = open_at(&first_run);
	for (uint64_t i = 0; i < 3000; i++) {
		struct sl_entry e = file();

		e.ino = i;
		assert_true(ask(one, "x", e, &d));
	}
	digestcache_free(one);
}

/* The other run began before the clock was set: what it read then is worth nothing now. */
static void a_run_from_before_the_clock_was_set_adds_nothing(void **state)
{
	struct digestcache *old = open_at(&first_run);
	struct digestcache_run run = later(300);
	struct sl_entry other = file();

	(void)state;
	other.ino++;
	tell(old, "a", file(), 9);
	run.clock_ns += 5 * NS_PER_S;
	keep_at(&run, "b", other, 8);
	digestcache_free(old);
	assert_false(found_at(&run, "a", file()));
	assert_true(found_at(&run, "b", other));
}

static void this_machine_can_be_told(void **state)
{
	struct digestcache_run one, two;

	(void)state;
	assert_true(digestcache_run_here(&one));
	assert_true(digestcache_run_here(&two));
	assert_string_equal(one.boot_id, two.boot_id);
	assert_true(llabs(one.clock_ns - two.clock_ns) < NS_PER_S);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, enter_scratch, leave_scratch)
	const struct CMUnitTest tests[] = {
		ROW(what_was_read_is_found_by_the_next_run),
		ROW(nothing_is_made_where_nothing_is_asked),
		ROW(a_file_that_is_not_the_very_same_is_read),
		ROW(the_file_that_was_read_last_has_the_place),
		ROW(what_moved_within_the_last_minute_is_read),
		ROW(times_in_whole_seconds_are_too_coarse),
		ROW(another_start_of_the_machine_forgets_all),
		ROW(a_clock_that_was_set_forgets_all),
		ROW(a_clock_that_is_slewed_does_not),
		ROW(what_no_run_asks_for_is_forgotten),
		ROW(it_stays_below_its_bound),
		ROW(a_file_that_others_may_write_is_not_used),
		ROW(another_programs_file_is_left_alone),
		ROW(where_nothing_can_be_made_nothing_fails),
		ROW(a_row_that_was_cut_is_no_answer),
		ROW(two_runs_at_once_keep_what_both_read),
		ROW(a_run_from_before_the_clock_was_set_adds_nothing),
		ROW(this_machine_can_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
