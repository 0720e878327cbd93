/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <strandline/image.h>

#include "core/encode.h"

static void add(struct sl_image *image, int fill)
{
	struct sl_layer layer = SL_LAYER_INIT;

	layer.has_diff_id = true;
	memset(layer.diff_id, fill, SL_SHA256_SIZE);
	assert_int_equal(sl_image_add_layer(image, &layer, NULL), 0);
}

/* printf 'sha256:11.. sha256:22..' | sha256sum, and on from there */
static void chain_ids_are_those_of_sha256sum(void **state)
{
	static const char *const want[] = {
		"sha256:1111111111111111111111111111111111111111111111111111111111111111",
		"sha256:9932074217c35353d2e03a3f5a86549f7c67bfeb0ba53e23d69f4d4c8f7958f5",
		"sha256:50127c0d6b338be78246434b4bce23ecf75e505158ea0bbd15effeb162fbf3ec",
	};
	struct sl_image *image = NULL;

	(void)state;
	assert_int_equal(sl_image_new(&image, "oci:test", NULL), 0);
	add(image, 0x11);
	add(image, 0x22);
	add(image, 0x33);
	assert_int_equal(sl_image_chain(image, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		char text[DIGEST_TEXT_SIZE];

		digest_format(text, image->layers[i].chain_id);
		assert_string_equal(text, want[i]);
	}
	sl_image_free(image);
}

static void a_layer_without_diff_id_has_no_chain(void **state)
{
	struct sl_image *image = NULL;
	struct sl_layer layer = SL_LAYER_INIT;

	(void)state;
	assert_int_equal(sl_image_new(&image, "x", NULL), 0);
	add(image, 1);
	assert_int_equal(sl_image_add_layer(image, &layer, NULL), 0);
	assert_int_equal(sl_image_chain(image, NULL), -SL_EINVAL);
	sl_image_free(image);
}

static void adding_takes_the_descriptors_over(void **state)
{
	struct sl_layer layer = SL_LAYER_INIT;
	struct sl_image *image = NULL;
	int fd;

	(void)state;
	assert_int_equal(sl_image_new(&image, "x", NULL), 0);
	fd = layer.blob_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(sl_image_add_layer(image, &layer, NULL), 0);
	assert_int_equal(layer.blob_fd, -1);
	sl_image_free(image);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void layers_are_bounded(void **state)
{
	struct sl_layer layer = SL_LAYER_INIT;
	struct sl_image *image = NULL;

	(void)state;
	assert_int_equal(sl_image_new(&image, "x", NULL), 0);
	for (int i = 0; i < SL_IMAGE_MAX_LAYERS; i++)
		add(image, i);
	assert_int_equal(sl_image_add_layer(image, &layer, NULL), -SL_ELIMIT);
	sl_image_free(image);
}

static void names_are_those_of_the_document(void **state)
{
	(void)state;
	assert_string_equal(sl_trust_name(SL_TRUST_PROVEN), "proven");
	assert_string_equal(sl_trust_name(SL_TRUST_SIGNED), "signed");
	assert_string_equal(sl_trust_name(SL_TRUST_RECORDED), "recorded");
	assert_string_equal(sl_trust_name(SL_TRUST_ON_DISK), "on-disk");
	assert_string_equal(sl_anchor_name(SL_ANCHOR_HOST), "host");
	assert_string_equal(sl_anchor_name(SL_ANCHOR_OPERATOR), "operator");
	assert_string_equal(sl_anchor_name(SL_ANCHOR_SIGNATURE), "signature");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_ids_are_those_of_sha256sum),
		cmocka_unit_test(a_layer_without_diff_id_has_no_chain),
		cmocka_unit_test(adding_takes_the_descriptors_over),
		cmocka_unit_test(layers_are_bounded),
		cmocka_unit_test(names_are_those_of_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
