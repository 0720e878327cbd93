/* SPDX-License-Identifier: Apache-2.0 */
#include "core/merkle.h"

#include <string.h>

/* The prefixes keep a leaf from being passed off as a node. */
static const uint8_t leaf_prefix = 0x00, node_prefix = 0x01;

void merkle_init(struct merkle *m, struct sha256 *h)
{
	*m = (struct merkle){.h = h};
}

static int leaf_hash(const struct merkle *m, const void *data, size_t len,
		     uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	sha256_reset(m->h);
	sha256_update(m->h, &leaf_prefix, 1);
	sha256_update(m->h, data, len);
	return sha256_final(m->h, out, err);
}

/* @right and @out may be the same. */
static int node_hash(const struct merkle *m, const uint8_t *left, const uint8_t *right,
		     uint8_t *out, struct sl_error *err)
{
	sha256_reset(m->h);
	sha256_update(m->h, &node_prefix, 1);
	sha256_update(m->h, left, SL_SHA256_SIZE);
	sha256_update(m->h, right, SL_SHA256_SIZE);
	return sha256_final(m->h, out, err);
}

/* Adding one to the size carries like adding one to a binary number: each carry joins two trees. */
int merkle_append(struct merkle *m, const void *data, size_t len, struct sl_error *err)
{
	uint8_t hash[SL_SHA256_SIZE];
	unsigned int level = 0;
	int rc;

	if (m->size == UINT64_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "merkle tree is full");
	rc = leaf_hash(m, data, len, hash, err);
	for (; rc == 0 && (m->size >> level & 1) != 0; level++)
		rc = node_hash(m, m->edge[level], hash, hash, err);
	if (rc < 0)
		return rc;
	memcpy(m->edge[level], hash, sizeof(hash));
	m->size++;
	return 0;
}

int merkle_root(const struct merkle *m, uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	bool have = false;
	int rc = 0;

	if (m->size == 0) {
		sha256_reset(m->h);
		return sha256_final(m->h, out, err);
	}
	for (unsigned int level = 0; rc == 0 && level < 64; level++) {
		if ((m->size >> level & 1) == 0)
			continue;
		if (have)
			rc = node_hash(m, m->edge[level], out, out, err);
		else
			memcpy(out, m->edge[level], SL_SHA256_SIZE);
		have = true;
	}
	return rc;
}
