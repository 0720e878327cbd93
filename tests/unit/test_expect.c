/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "job/expect.h"
#include "snapshot/signature.h"

#define REP8(x) x x x x x x x x
#define HEX(two) REP8(two two two two)
#define CONFIG HEX("c0")
#define MANIFEST HEX("aa")
#define INDEX HEX("1d")
#define OTHER HEX("ee")

static void free_image(struct sl_image **image)
{
	sl_image_free(*image);
}

/* config c0..., manifest aa... of 5 bytes, index 1d... of 7 bytes */
static struct sl_image *make(bool with_manifest)
{
	struct sl_image *image = NULL;
	uint8_t index[SL_SHA256_SIZE];

	assert_int_equal(sl_image_new(&image, "shop", NULL), 0);
	memset(image->config_digest, 0xc0, SL_SHA256_SIZE);
	memset(image->manifest_digest, 0xaa, SL_SHA256_SIZE);
	memset(index, 0x1d, sizeof(index));
	image->has_manifest_digest = true;
	image->manifest_size = 5;
	image->manifest = with_manifest ? strdup("12345") : NULL;
	assert_int_equal(sl_image_add_index(image, index, 7, NULL), 0);
	return image;
}

static enum sl_image_name named(const struct sl_image *image, int byte, uint64_t size)
{
	uint8_t digest[SL_SHA256_SIZE];

	memset(digest, byte, sizeof(digest));
	return sl_image_named_by(image, digest, size);
}

static void an_image_has_three_kinds_of_names(void **state)
{
	CLEANUP(free_image) struct sl_image *image = make(true);

	(void)state;
	assert_int_equal(named(image, 0xc0, 0), SL_IMAGE_NAME_CONFIG);
	assert_int_equal(named(image, 0xaa, 0), SL_IMAGE_NAME_MANIFEST);
	assert_int_equal(named(image, 0x1d, 0), SL_IMAGE_NAME_INDEX);
	assert_int_equal(named(image, 0xee, 0), SL_IMAGE_NAME_NONE);
	assert_int_equal(named(image, 0xaa, 5), SL_IMAGE_NAME_MANIFEST);
	assert_int_equal(named(image, 0xaa, 6), SL_IMAGE_NAME_NONE);
	assert_int_equal(named(image, 0x1d, 7), SL_IMAGE_NAME_INDEX);
	assert_int_equal(named(image, 0x1d, 5), SL_IMAGE_NAME_NONE);
}

static void a_digest_that_is_only_claimed_names_nothing(void **state)
{
	CLEANUP(free_image) struct sl_image *image = make(false);

	(void)state;
	assert_int_equal(named(image, 0xaa, 0), SL_IMAGE_NAME_NONE);
	assert_int_equal(named(image, 0x1d, 0), SL_IMAGE_NAME_NONE);
	assert_int_equal(named(image, 0xc0, 0), SL_IMAGE_NAME_CONFIG);
}

static void lists_are_read_line_by_line(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{"", 1},
		{"\n\n# sha256:" MANIFEST "\n", 1},
		{"sha256:" MANIFEST, 0},
		{"sha256:" MANIFEST "\n", 0},
		{"sha256:" MANIFEST "\r\n", 0},
		{"  sha256:" MANIFEST "\tshop:1\n", 0},
		{MANIFEST "  shop:1\n", 0},
		{MANIFEST " *shop:1\n", 0},
		{"sha256:" OTHER "\nsha256:" INDEX " multi\n", 0},
		{"sha256:" CONFIG "\n", 0},
		{"sha256:" OTHER "\n" OTHER "\n", 1},
		{"sha256:" MANIFEST "0\n", -SL_EFORMAT},
		{MANIFEST "0\n", -SL_EFORMAT},
		{"sha256:" HEX("AA") "\n", -SL_EFORMAT},
		{"sha512:" MANIFEST "\n", -SL_EFORMAT},
		{"shop:1\n", -SL_EFORMAT},
		{"sha256:" MANIFEST "\nshop:1\n", -SL_EFORMAT},
		{"shop sha256:" MANIFEST "\n", -SL_EFORMAT},
		{"sha256:" MANIFEST "#\n", -SL_EFORMAT},
	};
	CLEANUP(free_image) struct sl_image *image = make(true);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int rc = expect_list(image, rows[i].text, strlen(rows[i].text), NULL);

		if (rc != rows[i].rc)
			fail_msg("'%s': %d", rows[i].text, rc);
	}
}

static void a_nul_ends_no_line(void **state)
{
	static const char text[] = "sha256:" OTHER "\0\nsha256:" MANIFEST "\n";
	CLEANUP(free_image) struct sl_image *image = make(true);

	(void)state;
	assert_int_equal(expect_list(image, text, sizeof(text) - 1, NULL), -SL_EFORMAT);
}

static void signatures_beyond_the_limit_are_counted(void **state)
{
	struct sl_signatures *list = NULL;

	(void)state;
	for (size_t i = 0; i < SIGNATURES_MAX + 3; i++)
		assert_int_equal(signature_add_other(&list, "here", "no good", NULL), 0);
	assert_int_equal(list->count, SIGNATURES_MAX);
	assert_int_equal(list->dropped, 3);
	assert_string_equal(list->items[SIGNATURES_MAX - 1].why, "no good");
	signatures_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_has_three_kinds_of_names),
		cmocka_unit_test(a_digest_that_is_only_claimed_names_nothing),
		cmocka_unit_test(lists_are_read_line_by_line),
		cmocka_unit_test(a_nul_ends_no_line),
		cmocka_unit_test(signatures_beyond_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
