/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree of RFC 6962, grown leaf by leaf. Only its right edge is kept (one node for each
 * bit of the size), so memory does not grow with the number of leaves.
 */
#ifndef CORE_MERKLE_H
#define CORE_MERKLE_H

#include <strandline/error.h>

#include "core/digest.h"

/* Collects, while a tree grows, what the inclusion proof of one leaf will need. */
struct merkle_watch {
	uint64_t index; /* of the leaf */
	uint64_t known; /* bit i: node[i] is there */
	/* node[i]: root of the full subtree of 2^i leaves beside the one that holds the leaf */
	uint8_t node[64][SL_SHA256_SIZE];
	struct merkle_watch *next;
};

struct merkle {
	uint64_t size;                    /* leaves so far */
	struct sha256 *h;                 /* borrowed; reset before each use */
	uint8_t edge[64][SL_SHA256_SIZE]; /* edge[i]: root of a full subtree of 2^i leaves */
	struct merkle_watch *watches;     /* borrowed; a list */
};

/* The hashes of RFC 6962 section 2.1.1, from the leaf's neighbour up. */
struct merkle_proof {
	size_t count;
	uint8_t hash[64][SL_SHA256_SIZE];
};

/* @h is used by one tree call at a time; it may be shared with whoever resets it too. */
void merkle_init(struct merkle *m, struct sha256 *h);

/* leaf hash = SHA-256(0x00 || data) */
int merkle_append(struct merkle *m, const void *data, size_t len, struct sl_error *err);

/* Root over all leaves so far; SHA-256 of nothing for an empty tree. */
int merkle_root(const struct merkle *m, uint8_t out[SL_SHA256_SIZE], struct sl_error *err);

/*
 * Follow the leaf that is appended next, until merkle_unwatch(): @w stays where it is until then.
 * Costs 2 KiB, however large the tree grows.
 */
void merkle_watch(struct merkle *m, struct merkle_watch *w);
void merkle_unwatch(struct merkle *m, const struct merkle_watch *w);
/* Proof that the watched leaf is in the tree as it is now. */
int merkle_prove(const struct merkle *m, const struct merkle_watch *w, struct merkle_proof *out,
		 struct sl_error *err);

/*
 * Does the proof lead from the leaf, which is @data, to the root of a tree of @size leaves? 0;
 * -SL_EUNTRUSTED when not.
 */
int merkle_check(struct sha256 *h, const void *data, size_t len, uint64_t index, uint64_t size,
		 const struct merkle_proof *proof, const uint8_t root[SL_SHA256_SIZE],
		 struct sl_error *err);

#endif
