/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "snapshot/archivefile.h"
#include "snapshot/tarball.h"
#include "snapshot/tarscan.h"
#include "unit/tarmake.h"

static int file_of(const struct buf *tar)
{
	int fd = memfd_create("tar", MFD_CLOEXEC);

	assert_true(fd >= 0);
	if (tar->len > 0)
		assert_int_equal(write(fd, tar->data, tar->len), (ssize_t)tar->len);
	return fd;
}

static struct tarball *open_tar(const struct buf *tar)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct tarball *t = NULL;

	if (tarball_open(&t, file_of(tar), &err) != 0)
		fail_msg("%s", sl_error_text(&err));
	return t;
}

/* The archive as a whole is refused. */
static void refused(const struct buf *tar, int want, const char *says)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct tarball *t = NULL;

	assert_int_equal(tarball_open(&t, file_of(tar), &err), want);
	if (strstr(sl_error_text(&err), says) == NULL)
		fail_msg("'%s' does not say '%s'", sl_error_text(&err), says);
}

/* The member @name has the text @want, or gives the code @rc and says so. */
static void has_text(const struct tarball *t, const char *name, const char *want)
{
	struct tarball_range range;
	char text[64] = "";

	assert_int_equal(tarball_find(t, name, &range, NULL), 0);
	assert_int_equal(range.size, strlen(want));
	assert_int_equal(pread(tarball_fd(t), text, sizeof(text) - 1, (off_t)range.offset) >=
				 (ssize_t)range.size,
			 1);
	assert_memory_equal(text, want, range.size);
}

static void gives(const struct tarball *t, const char *name, int rc, const char *says)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct tarball_range range;

	assert_int_equal(tarball_find(t, name, &range, &err), rc);
	if (strstr(sl_error_text(&err), says) == NULL)
		fail_msg("'%s' does not say '%s'", sl_error_text(&err), says);
}

static void members_are_found_whatever_their_names_look_like(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20), name = BUF_INIT(4096);
	struct tarball *t;

	(void)state;
	for (int i = 0; i < 30; i++)
		tar_must(buf_append_str(&name, "long/name/"));
	tar_must(buf_append_str(&name, "end"));
	tar_file(&tar, "./index.json", "one");
	tar_file(&tar, "/blobs//sha256/./a", "two");
	tar_file(&tar, "blobs/x/../sha256/b", "three");
	tar_plain(&tar, "blobs/", '5', NULL);
	tar_special(&tar, 'L', name.data, name.len);
	tar_file(&tar, "cut", "four");
	tar_pax(&tar, "path", "pax/name");
	tar_file(&tar, "cut", "five");
	tar_end(&tar);
	t = open_tar(&tar);
	has_text(t, "index.json", "one");
	has_text(t, "blobs/sha256/a", "two");
	has_text(t, "blobs/sha256/b", "three");
	has_text(t, "./blobs/../blobs/sha256/b", "three");
	has_text(t, name.data, "four");
	has_text(t, "pax/name", "five");
	gives(t, "cut", -SL_ENOTFOUND, "'cut' is not in the archive");
	gives(t, "blobs", -SL_ENOTFOUND, "'blobs'");
	gives(t, "../etc/passwd", -SL_EFORMAT, "leads out of the archive");
	gives(t, "", -SL_ENOTFOUND, "''");
	tarball_free(t);
}

static void links_are_followed_inside_only(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);
	struct tarball *t;

	(void)state;
	tar_file(&tar, "one/layer.tar", "layer");
	tar_plain(&tar, "two/layer.tar", '2', "../one/layer.tar");
	tar_plain(&tar, "three/layer.tar", '2', "../two/layer.tar");
	tar_plain(&tar, "hard", '1', "one/layer.tar");
	tar_plain(&tar, "four/hard", '1', "one/layer.tar");
	tar_plain(&tar, "absolute", '2', "/one/layer.tar");
	tar_plain(&tar, "folder", '2', "one");
	tar_plain(&tar, "out", '2', "../../etc/passwd");
	tar_plain(&tar, "dangling", '2', "nothing");
	tar_plain(&tar, "self", '2', "self");
	tar_plain(&tar, "deeper", '2', "deeper/deeper");
	tar_plain(&tar, "ping", '2', "pong");
	tar_plain(&tar, "pong", '1', "ping");
	tar_plain(&tar, "device", '3', NULL);
	tar_end(&tar);
	t = open_tar(&tar);
	has_text(t, "two/layer.tar", "layer");
	has_text(t, "three/layer.tar", "layer");
	has_text(t, "hard", "layer");
	has_text(t, "four/hard", "layer");
	has_text(t, "absolute", "layer");
	has_text(t, "folder/layer.tar", "layer");
	gives(t, "out", -SL_EFORMAT, "'out' leads out of the archive");
	gives(t, "dangling", -SL_ENOTFOUND, "'dangling' is not in the archive");
	gives(t, "self", -SL_EFORMAT, "more than 40 links");
	gives(t, "deeper", -SL_EFORMAT, "more than 40 links");
	gives(t, "ping", -SL_EFORMAT, "more than 40 links");
	gives(t, "device", -SL_EINVAL, "no regular file");
	gives(t, "one/layer.tar/more", -SL_EINVAL, "no regular file");
	tarball_free(t);
}

/* A path that doubles with every link. */
static void links_that_grow_are_bounded(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);
	struct tarball *t;

	(void)state;
	tar_plain(&tar, "a", '2',
		  "a/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	tar_end(&tar);
	t = open_tar(&tar);
	gives(t, "a", -SL_EFORMAT, "more than 40 links");
	tarball_free(t);
}

/* docker load takes the last of two, skopeo the first: what differs is no image. */
static void a_name_with_two_contents_is_refused(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);
	struct tarball *t;

	(void)state;
	tar_file(&tar, "index.json", "first");
	tar_file(&tar, "same", "same");
	tar_file(&tar, "./index.json", "other");
	tar_file(&tar, "same", "same");
	tar_file(&tar, "link", "text");
	tar_plain(&tar, "link", '2', "same");
	tar_plain(&tar, "twice", '2', "same");
	tar_plain(&tar, "twice", '2', "same");
	tar_end(&tar);
	t = open_tar(&tar);
	gives(t, "index.json", -SL_EAMBIGUOUS, "more than once, each time different");
	gives(t, "link", -SL_EAMBIGUOUS, "more than once");
	has_text(t, "same", "same");
	has_text(t, "twice", "same");
	tarball_free(t);
}

static void what_leads_out_is_no_archive(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);

	(void)state;
	tar_file(&tar, "ok", "ok");
	tar_file(&tar, "../../etc/cron.d/evil", "x");
	tar_end(&tar);
	refused(&tar, -SL_EFORMAT, "'../../etc/cron.d/evil': leads out of the archive");
}

static void sizes_beyond_the_file_are_cut_off(void **state)
{
	static const char *const sizes[] = {"9000000000000000000", "9223372036854775807", "4096"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);

		tar_pax(&tar, "size", sizes[i]);
		tar_file(&tar, "huge", "x");
		tar_end(&tar);
		refused(&tar, -SL_EFORMAT, "'huge': archive is cut off");
	}
}

static void an_archive_cut_anywhere_is_noticed_or_whole(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);
	size_t whole;

	(void)state;
	tar_file(&tar, "one", "one");
	tar_pax(&tar, "path", "two");
	tar_file(&tar, "x", "two");
	whole = tar.len;
	tar_end(&tar);
	for (size_t len = whole - 1; len > 0; len--) {
		struct buf cut = {.data = tar.data, .len = len};
		struct tarball *t = NULL;
		int rc = tarball_open(&t, file_of(&cut), NULL);

		/* between members, or in the padding of one, as umoci's archives end */
		if (rc == 0) {
			assert_true(len % 512 == 0 || len > whole - 512 + 2 ||
				    (len > 512 && len < 1024));
			tarball_free(t);
		} else {
			assert_int_equal(rc, -SL_EFORMAT);
		}
	}
}

static void a_lone_zero_block_is_no_end(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);
	static const char zeros[512];

	(void)state;
	tar_file(&tar, "one", "one");
	tar_must(buf_append(&tar, zeros, sizeof(zeros)));
	tar_file(&tar, "hidden", "two");
	tar_end(&tar);
	refused(&tar, -SL_EFORMAT, "data behind a zero block");
}

static void sparse_members_are_said_to_be(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);
	struct tarball *t;

	(void)state;
	tar_pax(&tar, "GNU.sparse.major", "1");
	tar_file(&tar, "holes", "x");
	tar_file(&tar, "index.json", "x");
	tar_end(&tar);
	t = open_tar(&tar);
	gives(t, "holes", -SL_EUNSUPPORTED, "stored as a sparse file");
	has_text(t, "index.json", "x");
	tarball_free(t);
}

static void names_are_bounded(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20), name = BUF_INIT(1u << 16);

	(void)state;
	while (name.len <= TARSCAN_MAX_NAME)
		tar_must(buf_append_str(&name, "name/"));
	tar_special(&tar, 'L', name.data, name.len);
	tar_file(&tar, "x", "x");
	tar_end(&tar);
	refused(&tar, -SL_ELIMIT, "larger than");
	buf_reset(&tar);
	tar_pax(&tar, "path", name.data);
	tar_file(&tar, "x", "x");
	tar_end(&tar);
	refused(&tar, -SL_ELIMIT, "longer than 4096 bytes");
}

static void the_form_is_seen_by_the_names(void **state)
{
	static const struct {
		const char *names[3];
		enum archivefile_form want;
	} rows[] = {
		{{"./oci-layout", "blobs/x", "./index.json"}, ARCHIVEFILE_OCI},
		{{"manifest.json", "index.json", "oci-layout"}, ARCHIVEFILE_OCI},
		{{"a/layer.tar", "manifest.json", "index.json"}, ARCHIVEFILE_DOCKER},
		{{"etc/manifest.json", "oci-layout", "x"}, ARCHIVEFILE_OTHER},
		{{"usr/bin/x", "etc/passwd", "index.json"}, ARCHIVEFILE_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20);
		AUTO_CLOSE int fd = -1;
		enum archivefile_form form;

		for (size_t k = 0; k < ARRAY_SIZE(rows[i].names); k++)
			tar_file(&tar, rows[i].names[k], "x");
		tar_end(&tar);
		fd = file_of(&tar);
		assert_int_equal(archivefile_sniff(fd, &form, NULL), 0);
		assert_int_equal(form, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_whatever_their_names_look_like),
		cmocka_unit_test(links_are_followed_inside_only),
		cmocka_unit_test(links_that_grow_are_bounded),
		cmocka_unit_test(a_name_with_two_contents_is_refused),
		cmocka_unit_test(what_leads_out_is_no_archive),
		cmocka_unit_test(sizes_beyond_the_file_are_cut_off),
		cmocka_unit_test(an_archive_cut_anywhere_is_noticed_or_whole),
		cmocka_unit_test(a_lone_zero_block_is_no_end),
		cmocka_unit_test(sparse_members_are_said_to_be),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(the_form_is_seen_by_the_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
