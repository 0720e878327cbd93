/* SPDX-License-Identifier: Apache-2.0 */
/* Plain trees as baselines: what identifies them, and what they must never be taken for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <strandline/baseline.h>
#include <strandline/sink.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/istream.h"
#include "snapshot/store.h"
#include "snapshot/treeread.h"
#include "unit/baseline_kit.h"
#include "unit/tarmake.h"

struct fixture {
	struct sl_baselines *b;
	struct sl_error err;
	char dir[64]; /* an empty scratch directory */
	int dir_fd;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/strandline-record.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->dir_fd >= 0);
	assert_int_equal(sl_baselines_open(&f->b, NULL, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)unlinkat(f->dir_fd, "sub/file", 0);
	(void)unlinkat(f->dir_fd, "sub", AT_REMOVEDIR);
	(void)unlinkat(f->dir_fd, "fifo", 0);
	(void)unlinkat(f->dir_fd, "link", 0);
	close(f->dir_fd);
	(void)rmdir(f->dir);
	sl_baselines_close(f->b);
	sl_error_clear(&f->err);
	free(f);
	return 0;
}

static struct sl_image *tree(const char *name, int tar_fd, int dir_fd)
{
	struct sl_layer layer = SL_LAYER_INIT;
	struct sl_image *image = NULL;

	layer.blob_fd = tar_fd;
	layer.dir_fd = dir_fd;
	assert_int_equal(sl_image_new(&image, name, NULL), 0);
	assert_int_equal(sl_image_add_layer(image, &layer, NULL), 0);
	return image;
}

static struct sl_image *tar_tree(const char *name, const char *text, uint8_t digest[SL_SHA256_SIZE])
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	int fd = memfd_create("tree", MFD_CLOEXEC);

	tar_plain(&tar, "d/", '5', NULL);
	tar_file(&tar, "d/.wh.x", "no marker");
	tar_file(&tar, "d/a", text);
	tar_plain(&tar, "d/b", '1', "d/a");
	tar_end(&tar);
	assert_int_equal(write(fd, tar.data, tar.len), (ssize_t)tar.len);
	assert_int_equal(sha256_once(tar.data, tar.len, digest, NULL), 0);
	return tree(name, fd, -1);
}

static void dump(struct fixture *f, const uint8_t id[SL_SHA256_SIZE], struct buf *out)
{
	struct sl_source *src = NULL;

	assert_int_equal(sl_baselines_view(f->b, id, NULL, 0, &src, &f->err), 0);
	kit_dump(out, src);
	sl_source_close(src);
}

static void a_tar_is_known_by_its_digest(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 16);
	struct fixture *f = *state;
	uint8_t digest[SL_SHA256_SIZE], config[SL_SHA256_SIZE];
	struct sl_image *image = tar_tree("rootfs-tar:/t", "one", digest);
	struct sl_baseline_info info;
	struct sl_index_result r;
	struct sl_source *src = NULL;

	assert_int_equal(sl_baselines_record(f->b, image, NULL, NULL, &r, &f->err), 0);
	assert_memory_equal(image->layers[0].diff_id, digest, sizeof(digest));
	assert_int_equal(sha256_once(image->config, image->config_size, config, NULL), 0);
	assert_memory_equal(image->config_digest, config, sizeof(config));
	assert_int_equal(r.layers, 1);
	assert_int_equal(r.layers_known, 0);
	assert_int_equal(r.entries, 5);
	assert_false(r.has_previous);
	assert_int_equal(sl_baselines_find(f->b, image->config_digest, &info, NULL), 0);
	assert_int_equal(info.trust, SL_TRUST_RECORDED);
	assert_false(info.manifest_verified);
	dump(f, image->config_digest, &out);
	assert_non_null(strstr(out.data, "d d; f d/.wh.x="));
	assert_non_null(strstr(out.data, "; f d/b="));
	/* a layer with the same tar is another thing: there d/.wh.x is a marker */
	assert_int_equal(sl_baselines_layer(f->b, digest, &src, NULL), -SL_ENOTFOUND);
	sl_image_free(image);
}

static void the_same_tree_is_recorded_once(void **state)
{
	struct fixture *f = *state;
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_image *one = tar_tree("rootfs-tar:/t", "one", digest);
	struct sl_image *again = tar_tree("rootfs-tar:/t", "one", digest);
	struct sl_index_result first, second;

	assert_int_equal(sl_baselines_record(f->b, one, NULL, NULL, &first, &f->err), 0);
	assert_int_equal(sl_baselines_record(f->b, again, NULL, NULL, &second, &f->err), 0);
	assert_memory_equal(one->config_digest, again->config_digest, SL_SHA256_SIZE);
	assert_int_equal(second.layers_known, 1);
	assert_memory_equal(&first.indexed_at, &second.indexed_at, sizeof(first.indexed_at));
	sl_image_free(one);
	sl_image_free(again);
}

static void what_was_told_gives_way_to_what_is_read(void **state)
{
	CLEANUP(buf_clear) struct buf before = BUF_INIT(1 << 16), after = BUF_INIT(1 << 16);
	struct fixture *f = *state;
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_image *one = tar_tree("rootfs-tar:/t", "one", digest);
	struct sl_image *again = tar_tree("rootfs-tar:/t", "one", digest);
	struct sl_baseline_check check;
	struct sl_index_result r;

	assert_int_equal(sl_baselines_record(f->b, one, NULL, NULL, NULL, &f->err), 0);
	dump(f, one->config_digest, &before);
	assert_int_equal(db_exec(f->b->db, "DELETE FROM entry WHERE digests IS NOT NULL", NULL), 0);
	assert_int_equal(sl_baselines_record(f->b, again, NULL, NULL, &r, &f->err), 0);
	assert_int_equal(r.layers_known, 0);
	dump(f, one->config_digest, &after);
	assert_string_equal(before.data, after.data);
	assert_int_equal(sl_baselines_verify(f->b, NULL, NULL, NULL, &check, &f->err), 0);
	assert_int_equal(check.problems, 0);
	assert_int_equal(check.entries, r.entries);
	sl_image_free(one);
	sl_image_free(again);
}

static void a_recorded_configuration_is_no_images(void **state)
{
	struct fixture *f = *state;
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_image *image = tar_tree("rootfs-tar:/t", "one", digest);
	struct sl_baseline_info info;

	assert_int_equal(sl_baselines_record(f->b, image, NULL, NULL, NULL, &f->err), 0);
	/* the very same bytes, offered as an image of one layer to be proven */
	image->trust = SL_TRUST_PROVEN;
	memcpy(image->layers[0].chain_id, digest, sizeof(digest));
	assert_int_equal(sl_baselines_index(f->b, image, NULL, NULL, &f->err), -SL_EFORMAT);
	assert_int_equal(sl_baselines_find(f->b, image->config_digest, &info, NULL), 0);
	assert_int_equal(info.trust, SL_TRUST_RECORDED);
	sl_image_free(image);
}

static void an_image_with_a_diff_id_is_not_recorded(void **state)
{
	struct fixture *f = *state;
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_image *image = tar_tree("rootfs-tar:/t", "one", digest);

	image->layers[0].has_diff_id = true;
	assert_int_equal(sl_baselines_record(f->b, image, NULL, NULL, NULL, &f->err), -SL_EINVAL);
	sl_image_free(image);
}

static void two_images_are_viewed_at_once(void **state)
{
	static const char *const before_layers[] = {"d a; f a/x 1; f b 1", "f a/.wh.x; f c 1"};
	static const char *const after_layers[] = {"d a; f a/x 1; f b 1",
						   "f a/.wh..wh..opq; f b 2"};
	CLEANUP(buf_clear) struct buf before = BUF_INIT(1 << 16), after = BUF_INIT(1 << 16);
	struct sl_source *views[2] = {NULL, NULL};
	struct fixture *f = *state;
	const struct sl_entry *e;
	uint8_t ids[2][SL_SHA256_SIZE];

	kit_config(ids[0], "one");
	kit_config(ids[1], "two");
	assert_int_equal(kit_store(f->b, "one", before_layers, 2, NULL, NULL), 0);
	assert_int_equal(kit_store(f->b, "two", after_layers, 2, NULL, NULL), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(sl_baselines_view(f->b, ids[i], NULL, 0, &views[i], &f->err), 0);
	/* in turn, as a merge walk reads them */
	assert_int_equal(sl_source_next(views[0], &e, NULL), 0);
	assert_int_equal(sl_source_next(views[1], &e, NULL), 0);
	kit_dump(&after, views[1]);
	kit_dump(&before, views[0]);
	assert_string_equal(before.data, "d a*; f b=1; f c=1");
	assert_string_equal(after.data, "d a*; f b=2");
	for (int i = 0; i < 2; i++)
		sl_source_close(views[i]);
}

/* ---- directories ---- */

struct listing {
	struct buf text;
	uint8_t digest[SL_SHA256_SIZE]; /* of the last file */
};

static int list(void *payload, const struct sl_entry *e, struct sl_error *err)
{
	struct listing *l = payload;

	(void)err;
	if (S_ISREG(e->mode))
		memcpy(l->digest, e->sha256, SL_SHA256_SIZE);
	return buf_printf(&l->text, "%s%c ", e->path.data,
			  (e->fields & SL_ENTRY_SHA256) != 0 ? '=' : ' ');
}

static void put_file(struct fixture *f, const char *path, const char *text)
{
	AUTO_CLOSE int fd = openat(f->dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void fill(struct fixture *f)
{
	assert_int_equal(mkdirat(f->dir_fd, "sub", 0755), 0);
	put_file(f, "sub/file", "text");
	assert_int_equal(mkfifoat(f->dir_fd, "fifo", 0600), 0);
	assert_int_equal(symlinkat("link", f->dir_fd, "link"), 0);
}

static void a_directory_is_read_in_order_with_digests(void **state)
{
	struct listing l = {.text = BUF_INIT(4096)};
	uint8_t want[SL_SHA256_SIZE];
	struct fixture *f = *state;
	uint64_t bytes;

	fill(f);
	assert_int_equal(treeread(f->dir_fd, list, &l, NULL, &bytes, &f->err), 0);
	assert_string_equal(l.text.data, "  fifo  link  sub  sub/file= ");
	assert_int_equal(bytes, 4);
	assert_int_equal(sha256_once("text", 4, want, NULL), 0);
	assert_memory_equal(l.digest, want, sizeof(want));
	buf_clear(&l.text);
}

static int refuse(void *payload, const struct sl_entry *e, struct sl_error *err)
{
	(void)payload;
	return S_ISFIFO(e->mode) ? sl_fail(err, SL_ELIMIT, 0, "enough") : 0;
}

static void a_receiver_that_has_enough_ends_the_read(void **state)
{
	struct fixture *f = *state;
	uint64_t bytes;

	fill(f);
	assert_int_equal(treeread(f->dir_fd, refuse, NULL, NULL, &bytes, &f->err), -SL_ELIMIT);
	assert_string_equal(sl_error_text(&f->err), "enough");
}

static void record_directory(struct fixture *f, uint8_t id[SL_SHA256_SIZE], bool *moved)
{
	struct sl_image *image = tree("rootfs:/d", -1, fcntl(f->dir_fd, F_DUPFD_CLOEXEC, 0));
	struct sl_index_result r;

	assert_int_equal(sl_baselines_record(f->b, image, NULL, NULL, &r, &f->err), 0);
	memcpy(id, image->config_digest, SL_SHA256_SIZE);
	*moved = r.has_previous;
	sl_image_free(image);
}

static void a_directory_is_known_by_what_it_holds(void **state)
{
	uint8_t one[SL_SHA256_SIZE], same[SL_SHA256_SIZE], other[SL_SHA256_SIZE];
	struct fixture *f = *state;
	bool moved;

	fill(f);
	record_directory(f, one, &moved);
	assert_false(moved);
	record_directory(f, same, &moved);
	assert_false(moved);
	assert_memory_equal(one, same, sizeof(one));
	assert_int_equal(fchmodat(f->dir_fd, "fifo", 0644, 0), 0);
	record_directory(f, other, &moved);
	assert_true(moved);
	assert_memory_not_equal(one, other, sizeof(one));
	assert_int_equal(sl_baselines_named(f->b, "rootfs:/d", same, NULL), 0);
	assert_memory_equal(same, other, sizeof(one));
	assert_int_equal(sl_baselines_remove(f->b, other, NULL, NULL), 0);
	assert_int_equal(sl_baselines_named(f->b, "rootfs:/d", same, NULL), 1);
}

/* ---- small things ---- */

static void a_comparison_is_as_good_as_its_worse_side(void **state)
{
	static const struct {
		enum sl_trust before, after, want;
	} rows[] = {
		{SL_TRUST_PROVEN, SL_TRUST_PROVEN, SL_TRUST_PROVEN},
		{SL_TRUST_PROVEN, SL_TRUST_SIGNED, SL_TRUST_SIGNED},
		{SL_TRUST_RECORDED, SL_TRUST_PROVEN, SL_TRUST_RECORDED},
		{SL_TRUST_SIGNED, SL_TRUST_RECORDED, SL_TRUST_RECORDED},
		{SL_TRUST_ON_DISK, SL_TRUST_RECORDED, SL_TRUST_ON_DISK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_subject_image after = {.trust = rows[i].after};
		struct sl_subject s = {.image.trust = rows[i].before, .after = &after};

		assert_int_equal(sl_subject_trust(&s), rows[i].want);
		s.after = NULL;
		assert_int_equal(sl_subject_trust(&s), rows[i].before);
	}
}

static void what_was_peeked_at_comes_again(void **state)
{
	static const struct {
		const char *text;
		size_t want, least;
	} rows[] = {{"", 4, 0}, {"ab", 4, 2}, {"abcdefgh", 4, 4}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct istream *in = NULL;
		const uint8_t *bytes;
		char all[16] = "";
		size_t len;
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], rows[i].text, strlen(rows[i].text)),
				 (ssize_t)strlen(rows[i].text));
		close(ends[1]);
		assert_int_equal(istream_from_fd(&in, ends[0], NULL), 0);
		assert_int_equal(istream_fd_peek(in, rows[i].want, &bytes, &len, NULL), 0);
		assert_true(len >= rows[i].least);
		assert_memory_equal(bytes, rows[i].text, len);
		assert_int_equal(istream_read(in, all, sizeof(all) - 1, &len, NULL),
				 rows[i].text[0] == '\0' ? 1 : 0);
		assert_string_equal(all, rows[i].text);
		istream_close(in);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_tar_is_known_by_its_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_tree_is_recorded_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_told_gives_way_to_what_is_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_recorded_configuration_is_no_images, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_image_with_a_diff_id_is_not_recorded, setup,
						teardown),
		cmocka_unit_test_setup_teardown(two_images_are_viewed_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_directory_is_read_in_order_with_digests, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_receiver_that_has_enough_ends_the_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_directory_is_known_by_what_it_holds, setup,
						teardown),
		cmocka_unit_test(a_comparison_is_as_good_as_its_worse_side),
		cmocka_unit_test(what_was_peeked_at_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
