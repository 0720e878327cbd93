/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the digest cache as they are read: files that were made together have neighbouring
 * inodes, and one question for all of these costs little more than one for the first.
 */
#ifndef JOB_DIGESTBLOCKS_H
#define JOB_DIGESTBLOCKS_H

#include <strandline/source.h>

#include "core/db.h"

/* Size, mtime, ctime, btime: all that must be the same. */
#define DIGEST_STATE_SIZE 44
#define DIGEST_FOUND_SIZE (SL_SHA256_SIZE + 16 + 1 + 8)

/* A file that is remembered. */
struct digest_row {
	int64_t slot; /* where to look; whose it is stands in file */
	struct sl_file_id file;
	uint8_t state[DIGEST_STATE_SIZE];
	uint8_t found[DIGEST_FOUND_SIZE];
	int64_t seen; /* day */
};

struct digestblocks;

/* Borrows @db. */
int digestblocks_new(struct digestblocks **out, struct db *db, struct sl_error *err);
void digestblocks_free(struct digestblocks *b);

/* 0 and a row that lives until the next call; 1 when there is none, or none that makes sense. */
int digestblocks_find(struct digestblocks *b, int64_t slot, const struct digest_row **out,
		      struct sl_error *err);

/* The file has changed: ask it again. */
void digestblocks_forget(struct digestblocks *b);

#endif
