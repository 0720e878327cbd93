/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are read many at once are the rows that were asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "job/digestblocks.h"

/* Slots that share a place in memory lie this far apart. */
#define STRIDE 4096

struct scene {
	struct db *db;
	struct db_stmt *put;
	struct digestblocks *blocks;
};

static int set_up(void **state)
{
	static const struct db_migration migrations[] = {
		{"test", 1,
		 "CREATE TABLE digests (slot INTEGER PRIMARY KEY, file BLOB, state BLOB, found "
		 "BLOB, "
		 "seen INTEGER)",
		 NULL}};
	struct scene *s = calloc(1, sizeof(*s));

	*state = s;
	if (s == NULL || db_open(&s->db, NULL, migrations, ARRAY_SIZE(migrations), NULL) < 0)
		return -1;
	if (db_prepare(&s->put, s->db, "INSERT OR REPLACE INTO digests VALUES (?1,?2,?3,?4,?5)",
		       NULL) < 0)
		return -1;
	return digestblocks_new(&s->blocks, s->db, NULL);
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	digestblocks_free(s->blocks);
	db_finalize(s->put);
	db_close(s->db);
	free(s);
	return 0;
}

/* A row that says which slot it is of. */
static void put(struct scene *s, int64_t slot, int64_t seen)
{
	uint8_t state[DIGEST_STATE_SIZE] = {1}, found[DIGEST_FOUND_SIZE] = {2};

	db_bind_i64(s->put, 1, slot);
	db_bind_blob(s->put, 2, &slot, sizeof(slot));
	db_bind_blob(s->put, 3, state, sizeof(state));
	db_bind_blob(s->put, 4, found, sizeof(found));
	db_bind_i64(s->put, 5, seen);
	assert_int_equal(db_step(s->put, NULL), 1);
	db_reset(s->put);
}

static void expect(struct scene *s, int64_t slot, int64_t seen)
{
	const struct digest_row *row;

	assert_int_equal(digestblocks_find(s->blocks, slot, &row, NULL), 0);
	assert_true(row->slot == slot && row->seen == seen);
	assert_int_equal(row->file.len, sizeof(slot));
	assert_memory_equal(row->file.bytes, &slot, sizeof(slot));
	assert_int_equal(row->state[0], 1);
	assert_int_equal(row->found[0], 2);
}

static void expect_none(struct scene *s, int64_t slot)
{
	const struct digest_row *row;

	assert_int_equal(digestblocks_find(s->blocks, slot, &row, NULL), 1);
}

static void each_slot_has_its_own_row_in_whatever_order(void **state)
{
	static const int64_t slots[] = {
		0, 1, 63, 64, 65, -1, -64, STRIDE, STRIDE + 1, INT64_MAX, INT64_MAX - 1, INT64_MIN};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
		put(s, slots[i], (int64_t)i);
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
		expect(s, slots[i], (int64_t)i);
	for (size_t i = ARRAY_SIZE(slots); i-- > 0;)
		expect(s, slots[i], (int64_t)i);
	expect_none(s, 2);
	expect_none(s, -2);
	expect_none(s, 2 * STRIDE);
	expect_none(s, INT64_MIN + 1);
}

static void files_far_apart_are_found_too(void **state)
{
	struct scene *s = *state;

	assert_int_equal(db_begin(s->db, NULL), 0);
	for (int64_t block = 0; block < 200; block++)
		for (int64_t i = 0; i < 64; i++)
			if (i != 5)
				put(s, block * STRIDE + i, block);
	assert_int_equal(db_commit(s->db, NULL), 0);
	/* one of each block: soon no more than that one is read */
	for (int64_t round = 0; round < 3; round++) {
		for (int64_t block = 0; block < 200; block++)
			expect(s, block * STRIDE + 7 + round, block);
		for (int64_t block = 0; block < 200; block++)
			expect_none(s, block * STRIDE + 5);
	}
}

static void what_was_written_since_is_found_once_it_is_told(void **state)
{
	struct scene *s = *state;

	put(s, 10, 1);
	expect(s, 10, 1);
	expect_none(s, 11);
	put(s, 10, 2);
	put(s, 11, 3);
	digestblocks_forget(s->blocks);
	expect(s, 10, 2);
	expect(s, 11, 3);
}

static void a_row_of_another_shape_is_none(void **state)
{
	struct scene *s = *state;

	for (int64_t slot = 0; slot < 6; slot++)
		put(s, slot, 1);
	assert_int_equal(db_exec(s->db,
				 "UPDATE digests SET file=NULL WHERE slot=0;"
				 "UPDATE digests SET file=zeroblob(161) WHERE slot=1;"
				 "UPDATE digests SET state=zeroblob(45) WHERE slot=2;"
				 "UPDATE digests SET found=NULL WHERE slot=3;"
				 "UPDATE digests SET found='x' WHERE slot=4",
				 NULL),
			 0);
	for (int64_t slot = 0; slot < 5; slot++)
		expect_none(s, slot);
	expect(s, 5, 1);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		ROW(each_slot_has_its_own_row_in_whatever_order),
		ROW(files_far_apart_are_found_too),
		ROW(what_was_written_since_is_found_once_it_is_told),
		ROW(a_row_of_another_shape_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
