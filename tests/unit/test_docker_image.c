/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "unit/fake_docker.h"

struct fixture {
	char *root;
	struct fake_image image;
	struct host *host;
	struct sl_error err;
	struct sl_image *found;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	fake_docker_image(f->root, "web:1", &f->image);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sl_image_free(f->found);
	host_close(f->host);
	sl_error_clear(&f->err);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

/* Look @word up afresh. */
static int find(struct fixture *f, const char *word)
{
	struct host_options options = {.root = f->root};

	sl_image_free(f->found);
	f->found = NULL;
	host_close(f->host);
	f->host = NULL;
	assert_int_equal(host_open(&f->host, &options, &f->err), 0);
	return host_find_image(f->host, word, &f->found, &f->err);
}

static void assert_hex(const uint8_t *digest, const char *hex)
{
	char text[65];

	hex_encode(text, digest, SL_SHA256_SIZE);
	assert_string_equal(text, hex);
}

static void an_image_is_its_config_and_its_layers_from_the_bottom(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(find(f, "web:1"), 0);
	assert_string_equal(f->found->name, "web:1");
	assert_string_equal(f->found->platform, "linux/amd64");
	assert_hex(f->found->config_digest, f->image.id);
	assert_true(f->found->has_manifest_digest);
	assert_int_equal(f->found->manifest_digest[31], 5);
	assert_int_equal(f->found->config[0], '{');
	assert_int_equal(strlen(f->found->config), f->found->config_size);
	assert_int_equal(f->found->layer_count, FAKE_LAYERS);
	for (size_t i = 0; i < FAKE_LAYERS; i++) {
		const struct sl_layer *l = &f->found->layers[i];
		AUTO_FREE char *path = NULL;

		assert_true(l->has_diff_id);
		assert_hex(l->diff_id, f->image.diff_id[i]);
		assert_hex(l->chain_id, f->image.chain_id[i]);
		assert_true(l->dir_fd >= 0);
		assert_true(l->tar_split_fd >= 0);
		assert_int_equal(l->blob_fd, -1);
		assert_int_equal(l->marker, SL_MARKER_OVERLAY_TRUSTED);
		assert_true(asprintf(&path, "/" DR "/overlay2/%s/diff", f->image.cache_id[i]) >= 0);
		assert_string_equal(l->dir_path, path);
	}
}

static void an_image_answers_to_all_its_names(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *digest = NULL;
	AUTO_FREE char *id = NULL;
	const char *words[12] = {"web:1",
				 "docker:web:1",
				 "docker.io/library/web:1",
				 "index.docker.io/library/web:1",
				 "docker.io/web:1",
				 "library/web:1"};
	char prefix[8] = {0};
	size_t n = 6;

	assert_true(asprintf(&digest, "web@sha256:%064d", 5) >= 0);
	assert_true(asprintf(&id, "sha256:%s", f->image.id) >= 0);
	memcpy(prefix, f->image.id, 7);
	words[n++] = digest;
	words[n++] = id;
	words[n++] = id + 7;
	words[n++] = prefix;
	for (size_t i = 0; i < n; i++) {
		if (find(f, words[i]) < 0)
			fail_msg("%s: %s", words[i], sl_error_text(&f->err));
		assert_hex(f->found->config_digest, f->image.id);
		assert_string_equal(f->found->name, "web:1");
	}
}

static void other_words_are_no_image(void **state)
{
	static const struct {
		const char *word;
		int rc;
	} rows[] = {
		{"web", -SL_ENOTFOUND}, /* web:latest is not there */
		{"web:2", -SL_ENOTFOUND},
		{"other/web:1", -SL_ENOTFOUND},
		{"example.org/library/web:1", -SL_ENOTFOUND},
		{"web@sha256:77", -SL_ENOTFOUND},
		{"", -SL_ENOTFOUND},
		{":", -SL_ENOTFOUND},
		{"@", -SL_ENOTFOUND},
		{"../../etc/passwd", -SL_ENOTFOUND},
		{"sha256:", -SL_ENOTFOUND},
		{"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", -SL_ENOTFOUND},
		{"containerd:web:1", -SL_ENOTFOUND},
		{"podman:web:1", -SL_ENOTFOUND},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int rc = find(*state, rows[i].word);

		if (rc != rows[i].rc)
			fail_msg("'%s': %d", rows[i].word, rc);
	}
}

static void an_image_that_is_not_there_is_told_with_what_is_like_it(void **state)
{
	static const char *const words[] = {"web", "web:2", "podman:web:1"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		assert_int_equal(find(f, words[i]), -SL_ENOTFOUND);
		if (strstr(sl_error_text(&f->err), "; similar: docker:web:1") == NULL)
			fail_msg("%s: %s", words[i], sl_error_text(&f->err));
	}
	assert_int_equal(find(f, "other/web:1"), -SL_ENOTFOUND);
	assert_string_equal(sl_error_text(&f->err), "no image 'other/web:1'");
}

static void latest_is_the_tag_when_there_is_none(void **state)
{
	struct fixture *f = *state;

	fake_docker_image(f->root, "reg.example:5000/team/app:latest", &f->image);
	/* the fake splits at the first colon: write the one that docker would */
	AUTO_FREE char *repos = NULL;
	assert_true(asprintf(&repos,
			     "{\"Repositories\":{\"reg.example:5000/team/app\":{"
			     "\"reg.example:5000/team/app:latest\":\"sha256:%s\"}}}",
			     f->image.id) >= 0);
	fake_file(f->root, repos, DR "/image/overlay2/repositories.json");
	assert_int_equal(find(f, "reg.example:5000/team/app"), 0);
	assert_string_equal(f->found->name, "reg.example:5000/team/app:latest");
	assert_false(f->found->has_manifest_digest);
}

static void the_beginning_of_two_ids_is_ambiguous(void **state)
{
	struct fixture *f = *state;
	char other[65], prefix[4] = {0};

	memcpy(other, f->image.id, sizeof(other));
	other[63] = other[63] == '0' ? '1' : '0';
	memcpy(prefix, f->image.id, 3);
	fake_file(f->root, "{}", DR "/image/overlay2/imagedb/content/sha256/%s", other);
	assert_int_equal(find(f, prefix), -SL_EAMBIGUOUS);
	assert_non_null(strstr(sl_error_text(&f->err), "fits 2 images: sha256:"));
}

static void a_changed_config_is_no_longer_trusted(void **state)
{
	struct fixture *f = *state;

	fake_file(f->root, "{\"rootfs\":{\"diff_ids\":[]}}",
		  DR "/image/overlay2/imagedb/content/sha256/%s", f->image.id);
	assert_int_equal(find(f, "web:1"), -SL_EUNTRUSTED);
	assert_non_null(strstr(sl_error_text(&f->err), f->image.id));
	assert_null(f->found);
}

static void a_layer_database_that_says_otherwise_is_a_contradiction(void **state)
{
	struct fixture *f = *state;

	fake_file(f->root,
		  "sha256:0000000000000000000000000000000000000000000000000000000000000000",
		  DR "/image/overlay2/layerdb/sha256/%s/diff", f->image.chain_id[1]);
	assert_int_equal(find(f, "web:1"), -SL_EUNTRUSTED);
	assert_string_equal(sl_error_text(&f->err),
			    "layer 1: the layer database contradicts the image config");
}

static void a_missing_layer_keeps_its_digests(void **state)
{
	struct fixture *f = *state;

	fake_remove(f->root, DR "/image/overlay2/layerdb/sha256/%s", f->image.chain_id[0]);
	fake_remove(f->root, DR "/overlay2/%s", f->image.cache_id[1]);
	assert_int_equal(find(f, "web:1"), 0);
	assert_int_equal(f->found->layers[0].dir_fd, -1);
	assert_int_equal(f->found->layers[0].tar_split_fd, -1);
	assert_hex(f->found->layers[0].chain_id, f->image.chain_id[0]);
	assert_int_equal(f->found->layers[1].dir_fd, -1);
	assert_true(f->found->layers[1].tar_split_fd >= 0);
}

static void a_layer_is_not_looked_for_outside_the_store(void **state)
{
	static const char *const ids[] = {"../../../../etc", "/etc", ".", ""};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		fake_file(f->root, ids[i], DR "/image/overlay2/layerdb/sha256/%s/cache-id",
			  f->image.chain_id[0]);
		assert_int_equal(find(f, "web:1"), 0);
		assert_int_equal(f->found->layers[0].dir_fd, -1);
	}
	fake_remove(f->root, DR "/overlay2/%s/diff", f->image.cache_id[1]);
	fake_link(f->root, "../l", DR "/overlay2/%s/diff", f->image.cache_id[1]);
	assert_int_equal(find(f, "web:1"), 0);
	assert_int_equal(f->found->layers[1].dir_fd, -1);
}

static void garbled_names_hide_no_ids(void **state)
{
	struct fixture *f = *state;

	fake_file(f->root, "{", DR "/image/overlay2/repositories.json");
	assert_int_equal(find(f, "web:1"), -SL_EFORMAT);
	assert_non_null(strstr(sl_error_text(&f->err), "repositories.json"));
	assert_int_equal(find(f, f->image.id), 0);
	assert_null(f->found->name);
}

static const char *const bad_configs[] = {
	"{\"rootfs\":{\"diff_ids\":[\"sha256:zz\"]}}",
	"{\"rootfs\":{\"diff_ids\":[7]}}",
	"not json",
};

/* The name of a config is its digest, so a bad one can be put there by whoever makes images. */
static void a_bad_config_under_its_own_digest_is_malformed(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_configs); i++) {
		uint8_t digest[SL_SHA256_SIZE];
		char hex[65];

		assert_int_equal(sha256_once(bad_configs[i], strlen(bad_configs[i]), digest, NULL),
				 0);
		hex_encode(hex, digest, sizeof(digest));
		fake_file(f->root, bad_configs[i], DR "/image/overlay2/imagedb/content/sha256/%s",
			  hex);
		assert_int_equal(find(f, hex), -SL_EFORMAT);
	}
}

static void a_container_leads_to_its_image_by_id(void **state)
{
	struct fixture *f = *state;
	struct sl_container *c = NULL;

	fake_docker_container(f->root, &f->image, '7', "seven", "", "");
	assert_int_equal(find(f, "web:1"), 0);
	sl_image_free(f->found);
	f->found = NULL;
	assert_int_equal(host_find_container(f->host, "seven", &c, &f->err), 0);
	assert_int_equal(host_container_image(f->host, c, &f->found, &f->err), 0);
	assert_hex(f->found->config_digest, f->image.id);
	assert_string_equal(f->found->name, "web:1");
	sl_container_free(c);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_image_is_its_config_and_its_layers_from_the_bottom),
		TEST(an_image_answers_to_all_its_names),
		TEST(other_words_are_no_image),
		TEST(an_image_that_is_not_there_is_told_with_what_is_like_it),
		TEST(latest_is_the_tag_when_there_is_none),
		TEST(the_beginning_of_two_ids_is_ambiguous),
		TEST(a_changed_config_is_no_longer_trusted),
		TEST(a_layer_database_that_says_otherwise_is_a_contradiction),
		TEST(a_missing_layer_keeps_its_digests),
		TEST(a_layer_is_not_looked_for_outside_the_store),
		TEST(garbled_names_hide_no_ids),
		TEST(a_bad_config_under_its_own_digest_is_malformed),
		TEST(a_container_leads_to_its_image_by_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
