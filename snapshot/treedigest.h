/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The digest of a layer's tree: SHA-256 over the dump lines (snapshot/dumpline.h) of its rows in
 * canonical order. Whoever has a dump can compute it with sha256sum.
 */
#ifndef SNAPSHOT_TREEDIGEST_H
#define SNAPSHOT_TREEDIGEST_H

#include <strandline/source.h>

#include "snapshot/rows.h"

/*
 * Of the rows that are in the database now. The lines go to @also, too (may be NULL). *count (may
 * be NULL) is how many there were. -SL_EFORMAT when one is no row that we write.
 */
int treedigest_rows(struct db *db, struct row_at at, struct sl_tap *also,
		    uint8_t out[SL_SHA256_SIZE], uint64_t *count, struct sl_error *err);

#endif
