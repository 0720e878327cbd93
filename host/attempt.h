/* SPDX-License-Identifier: Apache-2.0 */
/* A container of a pod is made anew each time it is started: which of these attempts is meant. */
#ifndef HOST_ATTEMPT_H
#define HOST_ATTEMPT_H

#include "host/store.h"
#include "host/word.h"

/*
 * Of all rows that are attempts at the same container of the same pod keep one: the running one,
 * else the newest, or the one that @word picks instead; none when there is no such attempt. Rows
 * without a pod stay. They come out sorted by pod. Returns how many rows are left.
 */
size_t attempts_settle(const struct store_name **rows, size_t count, const struct word *word);

#endif
