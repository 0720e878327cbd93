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
#include <zlib.h>
#include <zstd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "snapshot/layerread.h"
#include "unit/tarmake.h"

static int blob_fd(const struct buf *b)
{
	int fd = memfd_create("blob", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->len), (ssize_t)b->len);
	return fd;
}

static void gzip(struct buf *out, const struct buf *in)
{
	z_stream z = {0};

	buf_reset(out);
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(buf_reserve(out, deflateBound(&z, in->len)), 0);
	z.next_in = (Bytef *)in->data;
	z.avail_in = (uInt)in->len;
	z.next_out = (Bytef *)out->data;
	z.avail_out = (uInt)out->cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len = out->cap - z.avail_out;
	(void)deflateEnd(&z);
}

/* A tar of a few megabytes, so that every buffer of the ring is used more than once. */
static void make_tar(struct buf *tar)
{
	CLEANUP(buf_clear) struct buf big = BUF_INIT(1u << 30);
	struct tar_row r = {.name = "big", .mode = 0644, .size = 24u << 20};
	uint32_t x = 7;

	tar_file(tar, "etc/hosts", "127.0.0.1 localhost\n");
	assert_int_equal(buf_reserve(&big, r.size), 0);
	for (big.len = 0; big.len < r.size; big.len++) {
		x = x * 1664525 + 1013904223;
		big.data[big.len] = (char)(x >> 28);
	}
	tar_header(tar, &r);
	tar_body(tar, big.data, big.len);
	tar_plain(tar, "etc/link", '1', "etc/hosts");
	tar_end(tar);
	tar_must(buf_append(tar, "behind the end", 14));
}

static struct sl_layer layer_of(const struct buf *tar, const struct buf *blob)
{
	struct sl_layer l = SL_LAYER_INIT;

	l.has_diff_id = l.has_blob_digest = true;
	l.blob_size = blob->len;
	assert_int_equal(sha256_once(tar->data, tar->len, l.diff_id, NULL), 0);
	assert_int_equal(sha256_once(blob->data, blob->len, l.blob_digest, NULL), 0);
	l.blob_fd = blob_fd(blob);
	return l;
}

static int count(void *payload, const struct layer_item *item, struct sl_error *err)
{
	(void)item;
	(void)err;
	++*(size_t *)payload;
	return 0;
}

/* Read the layer, close its blob, and compare code and message. */
static void check(struct sl_layer *l, const struct layer_limits *limits, int want, const char *says)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct layer_result result;
	size_t items = 0;
	int rc = layer_read(l, limits, count, &items, NULL, &result, &err);

	if (rc != want)
		print_message("%s\n", sl_error_text(&err));
	assert_int_equal(rc, want);
	if (says != NULL && strstr(sl_error_text(&err), says) == NULL)
		fail_msg("'%s' does not say '%s'", sl_error_text(&err), says);
	if (rc == 0) {
		assert_int_equal(result.entries, 3);
		assert_int_equal(items, 3);
		assert_memory_equal(result.diff_id, l->diff_id, SL_SHA256_SIZE);
	}
	close(take_fd(&l->blob_fd));
}

struct fixture {
	struct buf tar, gz, zst;
};

static int setup(void **state)
{
	static struct fixture f; /* the group's, made once */

	f.tar = f.gz = f.zst = BUF_INIT(1u << 30);
	make_tar(&f.tar);
	gzip(&f.gz, &f.tar);
	assert_int_equal(buf_reserve(&f.zst, ZSTD_compressBound(f.tar.len)), 0);
	f.zst.len = ZSTD_compress(f.zst.data, f.zst.cap, f.tar.data, f.tar.len, 1);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	buf_clear(&f->tar);
	buf_clear(&f->gz);
	buf_clear(&f->zst);
	return 0;
}

static void plain_gzip_and_zstd_layers_are_proven(void **state)
{
	struct fixture *f = *state;
	const struct buf *blobs[] = {&f->tar, &f->gz, &f->zst};

	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		struct sl_layer l = layer_of(&f->tar, blobs[i]);

		check(&l, NULL, 0, NULL);
	}
}

/* The blob is somewhere in a file of other things. */
static void a_layer_in_an_archive_is_proven(void **state)
{
	struct fixture *f = *state;
	const struct buf *blobs[] = {&f->gz, &f->tar};

	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		CLEANUP(buf_clear) struct buf archive = BUF_INIT(1u << 30);
		struct sl_layer l = layer_of(&f->tar, blobs[i]);

		close(l.blob_fd);
		tar_must(buf_append(&archive, "\x1f\x8b in front", 11));
		tar_must(buf_append(&archive, blobs[i]->data, blobs[i]->len));
		tar_must(buf_append(&archive, "behind", 6));
		l.blob_fd = blob_fd(&archive);
		l.blob_in_archive = true;
		l.blob_offset = 11;
		check(&l, NULL, 0, NULL);
		if (i > 0)
			continue;
		l.blob_fd = blob_fd(&archive);
		l.blob_offset = 12;
		check(&l, NULL, -SL_EUNTRUSTED, "blob sha256:");
		l.blob_fd = blob_fd(&archive);
		l.blob_offset = 11 + 7;
		check(&l, NULL, -SL_EFORMAT, "beyond its archive's end");
	}
}

static void a_wrong_diff_id_is_named(void **state)
{
	struct fixture *f = *state;
	const struct buf *blobs[] = {&f->tar, &f->gz};

	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		struct sl_layer l = layer_of(&f->tar, blobs[i]);

		l.diff_id[3] ^= 1;
		check(&l, NULL, -SL_EUNTRUSTED, ": diff_id sha256:");
	}
}

static void a_wrong_blob_digest_is_named(void **state)
{
	struct fixture *f = *state;
	const struct buf *blobs[] = {&f->tar, &f->gz, &f->zst};

	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		struct sl_layer l = layer_of(&f->tar, blobs[i]);

		l.blob_digest[31] ^= 1;
		check(&l, NULL, -SL_EUNTRUSTED, ": blob sha256:");
	}
}

static void a_wrong_size_is_named(void **state)
{
	struct fixture *f = *state;
	struct sl_layer l = layer_of(&f->tar, &f->gz);

	l.blob_size++;
	check(&l, NULL, -SL_EUNTRUSTED, "its descriptor says");
}

static void claims_that_are_not_made_are_not_compared(void **state)
{
	struct fixture *f = *state;
	struct sl_layer l = layer_of(&f->tar, &f->gz);

	l.has_blob_digest = false;
	l.blob_size = 0;
	check(&l, NULL, 0, NULL);
	l = layer_of(&f->tar, &f->gz);
	memset(l.blob_digest, 0, sizeof(l.blob_digest));
	check(&l, NULL, -SL_EUNTRUSTED, "blob sha256:0000");
}

/* A flipped byte breaks the stream: without a digest malformed, with one contradicted. */
static void damage_is_a_contradiction_where_a_digest_knows_better(void **state)
{
	struct fixture *f = *state;
	char damaged[DIGEST_TEXT_SIZE];
	struct sl_layer l;

	f->gz.data[2] ^= 0x10; /* the method: nothing behind it is inflated */
	l = layer_of(&f->tar, &f->gz);
	l.has_blob_digest = false;
	check(&l, NULL, -SL_EFORMAT, "gzip");
	l = layer_of(&f->tar, &f->gz);
	digest_format(damaged, l.blob_digest); /* of all of it, also behind the damage */
	l.blob_digest[0] ^= 1;
	check(&l, NULL, -SL_EUNTRUSTED, damaged);
	f->gz.data[2] ^= 0x10;
}

static void a_malformed_tar_of_the_right_digest_is_malformed(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	struct sl_layer l;

	(void)state;
	tar_file(&tar, "a", "hello");
	tar.data[1] = 'x';
	l = layer_of(&tar, &tar);
	check(&l, NULL, -SL_EFORMAT, "checksum");
	l = layer_of(&tar, &tar);
	l.has_blob_digest = false;
	l.diff_id[0] ^= 1;
	check(&l, NULL, -SL_EUNTRUSTED, "diff_id");
}

static void other_compression_is_named(void **state)
{
	CLEANUP(buf_clear) struct buf xz = BUF_INIT(64);
	struct sl_layer l;

	(void)state;
	tar_must(buf_append(&xz,
			    "\xfd"
			    "7zXZ\0rest",
			    10));
	l = layer_of(&xz, &xz);
	check(&l, NULL, -SL_EUNSUPPORTED, "xz");
	buf_reset(&xz);
	tar_must(buf_append(&xz, "BZh91AY", 7));
	l = layer_of(&xz, &xz);
	check(&l, NULL, -SL_EUNSUPPORTED, "bzip2");
}

static void limits_end_the_read(void **state)
{
	struct fixture *f = *state;
	struct layer_limits limits = LAYER_LIMITS_DEFAULT;
	struct sl_layer l = layer_of(&f->tar, &f->gz);

	limits.max_bytes = 10u << 20;
	check(&l, &limits, -SL_ELIMIT, "more than 10485760 bytes");
	limits = LAYER_LIMITS_DEFAULT;
	limits.max_entries = 2;
	l = layer_of(&f->tar, &f->gz);
	check(&l, &limits, -SL_ELIMIT, "entries");
}

static void a_bomb_is_stopped_by_its_ratio(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20), gz = BUF_INIT(64u << 20);
	struct tar_row r = {.name = "zeros", .mode = 0644, .size = 3ul << 30};
	struct layer_limits limits = LAYER_LIMITS_DEFAULT;
	static uint8_t zeros[1 << 20], out[1 << 16];
	z_stream z = {0};
	struct sl_layer l = SL_LAYER_INIT;

	(void)state;
	tar_header(&tar, &r);
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_RLE), Z_OK);
	for (int i = -1; i < 1100; i++) {
		z.next_in = i < 0 ? (Bytef *)tar.data : zeros;
		z.avail_in = i < 0 ? 512 : sizeof(zeros);
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			assert_int_equal(deflate(&z, i == 1099 ? Z_FINISH : Z_NO_FLUSH) >= 0, 1);
			tar_must(buf_append(&gz, out, sizeof(out) - z.avail_out));
		} while (z.avail_out == 0);
	}
	(void)deflateEnd(&z);
	l.blob_fd = blob_fd(&gz);
	limits.max_ratio = 100;
	check(&l, &limits, -SL_ELIMIT, "times its size");
}

static void a_layer_with_nothing_is_not_found(void **state)
{
	struct sl_layer l = SL_LAYER_INIT;

	(void)state;
	assert_int_equal(layer_read(&l, NULL, count, NULL, NULL, &(struct layer_result){0}, NULL),
			 -SL_ENOTFOUND);
}

static int refuse(void *payload, const struct layer_item *item, struct sl_error *err)
{
	(void)item;
	return --*(int *)payload < 0 ? sl_fail(err, SL_ECANCELLED, 0, "enough") : 0;
}

static void the_callback_can_stop_it_and_its_error_stays(void **state)
{
	struct fixture *f = *state;

	for (int after = 0; after < 3; after++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		struct sl_layer l = layer_of(&f->tar, &f->gz);
		int left = after;

		assert_int_equal(
			layer_read(&l, NULL, refuse, &left, NULL, &(struct layer_result){0}, &err),
			-SL_ECANCELLED);
		assert_string_equal(sl_error_text(&err), "enough");
		close(l.blob_fd);
	}
}

struct told {
	uint64_t last, total;
	unsigned int calls;
};

static void tell(void *payload, uint64_t done, uint64_t total, const char *what)
{
	struct told *t = payload;

	assert_true(done >= t->last);
	assert_non_null(strstr(what, "sha256:"));
	*t = (struct told){done, total, t->calls + 1};
}

static void progress_ends_at_its_total(void **state)
{
	struct fixture *f = *state;
	struct sl_layer l = layer_of(&f->tar, &f->tar);
	struct told told = {0};
	struct sl_progress progress = {tell, &told};
	size_t items = 0;

	assert_int_equal(
		layer_read(&l, NULL, count, &items, &progress, &(struct layer_result){0}, NULL), 0);
	assert_true(told.calls > 2);
	assert_int_equal(told.last, f->tar.len);
	assert_int_equal(told.total, f->tar.len);
	close(l.blob_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_gzip_and_zstd_layers_are_proven),
		cmocka_unit_test(a_layer_in_an_archive_is_proven),
		cmocka_unit_test(a_wrong_diff_id_is_named),
		cmocka_unit_test(a_wrong_blob_digest_is_named),
		cmocka_unit_test(a_wrong_size_is_named),
		cmocka_unit_test(claims_that_are_not_made_are_not_compared),
		cmocka_unit_test(damage_is_a_contradiction_where_a_digest_knows_better),
		cmocka_unit_test(a_malformed_tar_of_the_right_digest_is_malformed),
		cmocka_unit_test(other_compression_is_named),
		cmocka_unit_test(limits_end_the_read),
		cmocka_unit_test(a_bomb_is_stopped_by_its_ratio),
		cmocka_unit_test(a_layer_with_nothing_is_not_found),
		cmocka_unit_test(the_callback_can_stop_it_and_its_error_stays),
		cmocka_unit_test(progress_ends_at_its_total),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
