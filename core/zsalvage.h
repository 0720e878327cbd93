/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole zstd frames out of a damaged file, wherever they stand: what cannot be read as a frame with
 * a good checksum is passed over up to the next that can. Belongs to the zstream family.
 */
#ifndef CORE_ZSALVAGE_H
#define CORE_ZSALVAGE_H

#include "core/rfile.h"

struct zsalvage;

struct zsalvage_frame {
	uint64_t offset, size; /* in the file */
	const uint8_t *bytes;  /* plain; borrowed until the next call */
	size_t len;
	uint64_t lost; /* bytes passed over in front of it */
};

/* @file is borrowed. */
int zsalvage_open(struct zsalvage **out, struct rfile *file, struct sl_error *err);
void zsalvage_close(struct zsalvage *z);

/*
 * The next data frame of at most 4 MiB plain bytes. 0; 1 at the end, with @out->lost what was
 * passed over last; -SL_ELIMIT when a hostile file costs more attempts than an honest one could;
 * other codes when reading fails.
 */
int zsalvage_next(struct zsalvage *z, struct zsalvage_frame *out, struct sl_error *err);

#endif
