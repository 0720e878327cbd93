/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier comparison read of a file stands for its bytes while everything tells that these
 * are the same: see struct drift_cache.
 */
#ifndef DIFF_RECALL_H
#define DIFF_RECALL_H

#include "diff/drift.h"
#include "diff/lane.h"

/*
 * Fill the reading of the container's file, which @after returned last, from memory. False: it is
 * to be read. @cache may be NULL.
 */
bool recall(const struct drift_cache *cache, struct sl_source *after, struct pair *p);
/* After it was read: remember it, if it can be relied on. */
void recall_keep(const struct drift_cache *cache, const struct pair *p);

#endif
