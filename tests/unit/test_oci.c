/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "snapshot/oci.h"
#include "snapshot/ocidoc.h"
#include "snapshot/platform.h"

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

/* A layout made in a scratch directory, and the descriptors of what was put into it. */
struct layout {
	char *dir;
	int fd;
};

struct blob {
	char digest[DIGEST_TEXT_SIZE];
	size_t size;
};

static void put(const struct layout *l, const char *path, const void *bytes, size_t len)
{
	int fd = openat(l->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static char *path_of(const struct blob *b)
{
	char *path = NULL;

	assert_true(asprintf(&path, "blobs/sha256/%s", b->digest + 7) > 0);
	return path;
}

static struct blob add(const struct layout *l, const char *text)
{
	struct blob b = {.size = strlen(text)};
	uint8_t digest[SL_SHA256_SIZE];
	AUTO_FREE char *path = NULL;

	assert_int_equal(sha256_once(text, b.size, digest, NULL), 0);
	digest_format(b.digest, digest);
	path = path_of(&b);
	put(l, path, text, b.size);
	return b;
}

static char *desc(const char *media_type, struct blob b, const char *more)
{
	char *out = NULL;

	assert_true(asprintf(&out, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s%s}",
			     media_type, b.digest, b.size, *more != '\0' ? "," : "", more) > 0);
	return out;
}

/* A manifest with one layer for linux/@arch; the config lists @diff_ids of them. */
static struct blob add_image(const struct layout *l, const char *arch, int diff_ids, bool docker)
{
	struct blob layer = add(l, arch), config, manifest;
	AUTO_FREE char *config_text = NULL, *manifest_text = NULL, *cd = NULL, *ld = NULL;

	assert_true(asprintf(&config_text,
			     "{\"os\":\"linux\",\"architecture\":\"%s\",\"rootfs\":{\"type\":"
			     "\"layers\",\"diff_ids\":[\"%s\"%s%s%s]}}",
			     arch, layer.digest, diff_ids > 1 ? ",\"" : "",
			     diff_ids > 1 ? layer.digest : "", diff_ids > 1 ? "\"" : "") > 0);
	config = add(l, config_text);
	cd = desc(docker ? DOCKER "container.image.v1+json" : OCI "config.v1+json", config, "");
	ld = desc(docker ? DOCKER "image.rootfs.diff.tar.gzip" : OCI "layer.v1.tar+gzip", layer,
		  "");
	assert_true(asprintf(&manifest_text, "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}",
			     cd, ld) > 0);
	manifest = add(l, manifest_text);
	return manifest;
}

static void set_index(const struct layout *l, const char *list)
{
	AUTO_FREE char *text = NULL;
	int n = asprintf(&text, "{\"schemaVersion\":2,\"manifests\":[%s]}", list);

	assert_true(n > 0);
	put(l, "index.json", text, (size_t)n);
}

static char *manifest_desc(struct blob b, const char *more)
{
	return desc(OCI "manifest.v1+json", b, more);
}

static int setup(void **state)
{
	struct layout *l = calloc(1, sizeof(*l));

	l->dir = strdup("/tmp/strandline-oci.XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	l->fd = open(l->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(l->fd, "blobs", 0755), 0);
	assert_int_equal(mkdirat(l->fd, "blobs/sha256", 0755), 0);
	put(l, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct layout *l = *state;
	AUTO_FREE char *command = NULL;

	assert_true(asprintf(&command, "rm -rf -- '%s'", l->dir) > 0);
	(void)!system(command); /* NOLINT(cert-env33-c): our own scratch directory */
	close(l->fd);
	free(l->dir);
	free(l);
	return 0;
}

static void open_want(const struct layout *l, const char *tag, const char *platform, int want,
		      const char *says)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct sl_image *image = NULL;
	int rc = oci_open(&image, l->dir, tag, platform, &err);

	if (rc != want)
		print_message("%s\n", sl_error_text(&err));
	assert_int_equal(rc, want);
	if (rc == 0) {
		if (says != NULL)
			assert_string_equal(image->platform, says);
		assert_int_equal(image->layer_count, 1);
		assert_true(image->layers[0].blob_fd >= 0);
		assert_true(image->layers[0].has_diff_id && image->layers[0].has_blob_digest);
		assert_true(image->has_manifest_digest);
		assert_memory_equal(image->layers[0].chain_id, image->layers[0].diff_id,
				    SL_SHA256_SIZE);
		sl_image_free(image);
	} else if (says != NULL && strstr(sl_error_text(&err), says) == NULL) {
		fail_msg("'%s' does not say '%s'", sl_error_text(&err), says);
	}
}

static void one_image_needs_no_tag(void **state)
{
	struct layout *l = *state;
	AUTO_FREE char *d =
		manifest_desc(add_image(l, "amd64", 1, false),
			      "\"annotations\":{\"org.opencontainers.image.ref.name\":\"one\"}");

	set_index(l, d);
	open_want(l, NULL, NULL, 0, "linux/amd64");
	open_want(l, "one", NULL, 0, "linux/amd64");
	open_want(l, "two", NULL, -SL_ENOTFOUND, "no image tagged 'two'; there is 'one'");
}

static void docker_media_types_are_known(void **state)
{
	struct layout *l = *state;
	AUTO_FREE char *d =
		desc(DOCKER "distribution.manifest.v2+json", add_image(l, "amd64", 1, true), "");

	set_index(l, d);
	open_want(l, NULL, NULL, 0, NULL);
}

static void several_names_are_ambiguous(void **state)
{
	struct layout *l = *state;
	AUTO_FREE char *a =
		manifest_desc(add_image(l, "amd64", 1, false),
			      "\"annotations\":{\"org.opencontainers.image.ref.name\":\"a\"}");
	AUTO_FREE char *b =
		manifest_desc(add_image(l, "arm64", 1, false),
			      "\"annotations\":{\"org.opencontainers.image.ref.name\":\"b\"}");
	AUTO_FREE char *both = NULL;

	assert_true(asprintf(&both, "%s,%s", a, b) > 0);
	set_index(l, both);
	open_want(l, NULL, NULL, -SL_EAMBIGUOUS, "'a', 'b'");
	open_want(l, "b", NULL, 0, "linux/arm64");
	open_want(l, "b", "linux/amd64", -SL_ENOTFOUND, "not for linux/amd64");
}

static void what_is_there_instead_of_an_image_is_named(void **state)
{
	struct layout *l = *state;
	AUTO_FREE char *old = desc(DOCKER "distribution.manifest.v1+prettyjws", add(l, "{}"), "");
	AUTO_FREE char *a = manifest_desc(add_image(l, "amd64", 1, false), "");
	AUTO_FREE char *b = manifest_desc(add_image(l, "arm64", 1, false), "");
	AUTO_FREE char *both = NULL;

	set_index(l, old);
	open_want(l, NULL, NULL, -SL_EUNSUPPORTED, "is of type '" DOCKER);
	open_want(l, "1", NULL, -SL_EUNSUPPORTED, "is of type '" DOCKER);
	assert_true(asprintf(&both, "%s,%s", a, b) > 0);
	set_index(l, both);
	open_want(l, NULL, NULL, -SL_EAMBIGUOUS, "does not say for which platform");
}

/* An index in an index, two platforms and an attestation. */
static void platforms_are_chosen_from_nested_indexes(void **state)
{
	struct layout *l = *state;
	AUTO_FREE char *a =
		manifest_desc(add_image(l, "amd64", 1, false),
			      "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}");
	AUTO_FREE char *b = manifest_desc(
		add_image(l, "arm64", 1, false),
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}");
	AUTO_FREE char *c = manifest_desc(
		add(l, "{}"), "\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}");
	AUTO_FREE char *inner = NULL, *outer = NULL;

	assert_true(asprintf(&inner, "{\"schemaVersion\":2,\"manifests\":[%s,%s,%s]}", a, b, c) >
		    0);
	outer = desc(OCI "index.v1+json", add(l, inner), "");
	set_index(l, outer);
	open_want(l, NULL, "linux/amd64", 0, "linux/amd64");
	open_want(l, NULL, "linux/arm64", 0, "linux/arm64");
	open_want(l, NULL, "linux/arm64/v8", 0, "linux/arm64");
	open_want(l, NULL, "linux/s390x", -SL_ENOTFOUND,
		  "no image for linux/s390x; --platform can be linux/amd64, linux/arm64/v8");
	open_want(l, NULL, "linux", -SL_EINVAL, "no platform");
}

static void nesting_is_bounded(void **state)
{
	struct layout *l = *state;
	char *d = manifest_desc(add_image(l, "amd64", 1, false), "");

	for (int depth = 1; depth <= 5; depth++) {
		AUTO_FREE char *text = NULL;

		set_index(l, d);
		open_want(l, NULL, NULL, 0, NULL);
		assert_true(asprintf(&text, "{\"schemaVersion\":2,\"manifests\":[%s]}", d) > 0);
		free(d);
		d = desc(OCI "index.v1+json", add(l, text), "");
	}
	set_index(l, d);
	open_want(l, NULL, NULL, -SL_ELIMIT, "nested deeper");
	free(d);
}

static void changed_documents_are_untrusted(void **state)
{
	struct layout *l = *state;
	struct blob m = add_image(l, "amd64", 1, false);
	AUTO_FREE char *d = manifest_desc(m, ""), *path = path_of(&m);
	AUTO_FREE char *same_size = calloc(1, m.size + 1);

	set_index(l, d);
	memset(same_size, ' ', m.size);
	put(l, path, same_size, m.size);
	open_want(l, NULL, NULL, -SL_EUNTRUSTED, "its bytes have digest sha256:");
	open_want(l, NULL, NULL, -SL_EUNTRUSTED, m.digest);
	put(l, path, same_size, m.size - 1);
	open_want(l, NULL, NULL, -SL_EUNTRUSTED, "its descriptor says");
}

static void a_missing_layer_blob_is_named(void **state)
{
	struct layout *l = *state;
	AUTO_FREE char *d = manifest_desc(add_image(l, "amd64", 1, false), "");
	struct blob layer = add(l, "amd64");
	AUTO_FREE char *path = path_of(&layer);

	set_index(l, d);
	assert_int_equal(unlinkat(l->fd, path, 0), 0);
	open_want(l, NULL, NULL, -SL_ENOTFOUND, layer.digest);
	put(l, path, "longer than it was", 18);
	open_want(l, NULL, NULL, -SL_EUNTRUSTED, layer.digest);
}

static void layers_and_diff_ids_must_agree(void **state)
{
	struct layout *l = *state;
	AUTO_FREE char *d = manifest_desc(add_image(l, "amd64", 2, false), "");

	set_index(l, d);
	open_want(l, NULL, NULL, -SL_EUNTRUSTED, "1 layers, its config 2 diff_ids");
}

static void links_out_of_the_layout_are_not_followed(void **state)
{
	struct layout *l = *state;
	struct blob m = add_image(l, "amd64", 1, false);
	AUTO_FREE char *d = manifest_desc(m, ""), *path = path_of(&m);

	set_index(l, d);
	assert_int_equal(unlinkat(l->fd, path, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", l->fd, path), 0);
	open_want(l, NULL, NULL, -SL_ENOTFOUND, m.digest);
	assert_int_equal(unlinkat(l->fd, path, 0), 0);
	assert_int_equal(mkfifoat(l->fd, path, 0600), 0);
	open_want(l, NULL, NULL, -SL_EINVAL, m.digest); /* and nothing blocked */
}

static void no_layout_is_said_to_be_none(void **state)
{
	struct layout *l = *state;

	put(l, "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}", 30);
	open_want(l, NULL, NULL, -SL_EUNSUPPORTED, "imageLayoutVersion");
	assert_int_equal(unlinkat(l->fd, "oci-layout", 0), 0);
	open_want(l, NULL, NULL, -SL_ENOTFOUND, "no OCI layout");
}

static void digests_are_checked_before_they_are_paths(void **state)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{"sha256:../../../etc/passwd", -SL_EFORMAT},
		{"../../x", -SL_EFORMAT},
		{"sha256:", -SL_EFORMAT},
		{":abc", -SL_EFORMAT},
		{"sha256:abc", -SL_EFORMAT},
		{"SHA256:abc", -SL_EFORMAT},
		{"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
		 -SL_EFORMAT},
		{"sha512:abc", -SL_EUNSUPPORTED},
		{"blake3+x:abc", -SL_EUNSUPPORTED},
		{"sha256+:abc", -SL_EFORMAT},
		{"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0},
	};
	uint8_t digest[SL_SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (ocidoc_parse_digest(digest, rows[i].text, NULL) != rows[i].want)
			fail_msg("%s", rows[i].text);
}

#define WITH_LAYOUT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LAYOUT(one_image_needs_no_tag),
		WITH_LAYOUT(docker_media_types_are_known),
		WITH_LAYOUT(several_names_are_ambiguous),
		WITH_LAYOUT(what_is_there_instead_of_an_image_is_named),
		WITH_LAYOUT(platforms_are_chosen_from_nested_indexes),
		WITH_LAYOUT(nesting_is_bounded),
		WITH_LAYOUT(changed_documents_are_untrusted),
		WITH_LAYOUT(a_missing_layer_blob_is_named),
		WITH_LAYOUT(layers_and_diff_ids_must_agree),
		WITH_LAYOUT(links_out_of_the_layout_are_not_followed),
		WITH_LAYOUT(no_layout_is_said_to_be_none),
		cmocka_unit_test(digests_are_checked_before_they_are_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
