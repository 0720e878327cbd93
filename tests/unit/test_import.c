/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody signed for, where nothing is there to prove it by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "snapshot/dump.h"
#include "snapshot/import.h"

#define ROOT ". type=dir mode=0755 uid=0 gid=0 time=1.000000000\n"

/* An image of one layer, and a text that tells of it. */
struct told {
	struct sl_image *image;
	struct buf text;
};

static void add_digest(struct buf *out, const char *before, const uint8_t digest[SL_SHA256_SIZE])
{
	char digits[DIGEST_TEXT_SIZE];

	digest_format(digits, digest);
	assert_true(buf_printf(out, "%s%s", before, digits) >= 0);
}

static void make(struct told *t, const char *kind)
{
	CLEANUP(buf_clear) struct buf config = BUF_INIT(4096);
	struct sl_layer layer = SL_LAYER_INIT;
	uint8_t diff_id[SL_SHA256_SIZE], tree[SL_SHA256_SIZE];

	t->text = BUF_INIT(1 << 16);
	layer.has_diff_id = true;
	memset(diff_id, 7, SL_SHA256_SIZE);
	memcpy(layer.diff_id, diff_id, SL_SHA256_SIZE);
	add_digest(&config, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"", diff_id);
	assert_int_equal(buf_append_str(&config, "\"]}}"), 0);
	assert_int_equal(sl_image_new(&t->image, "shop:1", NULL), 0);
	assert_int_equal(sl_image_add_layer(t->image, &layer, NULL), 0);
	assert_int_equal(sl_image_chain(t->image, NULL), 0);
	t->image->config_size = config.len;
	t->image->config = strdup(config.data);
	assert_int_equal(sha256_once(config.data, config.len, t->image->config_digest, NULL), 0);
	assert_int_equal(sha256_once(ROOT, strlen(ROOT), tree, NULL), 0);

	(void)buf_printf(&t->text, "#strandline %s 1\n", kind);
	add_digest(&t->text, "#image ", t->image->config_digest);
	(void)buf_append_str(&t->text, "\n#config ");
	(void)base64_encode(&t->text, config.data, config.len);
	add_digest(&t->text, "\n#layer ", diff_id);
	add_digest(&t->text, " diff=", diff_id);
	add_digest(&t->text, " tree=", tree);
	assert_true(buf_printf(&t->text, " entries=1 bytes=10240\n" ROOT "#end\n") >= 0);
}

static void clear(struct told *t)
{
	sl_image_free(t->image);
	buf_clear(&t->text);
}

static void import(struct sl_baselines *b, const struct told *t)
{
	struct import_result result = {.signer = {1}};
	struct import *im = NULL;
	struct istream *in = NULL;

	assert_int_equal(istream_from_memory(&in, t->text.data, t->text.len, NULL), 0);
	assert_int_equal(import_new(&im, b, NULL), 0);
	assert_int_equal(import_read(im, in, NULL), 0);
	assert_int_equal(import_store(im, &result, NULL), 0);
	assert_int_equal(result.layers, 1);
	import_free(im);
	istream_close(in);
}

static void a_signed_layer_that_cannot_be_read_stays_signed(void **state)
{
	struct sl_index_result result;
	struct sl_baseline_info info;
	struct sl_baselines *b = NULL;
	struct told t;

	(void)state;
	make(&t, "baselines");
	assert_int_equal(sl_baselines_open(&b, NULL, NULL), 0);
	import(b, &t);
	assert_int_equal(sl_baselines_index(b, t.image, NULL, &result, NULL), 0);
	assert_int_equal(result.layers_known, 1);
	assert_int_equal(result.layers_contradicted, 0);
	assert_int_equal(sl_baselines_find(b, t.image->config_digest, &info, NULL), 0);
	assert_int_equal(info.trust, SL_TRUST_SIGNED);
	assert_string_equal(info.name, "shop:1");
	sl_baselines_close(b);
	clear(&t);
}

static void a_recorded_one_is_still_to_be_proven(void **state)
{
	struct sl_index_result result;
	struct sl_baselines *b = NULL;
	struct istream *in = NULL;
	uint8_t id[SL_SHA256_SIZE];
	struct told t;

	(void)state;
	make(&t, "baseline");
	assert_int_equal(sl_baselines_open(&b, NULL, NULL), 0);
	assert_int_equal(istream_from_memory(&in, t.text.data, t.text.len, NULL), 0);
	assert_int_equal(dump_load(b, in, NULL, id, &result, NULL), 0);
	assert_int_equal(sl_baselines_index(b, t.image, NULL, &result, NULL), -SL_ENOTFOUND);
	istream_close(in);
	sl_baselines_close(b);
	clear(&t);
}

static int look(void *payload, const struct sl_layer_info *info)
{
	*(struct sl_layer_info *)payload = *info;
	return 0;
}

static void who_signed_last_is_known(void **state)
{
	struct sl_layer_info info = {.entries = 0};
	struct sl_baselines *b = NULL;
	struct told t;

	(void)state;
	make(&t, "baselines");
	assert_int_equal(sl_baselines_open(&b, NULL, NULL), 0);
	import(b, &t);
	import(b, &t);
	assert_int_equal(sl_baselines_layers(b, t.image->config_digest, look, &info, NULL), 0);
	assert_int_equal(info.trust, SL_TRUST_SIGNED);
	assert_int_equal(info.signer[0], 1);
	assert_true(info.signed_at.sec > 0);
	sl_baselines_close(b);
	clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_layer_that_cannot_be_read_stays_signed),
		cmocka_unit_test(a_recorded_one_is_still_to_be_proven),
		cmocka_unit_test(who_signed_last_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
