/* SPDX-License-Identifier: Apache-2.0 */
/* From the tars of an image to its stored baseline, or to nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <strandline/baseline.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "unit/baseline_kit.h"
#include "unit/tarmake.h"

struct fixture {
	struct sl_baselines *b;
	struct sl_image *image;
	struct sl_error err;
};

/* ---- an image of two layers ---- */

static void add_layer(struct sl_image *image, struct buf *tar)
{
	struct sl_layer l = SL_LAYER_INIT;

	tar_end(tar);
	l.has_diff_id = l.has_blob_digest = true;
	assert_int_equal(sha256_once(tar->data, tar->len, l.diff_id, NULL), 0);
	memcpy(l.blob_digest, l.diff_id, sizeof(l.diff_id));
	l.blob_size = tar->len;
	l.blob_fd = memfd_create("layer", MFD_CLOEXEC);
	assert_int_equal(write(l.blob_fd, tar->data, tar->len), (ssize_t)tar->len);
	assert_int_equal(sl_image_add_layer(image, &l, NULL), 0);
	buf_reset(tar);
}

static void write_config(struct sl_image *image)
{
	struct buf json = BUF_INIT(1 << 16);

	tar_must(buf_append_str(&json, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["));
	for (size_t i = 0; i < image->layer_count; i++) {
		char text[DIGEST_TEXT_SIZE];

		digest_format(text, image->layers[i].diff_id);
		tar_must(buf_printf(&json, "%s\"%s\"", i > 0 ? "," : "", text));
	}
	tar_must(buf_append_str(&json, "]}}"));
	free(image->config);
	image->config_size = json.len;
	image->config = buf_take(&json);
	assert_int_equal(sha256_once(image->config, image->config_size, image->config_digest, NULL),
			 0);
	assert_int_equal(sl_image_chain(image, NULL), 0);
}

static void write_manifest(struct sl_image *image)
{
	struct buf json = BUF_INIT(1 << 16);
	char text[DIGEST_TEXT_SIZE];

	digest_format(text, image->config_digest);
	tar_must(buf_printf(&json, "{\"config\":{\"digest\":\"%s\"}}", text));
	free(image->manifest);
	image->manifest_size = json.len;
	image->manifest = buf_take(&json);
	image->has_manifest_digest = true;
	assert_int_equal(
		sha256_once(image->manifest, image->manifest_size, image->manifest_digest, NULL),
		0);
}

static struct sl_image *make_image(const char *name, const char *top_text)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	struct sl_image *image = NULL;

	assert_int_equal(sl_image_new(&image, name, NULL), 0);
	tar_plain(&tar, "usr/", '5', NULL);
	tar_file(&tar, "usr/a", "one");
	tar_plain(&tar, "usr/b", '1', "usr/a");
	tar_plain(&tar, "lib", '2', "usr");
	add_layer(image, &tar);
	tar_file(&tar, "lib/c", top_text);
	tar_file(&tar, "usr/.wh.b", "");
	add_layer(image, &tar);
	write_config(image);
	return image;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(sl_baselines_open(&f->b, NULL, NULL), 0);
	f->image = make_image("oci:web", "two");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sl_image_free(f->image);
	sl_baselines_close(f->b);
	sl_error_clear(&f->err);
	free(f);
	return 0;
}

/* Indexing fails with this code and text, and stores nothing. */
static void assert_refused(struct fixture *f, int code, const char *says)
{
	struct sl_baseline_info info;
	struct sl_source *src = NULL;
	int rc = sl_baselines_index(f->b, f->image, NULL, NULL, &f->err);

	if (strstr(sl_error_text(&f->err), says) == NULL)
		fail_msg("'%s' does not say '%s'", sl_error_text(&f->err), says);
	assert_int_equal(rc, code);
	assert_int_equal(sl_baselines_find(f->b, f->image->config_digest, &info, NULL), 1);
	assert_int_equal(sl_baselines_layer(f->b, f->image->layers[0].chain_id, &src, NULL),
			 -SL_ENOTFOUND);
}

/* ---- tests ---- */

struct seen {
	int calls;
	uint64_t done, total;
	bool went_back;
};

static void note(void *payload, uint64_t done, uint64_t total, const char *what)
{
	struct seen *s = payload;

	s->calls++;
	s->went_back = s->went_back || done < s->done || done > total;
	s->done = done;
	s->total = total;
	assert_non_null(what);
}

static void an_image_is_read_proven_and_stored(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 16);
	struct fixture *f = *state;
	struct seen seen = {.calls = 0};
	struct sl_progress progress = {.report = note, .payload = &seen};
	uint64_t bytes = f->image->layers[0].blob_size + f->image->layers[1].blob_size;
	struct sl_baseline_info info;
	struct sl_index_result r;
	struct sl_source *src = NULL;

	assert_int_equal(sl_baselines_index(f->b, f->image, &progress, &r, &f->err), 0);
	assert_int_equal(r.layers, 2);
	assert_int_equal(r.layers_known, 0);
	assert_int_equal(r.entries, 5 + 4);
	assert_int_equal(r.bytes, bytes);
	assert_int_equal(r.compressed, bytes);
	assert_int_equal(seen.done, bytes);
	assert_int_equal(seen.total, bytes);
	assert_false(seen.went_back);

	assert_int_equal(sl_baselines_find(f->b, f->image->config_digest, &info, NULL), 0);
	assert_string_equal(info.name, "oci:web");
	assert_int_equal(info.bytes, bytes);
	assert_memory_equal(&info.indexed_at, &r.indexed_at, sizeof(r.indexed_at));
	assert_false(info.has_checked_at);

	assert_int_equal(sl_baselines_view(f->b, f->image->config_digest, NULL, 0, &src, NULL), 0);
	kit_dump(&out, src);
	sl_source_close(src);
	/* the content is what the kit would show of its own files; digests tell here */
	assert_non_null(strstr(out.data, "l lib->usr; d usr*; f usr/a="));
	assert_non_null(strstr(out.data, "; f usr/c="));
	assert_null(strstr(out.data, "usr/b"));
}

static void a_known_image_is_not_read_again(void **state)
{
	struct fixture *f = *state;
	struct sl_index_result first, again;

	assert_int_equal(sl_baselines_index(f->b, f->image, NULL, &first, &f->err), 0);
	for (size_t i = 0; i < 2; i++)
		close(take_fd(&f->image->layers[i].blob_fd)); /* nothing to read */
	assert_int_equal(sl_baselines_index(f->b, f->image, NULL, &again, &f->err), 0);
	assert_int_equal(again.layers_known, 2);
	assert_int_equal(again.bytes, 0);
	assert_int_equal(again.entries, first.entries);
	assert_memory_equal(&again.indexed_at, &first.indexed_at, sizeof(first.indexed_at));
}

static void only_the_layers_that_are_new_are_read(void **state)
{
	struct fixture *f = *state;
	struct sl_image *other = make_image("oci:other", "three");
	struct sl_index_result r;

	assert_int_equal(sl_baselines_index(f->b, f->image, NULL, NULL, &f->err), 0);
	assert_int_equal(sl_baselines_index(f->b, other, NULL, &r, &f->err), 0);
	assert_int_equal(r.layers_known, 1);
	assert_int_equal(r.bytes, other->layers[1].blob_size);
	sl_image_free(other);
}

static void a_layer_that_contradicts_its_diff_id_stores_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(pwrite(f->image->layers[1].blob_fd, "X", 1, 512), 1);
	assert_refused(f, -SL_EUNTRUSTED, "index 'oci:web': layer 2 of 2: ");
	/* the store is as usable as before */
	assert_int_equal(pwrite(f->image->layers[1].blob_fd, "t", 1, 512), 1);
	sl_error_clear(&f->err);
	assert_int_equal(sl_baselines_index(f->b, f->image, NULL, NULL, &f->err), 0);
}

static void a_configuration_that_contradicts_its_digest_is_refused(void **state)
{
	struct fixture *f = *state;

	f->image->config[2] ^= 1;
	assert_refused(f, -SL_EUNTRUSTED, "the configuration should be sha256:");
}

static void layers_that_the_configuration_does_not_list_are_refused(void **state)
{
	struct fixture *f = *state;
	struct sl_layer l = f->image->layers[0];

	f->image->layers[0] = f->image->layers[1];
	f->image->layers[1] = l;
	assert_int_equal(sl_image_chain(f->image, NULL), 0);
	assert_refused(f, -SL_EUNTRUSTED, "layer 1: the diff_id of a layer should be sha256:");
}

static void a_missing_layer_is_refused(void **state)
{
	struct fixture *f = *state;

	close(take_fd(&f->image->layers[1].blob_fd));
	f->image->layer_count = 1;
	assert_refused(f, -SL_EUNTRUSTED, "the configuration lists 2 layers, the image has 1");
	f->image->layer_count = 2;
}

static void a_layer_without_bytes_is_named(void **state)
{
	struct fixture *f = *state;

	close(take_fd(&f->image->layers[1].blob_fd));
	assert_refused(f, -SL_ENOTFOUND, "layer 2 of 2: ");
}

static void a_chain_that_does_not_follow_is_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t was = f->image->layers[1].chain_id[3];

	f->image->layers[1].chain_id[3] ^= 1;
	assert_refused(f, -SL_EINVAL, "layer 2: chain id does not follow from the diff_ids");
	f->image->layers[1].chain_id[3] = was;
}

static void a_manifest_counts_as_verified_only_when_it_was_read(void **state)
{
	struct fixture *f = *state;
	struct sl_baseline_info info;
	uint8_t claim[SL_SHA256_SIZE], proven[SL_SHA256_SIZE];

	memset(claim, 0xcc, sizeof(claim));
	f->image->has_manifest_digest = true;
	memcpy(f->image->manifest_digest, claim, sizeof(claim));
	assert_int_equal(sl_baselines_index(f->b, f->image, NULL, NULL, &f->err), 0);
	assert_int_equal(sl_baselines_find(f->b, f->image->config_digest, &info, NULL), 0);
	assert_true(info.has_manifest_digest);
	assert_false(info.manifest_verified);
	assert_memory_equal(info.manifest_digest, claim, sizeof(claim));

	write_manifest(f->image);
	assert_int_equal(sl_baselines_index(f->b, f->image, NULL, NULL, &f->err), 0);
	assert_int_equal(sl_baselines_find(f->b, f->image->config_digest, &info, NULL), 0);
	assert_true(info.manifest_verified);
	assert_memory_equal(info.manifest_digest, f->image->manifest_digest, sizeof(claim));

	memcpy(proven, info.manifest_digest, sizeof(proven));

	/* a later claim does not take its place */
	free(f->image->manifest);
	f->image->manifest = NULL;
	memcpy(f->image->manifest_digest, claim, sizeof(claim));
	assert_int_equal(sl_baselines_index(f->b, f->image, NULL, NULL, &f->err), 0);
	assert_int_equal(sl_baselines_find(f->b, f->image->config_digest, &info, NULL), 0);
	assert_true(info.manifest_verified);
	assert_memory_equal(info.manifest_digest, proven, sizeof(proven));
}

static void a_manifest_that_contradicts_its_digest_is_refused(void **state)
{
	struct fixture *f = *state;

	write_manifest(f->image);
	f->image->manifest_digest[0] ^= 1;
	assert_refused(f, -SL_EUNTRUSTED, "the manifest should be sha256:");
}

static void a_manifest_of_another_configuration_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sl_image *other = make_image("oci:other", "three");

	write_manifest(other);
	f->image->manifest = take_ptr(&other->manifest);
	f->image->manifest_size = other->manifest_size;
	f->image->has_manifest_digest = true;
	memcpy(f->image->manifest_digest, other->manifest_digest, SL_SHA256_SIZE);
	assert_refused(f, -SL_EUNTRUSTED,
		       "the configuration that the manifest names should be sha256:");
	sl_image_free(other);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_image_is_read_proven_and_stored),
		TEST(a_known_image_is_not_read_again),
		TEST(only_the_layers_that_are_new_are_read),
		TEST(a_layer_that_contradicts_its_diff_id_stores_nothing),
		TEST(a_configuration_that_contradicts_its_digest_is_refused),
		TEST(layers_that_the_configuration_does_not_list_are_refused),
		TEST(a_missing_layer_is_refused),
		TEST(a_layer_without_bytes_is_named),
		TEST(a_chain_that_does_not_follow_is_refused),
		TEST(a_manifest_counts_as_verified_only_when_it_was_read),
		TEST(a_manifest_that_contradicts_its_digest_is_refused),
		TEST(a_manifest_of_another_configuration_is_refused),
	};

	return cmocka_run_group_tests_name("indexing", tests, NULL, NULL);
}
