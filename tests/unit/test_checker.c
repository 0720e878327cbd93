/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <strandline/check.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/root.h"

/* An image of one layer: a directory, and the tar that was made of it. */
struct fixture {
	char *dir; /* of the test; owned */
	struct sl_baselines *baselines;
	struct sl_image *image;
	struct buf told;
};

static void command(const char *line)
{
	assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
}

static void digest_file(const char *path, uint8_t out[SL_SHA256_SIZE])
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT(1 << 24);

	assert_int_equal(root_read_named(path, &bytes, NULL), 0);
	assert_int_equal(sha256_once(bytes.data, bytes.len, out, NULL), 0);
}

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sl_layer layer = SL_LAYER_INIT;
	const char *tmp = getenv("TMPDIR");

	if (f == NULL ||
	    asprintf(&f->dir, "%s/strandline-check-XXXXXX", tmp != NULL ? tmp : "/tmp") < 0 ||
	    mkdtemp(f->dir) == NULL || chdir(f->dir) < 0)
		return -1;
	command("umask 022; mkdir -p layer/etc; echo one >layer/etc/one; echo two >layer/two; "
		"ln layer/two layer/link; ln -s two layer/symlink; "
		"tar -C layer --format=pax --numeric-owner --sort=name -cf blob.tar etc link "
		"symlink two");
	f->told = BUF_INIT(65536);
	layer.has_diff_id = true;
	digest_file("blob.tar", layer.diff_id);
	layer.marker = SL_MARKER_OVERLAY_USER;
	layer.dir_fd = open("layer", O_PATH | O_DIRECTORY | O_CLOEXEC);
	layer.blob_fd = open("blob.tar", O_RDONLY | O_CLOEXEC);
	layer.dir_path = strdup("/layer");
	assert_int_equal(sl_baselines_open(&f->baselines, NULL, NULL), 0);
	assert_int_equal(sl_image_new(&f->image, "test", NULL), 0);
	assert_int_equal(sl_image_add_layer(f->image, &layer, NULL), 0);
	assert_int_equal(sl_image_chain(f->image, NULL), 0);
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;
	char line[4096];

	sl_image_free(f->image);
	sl_baselines_close(f->baselines);
	buf_clear(&f->told);
	(void)snprintf(line, sizeof(line), "cd / && rm -rf -- '%s'", f->dir);
	command(line);
	free(f->dir);
	free(f);
	return chdir("/");
}

static int on_difference(void *payload, const struct sl_difference *d)
{
	return buf_printf(payload, "%s%s %.*s %s;", d->is_doubtful ? "? " : "",
			  sl_difference_kind_name(d->kind), (int)d->path.len, d->path.data,
			  d->what);
}

static int on_gap(void *payload, const struct sl_gap *gap)
{
	return buf_printf(payload, "gap %s;", gap->why);
}

static void check(struct fixture *f, int dir_fd, struct sl_layer_check *out)
{
	const struct sl_check_place place = {.dir_fd = dir_fd, .marker = SL_MARKER_OVERLAY_USER};
	const struct sl_check_events events = {on_difference, on_gap, &f->told};
	struct sl_checker *c = NULL;

	buf_reset(&f->told);
	assert_int_equal(sl_checker_new(&c, f->baselines, f->image, 2, NULL, NULL), 0);
	assert_int_equal(sl_checker_layer(c, 0, &place, &events, out, NULL), 0);
	sl_checker_free(c);
}

static void expect(struct fixture *f, const struct sl_layer_check *got,
		   enum sl_check_verdict verdict, enum sl_check_method method, const char *told)
{
	assert_string_equal(f->told.data != NULL ? f->told.data : "", told);
	assert_string_equal(sl_check_verdict_name(got->verdict), sl_check_verdict_name(verdict));
	assert_string_equal(sl_check_method_name(got->method), sl_check_method_name(method));
}

static void index_image(struct fixture *f)
{
	AUTO_FREE char *config = NULL;
	char hex[2 * SL_SHA256_SIZE + 1] = "";

	for (size_t i = 0; i < SL_SHA256_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", f->image->layers[0].diff_id[i]);
	assert_true(asprintf(&config,
			     "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]}}",
			     hex) > 0);
	f->image->config_size = strlen(config);
	assert_int_equal(sha256_once(config, f->image->config_size, f->image->config_digest, NULL),
			 0);
	f->image->config = take_ptr(&config);
	assert_int_equal(sl_baselines_index(f->baselines, f->image, NULL, NULL, NULL), 0);
	close(take_fd(&f->image->layers[0].blob_fd));
}

static void a_blob_proves_its_directory(void **state)
{
	struct fixture *f = *state;
	struct sl_layer_check got;

	check(f, f->image->layers[0].dir_fd, &got);
	expect(f, &got, SL_CHECK_INTACT, SL_CHECK_BLOB, "");
	assert_int_equal(got.trust, SL_TRUST_PROVEN);
	assert_int_equal(got.counts.bytes, 12);
	sl_layer_check_clear(&got);
}

static void a_byte_is_found_under_both_its_names(void **state)
{
	struct fixture *f = *state;
	struct sl_layer_check got;

	command("touch -r layer/two then; printf X | dd of=layer/two bs=1 conv=notrunc "
		"status=none; touch -r then layer/two");
	check(f, f->image->layers[0].dir_fd, &got);
	expect(f, &got, SL_CHECK_TAMPERED, SL_CHECK_BLOB,
	       "changed link content;changed two content;");
	sl_layer_check_clear(&got);
}

static void a_blob_that_contradicts_its_digest_is_said_and_proves_nothing(void **state)
{
	struct fixture *f = *state;
	struct sl_layer_check got;

	command("printf X | dd of=blob.tar bs=1 seek=600 conv=notrunc status=none");
	check(f, f->image->layers[0].dir_fd, &got);
	expect(f, &got, SL_CHECK_TAMPERED, SL_CHECK_NONE, "");
	assert_non_null(got.contradiction);
	assert_non_null(strstr(got.contradiction, "diff_id"));
	sl_layer_check_clear(&got);
}

static void without_any_source_nothing_is_proven(void **state)
{
	struct fixture *f = *state;
	struct sl_layer_check got;

	close(take_fd(&f->image->layers[0].blob_fd));
	check(f, f->image->layers[0].dir_fd, &got);
	expect(f, &got, SL_CHECK_UNPROVEN, SL_CHECK_NONE, "");
	assert_int_equal(got.trust, SL_TRUST_ON_DISK);
	assert_non_null(strstr(got.why, "nothing to prove it with"));
	sl_layer_check_clear(&got);
}

static void a_baseline_proves_it_when_the_blob_is_gone(void **state)
{
	struct fixture *f = *state;
	struct sl_layer_check got;

	index_image(f);
	check(f, f->image->layers[0].dir_fd, &got);
	expect(f, &got, SL_CHECK_INTACT, SL_CHECK_BASELINE, "");
	sl_layer_check_clear(&got);
	command("rm layer/symlink; echo more >layer/etc/more");
	check(f, f->image->layers[0].dir_fd, &got);
	expect(f, &got, SL_CHECK_TAMPERED, SL_CHECK_BASELINE,
	       "extra etc/more file;missing symlink symlink;");
	sl_layer_check_clear(&got);
}

static void a_directory_that_is_gone_is_unread(void **state)
{
	struct fixture *f = *state;
	struct sl_layer_check got;

	check(f, -1, &got);
	expect(f, &got, SL_CHECK_UNREAD, SL_CHECK_NONE, "gap the layer's directory is not there;");
	sl_layer_check_clear(&got);
}

/* A second layer, and the tree that a driver which copies makes of both: /whole. */
static void add_second_layer(struct fixture *f)
{
	struct sl_layer layer = SL_LAYER_INIT;

	command("umask 022; mkdir -p second/etc; echo more >second/etc/more; : "
		">second/.wh.symlink; "
		"tar -C second --format=pax --numeric-owner --sort=name -cf second.tar etc "
		".wh.symlink; cp -a layer whole; cp -a second/etc whole; rm whole/symlink");
	layer.has_diff_id = true;
	digest_file("second.tar", layer.diff_id);
	layer.marker = SL_MARKER_NONE;
	layer.dir_fd = open("whole", O_PATH | O_DIRECTORY | O_CLOEXEC);
	layer.dir_is_whole = true;
	layer.blob_fd = open("second.tar", O_RDONLY | O_CLOEXEC);
	assert_int_equal(sl_image_add_layer(f->image, &layer, NULL), 0);
	assert_int_equal(sl_image_chain(f->image, NULL), 0);
}

static void check_whole(struct fixture *f, struct sl_layer_check *out)
{
	const struct sl_check_place place = {.dir_fd = f->image->layers[1].dir_fd,
					     .marker = SL_MARKER_OVERLAY_USER,
					     .is_whole = true};
	const struct sl_check_events events = {on_difference, on_gap, &f->told};
	struct sl_checker *c = NULL;

	buf_reset(&f->told);
	assert_int_equal(sl_checker_new(&c, f->baselines, f->image, 2, NULL, NULL), 0);
	assert_int_equal(sl_checker_layer(c, 1, &place, &events, out, NULL), 0);
	sl_checker_free(c);
}

static void a_whole_tree_is_held_against_all_layers_that_it_shows(void **state)
{
	struct fixture *f = *state;
	struct sl_layer_check got;

	add_second_layer(f);
	check_whole(f, &got);
	expect(f, &got, SL_CHECK_INTACT, SL_CHECK_BLOB, "");
	assert_int_equal(got.counts.bytes, 17);
	sl_layer_check_clear(&got);
	command("printf X | dd of=whole/etc/one bs=1 conv=notrunc status=none; "
		"touch -r layer/etc/one whole/etc/one; ln -s two whole/symlink");
	check_whole(f, &got);
	expect(f, &got, SL_CHECK_TAMPERED, SL_CHECK_BLOB,
	       "changed etc/one content;extra symlink symlink;");
	sl_layer_check_clear(&got);
}

static void a_whole_tree_is_unread_where_a_layer_that_it_shows_is_unknown(void **state)
{
	struct fixture *f = *state;
	struct sl_layer_check got;

	add_second_layer(f);
	close(take_fd(&f->image->layers[0].blob_fd));
	check_whole(f, &got);
	assert_int_equal(got.verdict, SL_CHECK_UNREAD);
	assert_int_equal(got.trust, SL_TRUST_ON_DISK);
	assert_string_equal(got.why, "layer 1, which it shows as well, is not known");
	sl_layer_check_clear(&got);
}

static int note_checked(void *payload, const struct sl_layer_info *info)
{
	*(bool *)payload = info->has_checked_at;
	return 0;
}

static bool is_checked(struct fixture *f)
{
	bool checked = false;

	assert_int_equal(sl_baselines_layers(f->baselines, f->image->config_digest, note_checked,
					     &checked, NULL),
			 0);
	return checked;
}

static void results_are_kept_by_directory(void **state)
{
	struct fixture *f = *state;
	const uint8_t *chain = f->image->layers[0].chain_id;
	struct sl_layer_check got, last = {0};

	index_image(f);
	command("chmod 600 layer/two");
	check(f, f->image->layers[0].dir_fd, &got);
	assert_int_equal(sl_baselines_last_check(f->baselines, chain, "/layer", &last, NULL), 1);
	assert_int_equal(sl_baselines_keep_check(f->baselines, chain, "/layer", &got, NULL), 0);
	sl_layer_check_clear(&got);
	assert_false(is_checked(f));
	assert_int_equal(sl_baselines_last_check(f->baselines, chain, "/layer", &last, NULL), 0);
	assert_int_equal(last.verdict, SL_CHECK_TAMPERED);
	assert_int_equal(last.method, SL_CHECK_BASELINE);
	assert_int_equal(last.counts.by_kind[SL_DIFFERENCE_METADATA], 2);
	assert_int_equal(sl_baselines_last_check(f->baselines, chain, "/other", &last, NULL), 1);

	command("chmod 644 layer/two");
	check(f, f->image->layers[0].dir_fd, &got);
	assert_int_equal(sl_baselines_keep_check(f->baselines, chain, "/layer", &got, NULL), 0);
	sl_layer_check_clear(&got);
	assert_true(is_checked(f));
	assert_int_equal(sl_baselines_last_check(f->baselines, chain, "/layer", &last, NULL), 0);
	assert_int_equal(last.verdict, SL_CHECK_INTACT);
}

#define WITH_IMAGE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_IMAGE(a_blob_proves_its_directory),
		WITH_IMAGE(a_byte_is_found_under_both_its_names),
		WITH_IMAGE(a_whole_tree_is_held_against_all_layers_that_it_shows),
		WITH_IMAGE(a_whole_tree_is_unread_where_a_layer_that_it_shows_is_unknown),
		WITH_IMAGE(a_blob_that_contradicts_its_digest_is_said_and_proves_nothing),
		WITH_IMAGE(without_any_source_nothing_is_proven),
		WITH_IMAGE(a_baseline_proves_it_when_the_blob_is_gone),
		WITH_IMAGE(a_directory_that_is_gone_is_unread),
		WITH_IMAGE(results_are_kept_by_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
