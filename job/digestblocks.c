/* SPDX-License-Identifier: Apache-2.0 */
#include "job/digestblocks.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

/* Slots of a block; a directory's files may lie in several. */
#define BLOCK_BITS 6
#define BLOCK_ROWS ((int64_t)1 << BLOCK_BITS)
#define BLOCKS 64
/* So many rows are read for each that is asked for, no more: after that, each by itself. */
#define ROWS_FOR_ONE 8
#define ROWS_FREE 4096

struct block {
	bool is_loaded;
	int64_t number;
	uint64_t has; /* which rows are there */
	struct digest_row rows[BLOCK_ROWS];
};

struct digestblocks {
	struct db_stmt *get;
	uint64_t asked, read;
	struct block blocks[BLOCKS];
};

_Static_assert(BLOCK_ROWS == 64, "one bit of block.has a row");

int digestblocks_new(struct digestblocks **out, struct db *db, struct sl_error *err)
{
	struct digestblocks *b = calloc(1, sizeof(*b));
	int rc;

	if (b == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "digest cache");
	rc = db_prepare(&b->get, db,
			"SELECT slot, file, state, found, seen FROM digests "
			"WHERE slot BETWEEN ?1 AND ?2",
			err);
	if (rc < 0) {
		free(b);
		return rc;
	}
	*out = b;
	return 0;
}

void digestblocks_free(struct digestblocks *b)
{
	if (b == NULL)
		return;
	db_finalize(b->get);
	free(b);
}

void digestblocks_forget(struct digestblocks *b)
{
	for (size_t i = 0; i < BLOCKS; i++)
		b->blocks[i].is_loaded = false;
}

static bool take(struct db_stmt *s, int column, void *out, size_t size)
{
	size_t len;
	const void *bytes = db_column_blob(s, column, &len);

	if (len != size)
		return false;
	memcpy(out, bytes, size);
	return true;
}

/* False: nothing that the cache wrote. */
static bool take_row(struct db_stmt *s, struct digest_row *out)
{
	const void *id = db_column_blob(s, 1, &out->file.len);

	if (id == NULL || out->file.len > sizeof(out->file.bytes))
		return false;
	memcpy(out->file.bytes, id, out->file.len);
	out->slot = db_column_i64(s, 0);
	out->seen = db_column_i64(s, 4);
	return take(s, 2, out->state, sizeof(out->state)) &&
	       take(s, 3, out->found, sizeof(out->found));
}

static int load(struct digestblocks *b, struct block *block, int64_t first, int64_t last,
		struct sl_error *err)
{
	int rc;

	block->has = 0;
	db_bind_i64(b->get, 1, first);
	db_bind_i64(b->get, 2, last);
	while ((rc = db_step(b->get, err)) == 0) {
		int64_t at = db_column_i64(b->get, 0) & (BLOCK_ROWS - 1);

		b->read++;
		if (take_row(b->get, &block->rows[at]))
			block->has |= UINT64_C(1) << at;
	}
	db_reset(b->get);
	return rc < 0 ? rc : 0;
}

int digestblocks_find(struct digestblocks *b, int64_t slot, const struct digest_row **out,
		      struct sl_error *err)
{
	int64_t number = slot >> BLOCK_BITS, at = slot & (BLOCK_ROWS - 1);
	struct block *block = &b->blocks[(uint64_t)number % BLOCKS];
	bool is_alone = b->read > ROWS_FOR_ONE * b->asked + ROWS_FREE;
	int rc = 0;

	b->asked++;
	if (!block->is_loaded || block->number != number) {
		block->number = number;
		block->is_loaded = false;
		rc = is_alone ? load(b, block, slot, slot, err)
			      : load(b, block, slot - at, slot - at + BLOCK_ROWS - 1, err);
		block->is_loaded = rc == 0 && !is_alone;
	}
	if (rc < 0)
		return rc;
	*out = &block->rows[at];
	return (block->has >> at & 1) == 0;
}
