/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many SHA-256 digests, each with a number, looked up one by one. They lie in sorted runs in an
 * unlinked temporary file, 40 bytes each; in memory stays one run while adding (10 MiB), then the
 * beginning of every 64th digest: 1.5 MiB for 10 million.
 */
#ifndef CORE_DIGESTSET_H
#define CORE_DIGESTSET_H

#include <strandline/error.h>

struct digestset;

int digestset_new(struct digestset **out, struct sl_error *err);
void digestset_free(struct digestset *s); /* NULL is fine */

int digestset_add(struct digestset *s, const uint8_t sha256[SL_SHA256_SIZE], uint64_t number,
		  struct sl_error *err);
/* Once all are added; then only finding is allowed. */
int digestset_settle(struct digestset *s, struct sl_error *err);
/* 0 and the lowest number that was added with it; 1: it was not added; negative. */
int digestset_find(struct digestset *s, const uint8_t sha256[SL_SHA256_SIZE], uint64_t *number,
		   struct sl_error *err);

#endif
