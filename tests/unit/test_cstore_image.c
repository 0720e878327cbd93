/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/cstore.h"
#include "unit/fake_cstore.h"

static const struct fit {
	const char *name, *word;
	int fit;
} fits[] = {
	{"localhost/web:1", "localhost/web:1", 3},
	{"localhost/web:1", "web:1", 2},
	{"localhost/web:latest", "web", 2},
	{"localhost/web:1", "web", 0},
	{"localhost/web:1", "eb:1", 0},
	{"localhost/web:1", "web:", 0},
	{"localhost/web:1", "", 0},
	{"localhost/web:1", ":1", 0},
	{"registry.test:5000/team/web:latest", "web", 1},
	{"registry.test:5000/team/web:latest", "team/web", 1},
	{"registry.test:5000/team/web:latest", "other/team/web", 0},
	{"registry.test:5000/team/web:latest", "registry.test:5000/team/web", 3},
	{"registry.test/web@sha256:00", "web@sha256:00", 1},
	{"registry.test/web@sha256:00", "web:1@sha256:00", 1},
	{"registry.test/web@sha256:00", "web@sha256:01", 0},
	{"registry.test/web@sha256:00", "web", 0},
};

static void a_short_word_means_this_hosts_image_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fits); i++)
		if (cstore_name_fits(fits[i].name, fits[i].word) != fits[i].fit)
			fail_msg("%s, %s: %d", fits[i].name, fits[i].word,
				 cstore_name_fits(fits[i].name, fits[i].word));
}

static void big_data_has_the_librarys_file_names(void **state)
{
	static const struct {
		const char *key, *file;
	} names[] = {
		{"manifest", "manifest"},
		{"a.1", "a.1"},
		{"sha256:00", "=c2hhMjU2OjAw"},
		{"Upper", "=VXBwZXI="},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(256);

		assert_int_equal(cstore_bigdata_name(&out, names[i].key), 0);
		assert_string_equal(out.data, names[i].file);
	}
}

struct fixture {
	struct fake_cstore store;
	struct host *host;
	struct sl_error err;
	struct sl_image *image;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_cstore_begin(&f->store, fake_root(), "localhost/web:1");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sl_image_free(f->image);
	host_close(f->host);
	sl_error_clear(&f->err);
	fake_root_remove(f->store.root);
	fake_cstore_clear(&f->store);
	free(f);
	return 0;
}

static int find(struct fixture *f, const char *word)
{
	struct host_options options = {.root = f->store.root};

	if (f->host == NULL)
		assert_int_equal(host_open(&f->host, &options, &f->err), 0);
	sl_image_free(f->image);
	f->image = NULL;
	sl_error_clear(&f->err);
	return host_find_image(f->host, word, &f->image, &f->err);
}

static void an_image_has_its_layers_from_below(void **state)
{
	struct fixture *f = *state;

	fake_cstore_write(&f->store);
	if (find(f, "podman:web:1") < 0)
		fail_msg("%s", sl_error_text(&f->err));
	assert_string_equal(f->image->name, "localhost/web:1");
	assert_string_equal(f->image->platform, "linux/amd64");
	assert_true(f->image->has_manifest_digest);
	assert_null(f->image->manifest); /* its bytes are not there: a claim */
	assert_int_equal(f->image->layer_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(f->image->layers[i].diff_id[0], i == 0 ? 0x11 : 0x22);
		assert_true(f->image->layers[i].dir_fd >= 0);
		assert_true(f->image->layers[i].tar_split_fd >= 0);
		assert_false(f->image->layers[i].dir_is_whole);
	}
	assert_non_null(strstr(f->image->layers[0].dir_path, FAKE_BASE "/diff"));
}

static void an_image_is_found_by_name_and_by_id(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *whole = NULL;
	char part[13] = "";

	fake_cstore_write(&f->store);
	assert_true(asprintf(&whole, "sha256:%s", f->store.image) >= 0);
	memcpy(part, f->store.image, 12);
	assert_int_equal(find(f, whole), 0);
	assert_int_equal(find(f, part), 0);
	assert_int_equal(find(f, "localhost/web:1"), 0);
	assert_int_equal(find(f,
			      "web@sha256:" /* by what its row claims */
			      "0000000000000000000000000000000000000000000000000000000000000005"),
			 0);
	assert_int_equal(find(f, "web"), -SL_ENOTFOUND);
	assert_int_equal(find(f, "web:2"), -SL_ENOTFOUND);
}

static void one_word_for_two_images_is_ambiguous(void **state)
{
	struct fixture *f = *state;

	(void)buf_append_str(&f->store.images,
			     ",{\"id\":\"" FAKE_BASE
			     "\",\"names\":[\"a.test/x/app:1\"]},{\"id\":\"" FAKE_TOP
			     "\",\"names\":[\"b.test/app:1\"]}");
	fake_cstore_write(&f->store);
	assert_int_equal(find(f, "app:1"), -SL_EAMBIGUOUS);
	assert_non_null(strstr(sl_error_text(&f->err), "(a.test/x/app:1)"));
	assert_int_equal(find(f, "x/app:1"), -SL_ENOTFOUND); /* it is that one, and has no config */
}

static void an_edited_config_is_refused(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf name = BUF_INIT(1024);
	AUTO_FREE char *key = NULL;

	fake_cstore_write(&f->store);
	assert_true(asprintf(&key, "sha256:%s", f->store.image) >= 0);
	assert_int_equal(cstore_bigdata_name(&name, key), 0);
	fake_file(f->store.root, "{}", GR "/overlay-images/%s/%s", f->store.image, name.data);
	assert_int_equal(find(f, "web:1"), -SL_EUNTRUSTED);
}

static void layers_that_contradict_the_config_are_refused_and_named(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *layers = NULL;

	fake_cstore_write(&f->store);
	fake_file(f->store.root,
		  "[{\"id\":\"" FAKE_BASE "\",\"diff-digest\":\"sha256:" FAKE_TOP
		  "\"},{\"id\":\"" FAKE_TOP "\",\"parent\":\"" FAKE_BASE "\"}]",
		  GR "/overlay-layers/layers.json");
	assert_int_equal(find(f, "web:1"), -SL_EUNTRUSTED);
	assert_non_null(strstr(sl_error_text(&f->err), "layer 0: diff-digest of '111111111111'"));
}

static void layers_that_are_too_many_are_refused(void **state)
{
	struct fixture *f = *state;

	fake_cstore_write(&f->store);
	fake_file(f->store.root,
		  "[{\"id\":\"" FAKE_BASE "\",\"parent\":\"aa\"},{\"id\":\"aa\"},"
		  "{\"id\":\"" FAKE_TOP "\",\"parent\":\"" FAKE_BASE "\"}]",
		  GR "/overlay-layers/layers.json");
	assert_int_equal(find(f, "web:1"), -SL_EUNTRUSTED);
}

/* layers.json may also lie in a circle. */
static void parents_in_a_circle_end(void **state)
{
	struct fixture *f = *state;

	fake_cstore_write(&f->store);
	fake_file(f->store.root, "[{\"id\":\"" FAKE_TOP "\",\"parent\":\"" FAKE_TOP "\"}]",
		  GR "/overlay-layers/layers.json");
	assert_int_equal(find(f, "web:1"), -SL_EUNTRUSTED);
}

/* What was pulled by a table of contents has no digest in layers.json: the config's holds. */
static void a_layer_without_a_digest_has_the_configs(void **state)
{
	struct fixture *f = *state;

	fake_cstore_write(&f->store);
	fake_file(f->store.root,
		  "[{\"id\":\"" FAKE_BASE "\",\"toc-digest\":\"sha256:" FAKE_TOP
		  "\"},{\"id\":\"" FAKE_TOP "\",\"parent\":\"" FAKE_BASE "\"}]",
		  GR "/overlay-layers/layers.json");
	assert_int_equal(find(f, "web:1"), 0);
	assert_true(f->image->layers[0].dir_fd >= 0);
}

static void without_layers_json_an_image_has_digests_alone(void **state)
{
	struct fixture *f = *state;

	fake_cstore_write(&f->store);
	fake_file(f->store.root, "garbage", GR "/overlay-layers/layers.json");
	assert_int_equal(find(f, "web:1"), 0);
	assert_int_equal(f->image->layer_count, 2);
	assert_int_equal(f->image->layers[0].dir_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		cmocka_unit_test(a_short_word_means_this_hosts_image_first),
		cmocka_unit_test(big_data_has_the_librarys_file_names),
		T(an_image_has_its_layers_from_below),
		T(an_image_is_found_by_name_and_by_id),
		T(one_word_for_two_images_is_ambiguous),
		T(an_edited_config_is_refused),
		T(layers_that_contradict_the_config_are_refused_and_named),
		T(layers_that_are_too_many_are_refused),
		T(parents_in_a_circle_end),
		T(a_layer_without_a_digest_has_the_configs),
		T(without_layers_json_an_image_has_digests_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
