/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bzlib.h>
#include <cmocka.h>
#include <lzma.h>
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
static void make_tar(struct buf *tar, size_t size)
{
	CLEANUP(buf_clear) struct buf big = BUF_INIT(1u << 30);
	struct tar_row r = {.name = "big", .mode = 0644, .size = size};
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
static void check(struct sl_layer *l, const struct sl_limits *limits, int want, const char *says)
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
	make_tar(&f.tar, 24u << 20);
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

/* Append @part of the tar in a compressed stream of its own. */
typedef void (*pack_fn)(struct buf *out, const struct buf *part);

static void pack_gzip(struct buf *out, const struct buf *part)
{
	CLEANUP(buf_clear) struct buf member = BUF_INIT(1u << 30);

	gzip(&member, part);
	tar_must(buf_append(out, member.data, member.len));
}

static void pack_zstd(struct buf *out, const struct buf *part)
{
	/* a skippable frame of each kind in front of every frame */
	tar_must(buf_append(out, "\x50\x2a\x4d\x18\x03\0\0\0abc", 11));
	tar_must(buf_append(out, "\x5f\x2a\x4d\x18\0\0\0\0", 8));
	assert_int_equal(buf_reserve(out, ZSTD_compressBound(part->len)), 0);
	out->len +=
		ZSTD_compress(out->data + out->len, out->cap - out->len, part->data, part->len, 1);
}

static void pack_xz(struct buf *out, const struct buf *part)
{
	size_t bound = lzma_stream_buffer_bound(part->len), at = 0;

	assert_int_equal(buf_reserve(out, bound + 4), 0);
	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL,
						 (const uint8_t *)part->data, part->len,
						 (uint8_t *)out->data + out->len, &at, bound),
			 LZMA_OK);
	out->len += at;
	tar_must(buf_append(out, "\0\0\0\0", 4)); /* stream padding */
}

static void pack_bzip2(struct buf *out, const struct buf *part)
{
	unsigned int room = (unsigned int)(part->len + part->len / 100 + 600);

	assert_int_equal(buf_reserve(out, room), 0);
	assert_int_equal(BZ2_bzBuffToBuffCompress(out->data + out->len, &room, part->data,
						  (unsigned int)part->len, 1, 0, 0),
			 BZ_OK);
	out->len += room;
}

static void many_streams_of_each_compression_are_one_layer(void **state)
{
	const pack_fn packs[] = {pack_gzip, pack_zstd, pack_xz, pack_bzip2};
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 24);
	size_t cuts[] = {0, 700, 700, 1u << 20, 0};

	(void)state;
	make_tar(&tar, 2u << 20);
	cuts[ARRAY_SIZE(cuts) - 1] = tar.len;
	for (size_t i = 0; i < ARRAY_SIZE(packs); i++) {
		CLEANUP(buf_clear) struct buf blob = BUF_INIT(1u << 30);
		struct sl_layer l;

		for (size_t k = 1; k < ARRAY_SIZE(cuts); k++) {
			const struct buf part = {.data = tar.data + cuts[k - 1],
						 .len = cuts[k] - cuts[k - 1]};

			packs[i](&blob, &part);
		}
		l = layer_of(&tar, &blob);
		check(&l, NULL, 0, NULL);
		tar_must(buf_append(&blob, "\0junk", 5)); /* behind it nothing may hide */
		l = layer_of(&tar, &blob);
		check(&l, NULL, -SL_EFORMAT, NULL);
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

/* The frame header of a single piece: its window is the content, as long as it claims to be. */
static void a_window_past_the_limit_is_named(void **state)
{
	CLEANUP(buf_clear) struct buf zst = BUF_INIT(64), tar = BUF_INIT(64);
	struct sl_limits limits = SL_LIMITS_DEFAULT;
	struct sl_layer l;

	(void)state;
	/* window descriptor 0x90: exponent 18, 2^28 bytes; then an empty last block */
	tar_must(buf_append(&zst, "\x28\xb5\x2f\xfd\0\x90\x01\0\0", 9));
	l = layer_of(&tar, &zst);
	check(&l, NULL, -SL_ELIMIT, "more than 134217728 bytes in a window or dictionary");
	limits.window = 1u << 28;
	l = layer_of(&tar, &zst);
	l.has_diff_id = false;
	assert_int_equal(
		layer_read(&l, &limits, count, NULL, NULL, &(struct layer_result){0}, NULL), 0);
	close(l.blob_fd);
}

/* An encoder's dictionary takes no memory before it is used; 256 MiB of it is only a claim here. */
static void an_xz_dictionary_past_the_limit_is_named(void **state)
{
	CLEANUP(buf_clear) struct buf xz = BUF_INIT(1 << 20), tar = BUF_INIT(1 << 20);
	struct sl_limits limits = SL_LIMITS_DEFAULT;
	lzma_options_lzma options;
	lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
	struct sl_layer l;

	(void)state;
	tar_end(&tar);
	assert_false(lzma_lzma_preset(&options, 0));
	options.dict_size = 1u << 28;
	assert_int_equal(buf_reserve(&xz, 4096), 0);
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL,
						   (const uint8_t *)tar.data, tar.len,
						   (uint8_t *)xz.data, &xz.len, 4096),
			 LZMA_OK);
	l = layer_of(&tar, &xz);
	check(&l, NULL, -SL_ELIMIT, "--limit window=N");
	limits.window = 1u << 28;
	l = layer_of(&tar, &xz);
	assert_int_equal(
		layer_read(&l, &limits, count, NULL, NULL, &(struct layer_result){0}, NULL), 0);
	close(l.blob_fd);
}

static void a_zstd_dictionary_is_refused_by_name(void **state)
{
	CLEANUP(buf_clear) struct buf zst = BUF_INIT(64), tar = BUF_INIT(64);
	struct sl_layer l;

	(void)state;
	/* single segment, dictionary 7, no content, an empty last block */
	tar_must(buf_append(&zst, "\x28\xb5\x2f\xfd\x21\x07\x00\x01\0\0", 10));
	l = layer_of(&tar, &zst);
	check(&l, NULL, -SL_EUNSUPPORTED, "dictionary");
}

static void limits_end_the_read(void **state)
{
	struct fixture *f = *state;
	struct sl_limits limits = SL_LIMITS_DEFAULT;
	struct sl_layer l = layer_of(&f->tar, &f->gz);

	limits.bytes = 10u << 20;
	check(&l, &limits, -SL_ELIMIT,
	      "more than 10485760 bytes in a layer or archive: a limit, which --limit bytes=N "
	      "raises");
	limits = SL_LIMITS_DEFAULT;
	limits.entries = 2;
	l = layer_of(&f->tar, &f->gz);
	check(&l, &limits, -SL_ELIMIT, "entries");
}

static void a_bomb_is_stopped_by_its_ratio(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1u << 20), gz = BUF_INIT(64u << 20);
	struct tar_row r = {.name = "zeros", .mode = 0644, .size = 3ul << 30};
	struct sl_limits limits = SL_LIMITS_DEFAULT;
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
	limits.ratio = 100;
	check(&l, &limits, -SL_ELIMIT,
	      "more than 100 bytes out of each byte stored: a limit, which --limit ratio=N");
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
		cmocka_unit_test(many_streams_of_each_compression_are_one_layer),
		cmocka_unit_test(a_window_past_the_limit_is_named),
		cmocka_unit_test(an_xz_dictionary_past_the_limit_is_named),
		cmocka_unit_test(a_zstd_dictionary_is_refused_by_name),
		cmocka_unit_test(limits_end_the_read),
		cmocka_unit_test(a_bomb_is_stopped_by_its_ratio),
		cmocka_unit_test(a_layer_with_nothing_is_not_found),
		cmocka_unit_test(the_callback_can_stop_it_and_its_error_stays),
		cmocka_unit_test(progress_ends_at_its_total),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
