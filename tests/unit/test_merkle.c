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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_of_rfc_6962),
		cmocka_unit_test(growing_leaf_by_leaf_agrees_with_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
