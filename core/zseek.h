/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the frames of a zstd file stand, by the seek table at its end. Nobody vouches for that
 * table: what is read with its help must be checked. Belongs to the zstream family.
 */
#ifndef CORE_ZSEEK_H
#define CORE_ZSEEK_H

#include "core/rfile.h"

struct zseek {
	size_t count;
	uint64_t *offsets; /* owned: of each frame, and of the table behind the last */
	uint32_t *plain;   /* owned: bytes of each frame, decompressed, as the table says */
};

/*
 * Read the table. 0; 1 when there is none that accounts for the whole file, or the file cannot be
 * read at any place; negative when reading fails. Clear it also then.
 */
int zseek_read(struct zseek *z, struct rfile *file, struct sl_error *err);
void zseek_clear(struct zseek *z);

#endif
