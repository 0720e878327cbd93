/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree of RFC 6962, grown leaf by leaf. Only its right edge is kept (one node for each
 * bit of the size), so memory does not grow with the number of leaves.
 */
#ifndef CORE_MERKLE_H
#define CORE_MERKLE_H

#include <strandline/error.h>

#include "core/digest.h"

struct merkle {
	uint64_t size;                    /* leaves so far */
	struct sha256 *h;                 /* borrowed; reset before each use */
	uint8_t edge[64][SL_SHA256_SIZE]; /* edge[i]: root of a full subtree of 2^i leaves */
};

/* @h is used by one tree call at a time; it may be shared with whoever resets it too. */
void merkle_init(struct merkle *m, struct sha256 *h);

/* leaf hash = SHA-256(0x00 || data) */
int merkle_append(struct merkle *m, const void *data, size_t len, struct sl_error *err);

/* Root over all leaves so far; SHA-256 of nothing for an empty tree. */
int merkle_root(const struct merkle *m, uint8_t out[SL_SHA256_SIZE], struct sl_error *err);

#endif
