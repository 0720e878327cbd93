/* SPDX-License-Identifier: Apache-2.0 */
#include "core/merkle.h"

#include <string.h>

/* The prefixes keep a leaf from being passed off as a node. */
static const uint8_t leaf_prefix = 0x00, node_prefix = 0x01;

void merkle_init(struct merkle *m, struct sha256 *h)
{
	*m = (struct merkle){.h = h};
}

static int leaf_hash(struct sha256 *h, const void *data, size_t len, uint8_t out[SL_SHA256_SIZE],
		     struct sl_error *err)
{
	sha256_reset(h);
	sha256_update(h, &leaf_prefix, 1);
	sha256_update(h, data, len);
	return sha256_final(h, out, err);
}

/* @out may be one of the others. */
static int node_hash(struct sha256 *h, const uint8_t *left, const uint8_t *right, uint8_t *out,
		     struct sl_error *err)
{
	sha256_reset(h);
	sha256_update(h, &node_prefix, 1);
	sha256_update(h, left, SL_SHA256_SIZE);
	sha256_update(h, right, SL_SHA256_SIZE);
	return sha256_final(h, out, err);
}

/* The full subtree number @index of 2^@level leaves is known now: whose neighbour is it? */
static void tell_watches(const struct merkle *m, unsigned int level, uint64_t index,
			 const uint8_t *hash)
{
	for (struct merkle_watch *w = m->watches; w != NULL; w = w->next) {
		if (index != (w->index >> level ^ 1))
			continue;
		memcpy(w->node[level], hash, SL_SHA256_SIZE);
		w->known |= UINT64_C(1) << level;
	}
}

/* Adding one to the size carries like adding one to a binary number: each carry joins two trees. */
int merkle_append(struct merkle *m, const void *data, size_t len, struct sl_error *err)
{
	uint8_t hash[SL_SHA256_SIZE];
	unsigned int level = 0;
	int rc;

	if (m->size == UINT64_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "merkle tree is full");
	rc = leaf_hash(m->h, data, len, hash, err);
	for (; rc == 0 && (m->size >> level & 1) != 0; level++) {
		tell_watches(m, level, m->size >> level, hash);
		rc = node_hash(m->h, m->edge[level], hash, hash, err);
	}
	if (rc < 0)
		return rc;
	tell_watches(m, level, m->size >> level, hash);
	memcpy(m->edge[level], hash, sizeof(hash));
	m->size++;
	return 0;
}

/* Root of the subtree of all leaves that the subtrees of 2^@levels leaves leave over. */
static int join_edge(const struct merkle *m, unsigned int levels, uint8_t *out,
		     struct sl_error *err)
{
	bool have = false;
	int rc = 0;

	for (unsigned int level = 0; rc == 0 && level < levels; level++) {
		if ((m->size >> level & 1) == 0)
			continue;
		if (have)
			rc = node_hash(m->h, m->edge[level], out, out, err);
		else
			memcpy(out, m->edge[level], SL_SHA256_SIZE);
		have = true;
	}
	return rc;
}

int merkle_root(const struct merkle *m, uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	if (m->size == 0) {
		sha256_reset(m->h);
		return sha256_final(m->h, out, err);
	}
	return join_edge(m, 64, out, err);
}

void merkle_watch(struct merkle *m, struct merkle_watch *w)
{
	w->index = m->size;
	w->known = m->size;
	/* a neighbour on the left is always full, and still on the edge */
	for (unsigned int level = 0; level < 64; level++)
		if ((m->size >> level & 1) != 0)
			memcpy(w->node[level], m->edge[level], SL_SHA256_SIZE);
	w->next = m->watches;
	m->watches = w;
}

void merkle_unwatch(struct merkle *m, const struct merkle_watch *w)
{
	struct merkle_watch **at = &m->watches;

	while (*at != NULL && *at != w)
		at = &(*at)->next;
	if (*at != NULL)
		*at = w->next;
}

int merkle_prove(const struct merkle *m, const struct merkle_watch *w, struct merkle_proof *out,
		 struct sl_error *err)
{
	out->count = 0;
	if (w->index >= m->size)
		return sl_fail(err, SL_EINVAL, 0, "leaf that is not in the tree yet");
	for (unsigned int level = 0; level < 64; level++) {
		uint64_t at = w->index >> level, last = (m->size - 1) >> level;
		uint8_t *hash = out->hash[out->count];
		int rc = 0;

		if (last == 0)
			break;
		/* the rightmost subtree has no neighbour where its level has an odd number */
		if (at == last && (at & 1) == 0)
			continue;
		if ((w->known >> level & 1) != 0)
			memcpy(hash, w->node[level], SL_SHA256_SIZE);
		else
			rc = join_edge(m, level, hash, err);
		if (rc < 0)
			return rc;
		out->count++;
	}
	return 0;
}

/* As RFC 9162 section 2.1.3.2 has it. @at and @last: the leaf's and the last leaf's ancestor. */
int merkle_check(struct sha256 *h, const void *data, size_t len, uint64_t index, uint64_t size,
		 const struct merkle_proof *proof, const uint8_t root[SL_SHA256_SIZE],
		 struct sl_error *err)
{
	uint64_t at = index, last = size - 1;
	uint8_t hash[SL_SHA256_SIZE];
	int rc = index < size ? leaf_hash(h, data, len, hash, err)
			      : sl_fail(err, SL_EUNTRUSTED, 0, "leaf behind the end of its tree");

	for (size_t i = 0; rc == 0 && i < proof->count; i++) {
		if (last == 0)
			return sl_fail(err, SL_EUNTRUSTED, 0, "inclusion proof is too long");
		while (at == last && (at & 1) == 0) {
			at >>= 1;
			last >>= 1;
		}
		rc = (at & 1) != 0 ? node_hash(h, proof->hash[i], hash, hash, err)
				   : node_hash(h, hash, proof->hash[i], hash, err);
		at >>= 1;
		last >>= 1;
	}
	if (rc < 0)
		return rc;
	if (last != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "inclusion proof is too short");
	if (memcmp(hash, root, sizeof(hash)) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "inclusion proof does not lead to the root");
	return 0;
}
