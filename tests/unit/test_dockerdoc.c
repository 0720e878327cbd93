/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "snapshot/dockerdoc.h"
#include "snapshot/imagename.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void names_mean_the_same_however_much_of_them_is_said(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"web", "web:latest", true},
		{"web", "library/web", true},
		{"docker.io/library/web:latest", "web", true},
		{"index.docker.io/web:1", "web:1", true},
		{"docker.io/team/web:1", "team/web:1", true},
		{"localhost:5000/web", "localhost:5000/web:latest", true},
		{"web@sha256:" HEX, "docker.io/library/web@sha256:" HEX, true},
		{"web:1@sha256:" HEX, "web@sha256:" HEX, true},
		{"web", "web:1", false},
		{"web:1", "web:10", false},
		{"web", "webs", false},
		{"library/team/web", "team/web", false},
		{"localhost:5000/web", "localhost:5001/web", false},
		{"quay.example/web", "web", false},
		{"web@sha256:" HEX, "web", false},
		{"web:latest", "web:LATEST", false},
		{"", "", false},
		{":latest", "", false},
		{"docker.io/", "docker.io/", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (imagename_same(rows[i].a, rows[i].b) != rows[i].same ||
		    imagename_same(rows[i].b, rows[i].a) != rows[i].same)
			fail_msg("%s, %s", rows[i].a, rows[i].b);
}

static void digests_are_seen_in_the_names_of_members(void **state)
{
	static const struct {
		const char *name;
		int want;
	} rows[] = {
		{HEX ".json", 0},       {"blobs/sha256/" HEX, 0},
		{"sha256:" HEX, 0},     {"a/" HEX, 0},
		{"config.json", 1},     {HEX ".tar", 1},
		{HEX "0.json", 1},      {"", 1},
		{"sha256:" HEX "x", 1}, {".json", 1},
		{HEX "/json", 1},
	};
	uint8_t digest[SL_SHA256_SIZE];
	char text[DIGEST_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (dockerdoc_named_digest(rows[i].name, digest) != rows[i].want)
			fail_msg("%s", rows[i].name);
		if (rows[i].want == 0) {
			digest_format(text, digest);
			assert_string_equal(text, "sha256:" HEX);
		}
	}
}

/* What @name picks of @text: the config, and the tag when one fits. */
static void picks(const char *text, const char *name, const char *config, const char *want_tag)
{
	CLEANUP(dockerdoc_clear) struct dockerdoc doc;
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	const struct dockerdoc_image *image;
	const char *tag = NULL;

	assert_int_equal(dockerdoc_parse(&doc, text, strlen(text), NULL), 0);
	if (dockerdoc_pick(&doc, name, &image, &tag, &err) != 0)
		fail_msg("%s", sl_error_text(&err));
	assert_string_equal(image->config, config);
	if (want_tag == NULL)
		assert_null(tag);
	else
		assert_string_equal(tag, want_tag);
}

static void refuses(const char *text, const char *name, int want, const char *says)
{
	CLEANUP(dockerdoc_clear) struct dockerdoc doc = {0};
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	const struct dockerdoc_image *image;
	const char *tag;
	int rc = dockerdoc_parse(&doc, text, strlen(text), &err);

	if (rc == 0)
		rc = dockerdoc_pick(&doc, name, &image, &tag, &err);
	assert_int_equal(rc, want);
	if (strstr(sl_error_text(&err), says) == NULL)
		fail_msg("'%s' does not say '%s'", sl_error_text(&err), says);
}

static void images_are_picked_by_tag_or_id(void **state)
{
	static const char two[] =
		"[{\"Config\":\"" HEX ".json\",\"RepoTags\":[\"web:1\",\"web:2\"],\"Layers\":[]},"
		"{\"Config\":\"other.json\",\"RepoTags\":[\"docker.io/library/db:latest\"]}]";
	static const char bare[] = "[{\"Config\":\"c\",\"RepoTags\":null,\"Layers\":null}]";
	/* the same image under two entries is one image */
	static const char same[] = "[{\"Config\":\"c\",\"RepoTags\":[\"a\"]},{\"Config\":\"c\"}]";

	(void)state;
	picks(two, "web:2", HEX ".json", "web:2");
	picks(two, "library/web:1", HEX ".json", "web:1");
	picks(two, "db", "other.json", "docker.io/library/db:latest");
	picks(two, "e3b0c44298fc", HEX ".json", "web:1");
	picks(two, "sha256:" HEX, HEX ".json", "web:1");
	picks(bare, NULL, "c", NULL);
	picks(same, NULL, "c", "a");
	refuses(two, NULL, -SL_EAMBIGUOUS, "'web:1', 'docker.io/library/db:latest'");
	refuses(two, "web", -SL_ENOTFOUND, "no image 'web' in the archive; there is 'web:1'");
	refuses(two, "e3b0c44298f", -SL_ENOTFOUND, "no image");
	refuses("[]", NULL, -SL_ENOTFOUND, "no image in the archive");
	refuses("[]", "\033[2J", -SL_ENOTFOUND, "there is none");
}

static void what_is_no_list_of_images_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"{}", "not a json list"},
		{"[1]", "image 0: not a json object"},
		{"[{\"Config\":1}]", "image 0: no Config"},
		{"[{\"Config\":\"c\"},{\"Config\":\"c\",\"Layers\":\"x\"}]",
		 "image 1: Layers is no list"},
		{"[{\"Config\":\"c\",\"Layers\":[1]}]", "Layers: item 0 is no text"},
		{"[{\"Config\":\"c\",\"RepoTags\":[null]}]", "RepoTags: item 0 is no text"},
		{"[{\"Config\":\"c\",\"Config\":\"d\"}]", "duplicate key"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		refuses(rows[i].text, NULL, -SL_EFORMAT, rows[i].says);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_mean_the_same_however_much_of_them_is_said),
		cmocka_unit_test(digests_are_seen_in_the_names_of_members),
		cmocka_unit_test(images_are_picked_by_tag_or_id),
		cmocka_unit_test(what_is_no_list_of_images_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
