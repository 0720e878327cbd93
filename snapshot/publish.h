/* SPDX-License-Identifier: Apache-2.0 */
/* The step from proven to stored: one transaction an image. */
#ifndef SNAPSHOT_PUBLISH_H
#define SNAPSHOT_PUBLISH_H

#include <strandline/image.h>

#include "snapshot/store.h"

/* What is to be noted of one layer. */
struct publish_layer {
	bool is_known;
	enum sl_trust trust; /* in the rows: proven, unless they were only told */
	uint64_t bytes;
	struct sl_time proven_at;
	bool is_checked; /* its directory was proven too */
	bool replaces;   /* rows that are stored with the same trust give way, too */
	/* filled by publish_image(), by others before publish_staged() */
	int64_t staged; /* its rows, if it is not known, are staged as this */
	uint64_t entries;
	uint8_t tree_digest[SL_SHA256_SIZE];
};

/*
 * Store what was staged and proven; layer i's rows, if it is not known, are staged as i + 1. A
 * layer that another process stored meanwhile is shared with it, unless it did so with less trust;
 * one that it removed meanwhile is an error. All or nothing. Of @result, what the store knows is
 * filled in: entries, indexed_at, previous.
 */
int publish_image(struct sl_baselines *b, const struct sl_image *image,
		  struct publish_layer *layers, bool manifest_verified,
		  struct sl_index_result *result, struct sl_error *err);

/* The same of several images, inside a transaction of the caller's. */
int publish_staged(struct sl_baselines *b, const struct sl_image *image,
		   const struct publish_layer *layers, bool manifest_verified,
		   struct sl_index_result *result, struct sl_error *err);

#endif
