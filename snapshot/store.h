/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the baseline store, shared by its files. */
#ifndef SNAPSHOT_STORE_H
#define SNAPSHOT_STORE_H

#include <strandline/baseline.h>

#include "snapshot/rows.h"

struct sl_baselines {
	struct db *db;
	struct buf name, signer; /* lent by sl_baselines_find() */
};

/* The tables: append only (core/db.h). */
extern const struct db_migration store_migrations[];
extern const size_t store_migration_count;

/* 0 and the layer's row id; 1 when the chain is not stored. */
int store_find_layer(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE], int64_t *out,
		     struct sl_error *err);

/* 0 and the image's row id; 1 when it is not stored. */
int store_find_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		     int64_t *out, struct sl_error *err);

/* A source over a layer by its row id. */
int store_open_layer(struct sl_baselines *b, int64_t layer, struct sl_source **out,
		     struct sl_error *err);
/* The same over a layer that is still staged. */
int store_open_staged(struct sl_baselines *b, int64_t layer, struct sl_source **out,
		      struct sl_error *err);

#endif
