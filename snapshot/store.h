/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the baseline store, shared by its files. */
#ifndef SNAPSHOT_STORE_H
#define SNAPSHOT_STORE_H

#include <strandline/baseline.h>

#include "snapshot/rows.h"

struct sl_baselines {
	struct db *db;
	/* kept from one call to the next; NULL until they are needed */
	struct db_stmt *first_rows, *last_check;
	struct buf name, signer; /* lent by sl_baselines_find() */
	struct sl_limits limits;
	const volatile int *stop; /* set by a signal; or NULL. Borrowed */
};

/* The tables: append only (core/db.h). */
extern const struct db_migration store_migrations[];
extern const size_t store_migration_count;

/* 0 and the layer's row id; 1 when the chain is not stored. @trust may be NULL. */
int store_find_layer(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE], int64_t *out,
		     enum sl_trust *trust, struct sl_error *err);

/* 0 and the image's row id; 1 when it is not stored. */
int store_find_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		     int64_t *out, struct sl_error *err);

/*
 * The layers of an image, bottom first, with their row ids. A layer that is missing, at a wrong
 * position or damaged is -SL_EFORMAT.
 */
int store_layers(struct sl_baselines *b, int64_t image,
		 int (*each)(void *payload, int64_t id, const struct sl_layer_info *info),
		 void *payload, struct sl_error *err);

/* An image as it was stored, without descriptors. */
int store_read_image(struct sl_baselines *b, int64_t image, struct sl_image **out,
		     struct sl_error *err);

/* A digest in a column; -SL_EFORMAT when it is none. */
int store_read_digest(uint8_t out[SL_SHA256_SIZE], struct db_stmt *s, int column);

/* Note who signed for a layer, if its trust is SL_TRUST_SIGNED; forget it. */
int store_sign(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
	       const uint8_t key[SL_SHA256_SIZE], struct sl_time when, struct sl_error *err);
int store_unsign(struct sl_baselines *b, int64_t layer, struct sl_error *err);

/* A source over a layer by its row id. */
int store_open_layer(struct sl_baselines *b, int64_t layer, struct sl_source **out,
		     struct sl_error *err);
/* The same over a layer that is still staged. */
int store_open_staged(struct sl_baselines *b, int64_t layer, struct sl_source **out,
		      struct sl_error *err);

#endif
