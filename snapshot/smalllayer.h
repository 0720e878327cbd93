/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer of few rows as a source, read into memory at once. Of an image's many layers most are so
 * small, and to have SQLite stand in each of them would cost more than all their rows.
 */
#ifndef SNAPSHOT_SMALLLAYER_H
#define SNAPSHOT_SMALLLAYER_H

#include "snapshot/store.h"

/* 0; 1: it has more rows than that. -SL_ENOTFOUND: it has none, so it was removed. */
int smalllayer_open(struct sl_baselines *b, int64_t layer, struct sl_source **out,
		    struct sl_error *err);

#endif
