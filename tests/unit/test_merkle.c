/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/encode.h"
#include "core/merkle.h"

/* The leaves and roots of the Certificate Transparency test vectors. */
static const char *const leaves[] = {
	"",
	"00",
	"10",
	"2021",
	"3031",
	"40414243",
	"5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};
static const char *const roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static struct sha256 *hasher(void)
{
	struct sha256 *h = NULL;

	assert_int_equal(sha256_new(&h, NULL), 0);
	return h;
}

static void roots_are_those_of_rfc_6962(void **state)
{
	struct sha256 *h = hasher();
	struct merkle m;

	(void)state;
	merkle_init(&m, h);
	for (size_t n = 0; n <= 8; n++) {
		uint8_t root[SL_SHA256_SIZE], want[SL_SHA256_SIZE], leaf[16];

		assert_int_equal(hex_decode(want, sizeof(want), roots[n], 64), 0);
		assert_int_equal(merkle_root(&m, root, NULL), 0);
		assert_memory_equal(root, want, sizeof(root));
		if (n == 8)
			break;
		assert_int_equal(
			hex_decode(leaf, strlen(leaves[n]) / 2, leaves[n], strlen(leaves[n])), 0);
		assert_int_equal(merkle_append(&m, leaf, strlen(leaves[n]) / 2, NULL), 0);
		assert_int_equal(m.size, n + 1);
	}
	sha256_free(h);
}

static void hash_node(struct sha256 *h, const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	sha256_reset(h);
	sha256_update(h, "\x01", 1);
	sha256_update(h, left, SL_SHA256_SIZE);
	sha256_update(h, right, SL_SHA256_SIZE);
	assert_int_equal(sha256_final(h, out, NULL), 0);
}

/* The definition itself: split at the largest power of two below n. Leaf i is the byte i. */
static void by_definition(struct sha256 *h, unsigned int from, unsigned int n, uint8_t *out)
{
	uint8_t left[SL_SHA256_SIZE], right[SL_SHA256_SIZE], byte = (uint8_t)from;
	unsigned int k = 1;

	if (n == 1) {
		sha256_reset(h);
		sha256_update(h, "\x00", 1);
		sha256_update(h, &byte, 1);
		assert_int_equal(sha256_final(h, out, NULL), 0);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	by_definition(h, from, k, left);
	by_definition(h, from + k, n - k, right);
	hash_node(h, left, right, out);
}

static void growing_leaf_by_leaf_agrees_with_the_definition(void **state)
{
	struct sha256 *h = hasher();
	struct merkle m;

	(void)state;
	merkle_init(&m, h);
	for (unsigned int n = 1; n <= 130; n++) {
		uint8_t want[SL_SHA256_SIZE], got[SL_SHA256_SIZE], byte = (uint8_t)(n - 1);

		assert_int_equal(merkle_append(&m, &byte, 1, NULL), 0);
		by_definition(h, 0, n, want);
		assert_int_equal(merkle_root(&m, got, NULL), 0);
		assert_memory_equal(got, want, sizeof(got));
	}
	sha256_free(h);
}

/* The inclusion proofs of the same vectors; leaves counted from 0. */
static const struct {
	unsigned int leaf, size;
	const char *hashes[4];
} paths[] = {
	{0, 1, {NULL}},
	{0,
	 8,
	 {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
	  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	  "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
	{5,
	 8,
	 {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
	  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
	  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
	{2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
	{1,
	 5,
	 {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static void append_vector(struct merkle *m, unsigned int i)
{
	uint8_t leaf[16];
	size_t len = strlen(leaves[i]) / 2;

	assert_int_equal(hex_decode(leaf, len, leaves[i], 2 * len), 0);
	assert_int_equal(merkle_append(m, leaf, len, NULL), 0);
}

static void proofs_are_those_of_the_vectors(void **state)
{
	struct sha256 *h = hasher();

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct merkle_proof proof;
		struct merkle_watch w;
		struct merkle m;
		size_t n = 0;

		merkle_init(&m, h);
		for (unsigned int k = 0; k < paths[i].size; k++) {
			if (k == paths[i].leaf)
				merkle_watch(&m, &w);
			append_vector(&m, k);
		}
		assert_int_equal(merkle_prove(&m, &w, &proof, NULL), 0);
		for (; n < 4 && paths[i].hashes[n] != NULL; n++) {
			uint8_t want[SL_SHA256_SIZE];

			assert_int_equal(hex_decode(want, sizeof(want), paths[i].hashes[n], 64), 0);
			assert_true(n < proof.count);
			assert_memory_equal(proof.hash[n], want, sizeof(want));
		}
		assert_int_equal(proof.count, n);
	}
	sha256_free(h);
}

enum { PROVED = 70 };

/* Nothing but this leaf at this place in a tree of this size fits the proof. */
static void check_only_this_fits(struct sha256 *h, const struct merkle *m, unsigned int index,
				 const struct merkle_proof *proof)
{
	uint8_t root[SL_SHA256_SIZE], byte = (uint8_t)index, other = (uint8_t)(index + 1);
	struct merkle_proof changed = *proof;

	assert_int_equal(merkle_root(m, root, NULL), 0);
	assert_int_equal(merkle_check(h, &byte, 1, index, m->size, proof, root, NULL), 0);
	assert_int_equal(merkle_check(h, &other, 1, index, m->size, proof, root, NULL),
			 -SL_EUNTRUSTED);
	for (uint64_t i = 0; i < m->size + 2; i++)
		if (i != index)
			assert_int_equal(merkle_check(h, &byte, 1, i, m->size, proof, root, NULL),
					 -SL_EUNTRUSTED);
	for (size_t i = 0; i < proof->count; i++) {
		changed.hash[i][i % SL_SHA256_SIZE] ^= 0x10;
		assert_int_equal(merkle_check(h, &byte, 1, index, m->size, &changed, root, NULL),
				 -SL_EUNTRUSTED);
		changed = *proof;
	}
	changed.count = proof->count + 1;
	memset(changed.hash[proof->count], 0, SL_SHA256_SIZE);
	assert_int_equal(merkle_check(h, &byte, 1, index, m->size, &changed, root, NULL),
			 -SL_EUNTRUSTED);
	changed.count = proof->count - 1;
	if (proof->count > 0)
		assert_int_equal(merkle_check(h, &byte, 1, index, m->size, &changed, root, NULL),
				 -SL_EUNTRUSTED);
}

static void every_leaf_is_proved_in_every_tree_and_nothing_else_is(void **state)
{
	struct merkle_watch watches[PROVED];
	struct sha256 *h = hasher();
	struct merkle m;

	(void)state;
	merkle_init(&m, h);
	for (unsigned int n = 0; n < PROVED; n++) {
		uint8_t byte = (uint8_t)n;

		merkle_watch(&m, &watches[n]);
		assert_int_equal(merkle_append(&m, &byte, 1, NULL), 0);
		for (unsigned int i = 0; i <= n; i++) {
			struct merkle_proof proof;

			assert_int_equal(merkle_prove(&m, &watches[i], &proof, NULL), 0);
			check_only_this_fits(h, &m, i, &proof);
		}
	}
	merkle_unwatch(&m, &watches[3]);
	merkle_unwatch(&m, &watches[PROVED - 1]);
	watches[3].next = &watches[3]; /* followed by nobody, or this never ends */
	assert_int_equal(merkle_append(&m, "x", 1, NULL), 0);
	sha256_free(h);
}

static void a_leaf_that_is_not_there_is_not_proved(void **state)
{
	struct merkle_proof proof;
	struct sha256 *h = hasher();
	struct merkle_watch w;
	struct merkle m;

	(void)state;
	merkle_init(&m, h);
	merkle_watch(&m, &w);
	assert_int_equal(merkle_prove(&m, &w, &proof, NULL), -SL_EINVAL);
	proof.count = 0;
	assert_int_equal(merkle_check(h, "", 0, 0, 0, &proof, m.edge[0], NULL), -SL_EUNTRUSTED);
	sha256_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_of_rfc_6962),
		cmocka_unit_test(growing_leaf_by_leaf_agrees_with_the_definition),
		cmocka_unit_test(proofs_are_those_of_the_vectors),
		cmocka_unit_test(every_leaf_is_proved_in_every_tree_and_nothing_else_is),
		cmocka_unit_test(a_leaf_that_is_not_there_is_not_proved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
