/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/inflate.h"
#include "core/zstream.h"

/* An inner stream that lends @step bytes at a time, so that every boundary is crossed. */
struct drip {
	struct istream stream;
	const uint8_t *bytes;
	size_t len, step;
};

static int drip_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct drip *d = container_of(s, struct drip, stream);

	(void)err;
	if (d->len == 0)
		return 1;
	*len = d->len < d->step ? d->len : d->step;
	*bytes = d->bytes;
	d->bytes += *len;
	d->len -= *len;
	return 0;
}

static void drip_close(struct istream *s)
{
	free(container_of(s, struct drip, stream));
}

static const struct istream_ops drip_ops = {.next = drip_next, .close = drip_close};

static struct istream *drip(const struct buf *b, size_t step)
{
	struct drip *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->stream.ops = &drip_ops;
	d->bytes = (const uint8_t *)b->data;
	d->len = b->len;
	d->step = step;
	return &d->stream;
}

/* Append a gzip member holding @len bytes. */
static void add_member(struct buf *out, const void *bytes, size_t len)
{
	z_stream z = {0};
	uint8_t chunk[4096];
	int rc;

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	do {
		z.next_out = chunk;
		z.avail_out = sizeof(chunk);
		rc = deflate(&z, Z_FINISH);
		assert_int_equal(buf_append(out, chunk, sizeof(chunk) - z.avail_out), 0);
	} while (rc == Z_OK);
	assert_int_equal(rc, Z_STREAM_END);
	(void)deflateEnd(&z);
}

static const struct inflate_ops *const implementations[] = {
	&inflate_zlib,
#ifdef STRANDLINE_HAVE_ISAL
	&inflate_isal,
#endif
};

static int inflate_all(const struct buf *in, size_t step, const struct inflate_ops *ops,
		       struct buf *out, struct sl_error *err)
{
	struct istream *s = NULL;
	const uint8_t *bytes;
	size_t len;
	int rc;

	assert_int_equal(istream_gzip_with(&s, drip(in, step), ops, err), 0);
	while ((rc = istream_next(s, &bytes, &len, err)) == 0)
		assert_int_equal(buf_append(out, bytes, len), 0);
	istream_close(s);
	return rc;
}

/* Inflate with each implementation, in steps of 1 and of everything; all must agree on @want. */
static void check(const struct buf *in, int want, const struct buf *plain, const char *says)
{
	const size_t steps[] = {1, 7, SIZE_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(implementations); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(steps); k++) {
			CLEANUP(buf_clear) struct buf out = BUF_INIT(1u << 30);
			CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

			assert_int_equal(inflate_all(in, steps[k], implementations[i], &out, &err),
					 want);
			if (plain != NULL) {
				assert_int_equal(out.len, plain->len);
				assert_memory_equal(out.data, plain->data, plain->len);
			}
			if (says != NULL)
				assert_non_null(strstr(sl_error_text(&err), says));
		}
	}
}

static void fill(struct buf *b, size_t len)
{
	uint32_t x = 1;

	while (b->len < len) {
		x = x * 1664525 + 1013904223;
		assert_int_equal(buf_append_char(b, (char)(x >> ((x >> 20 & 7) + 16))), 0);
	}
}

static void members_are_one_stream(void **state)
{
	CLEANUP(buf_clear) struct buf plain = BUF_INIT(1 << 20), in = BUF_INIT(1 << 20);

	(void)state;
	fill(&plain, 70000);
	add_member(&in, plain.data, 30000);
	add_member(&in, "", 0);
	add_member(&in, plain.data + 30000, 1);
	add_member(&in, plain.data + 30001, 39999);
	check(&in, 1, &plain, NULL);
}

static void an_empty_member_is_an_empty_stream(void **state)
{
	CLEANUP(buf_clear) struct buf plain = BUF_INIT(1), in = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(buf_append(&plain, "", 0), 0);
	add_member(&in, "", 0);
	check(&in, 1, &plain, NULL);
}

static void every_truncation_is_told(void **state)
{
	CLEANUP(buf_clear) struct buf in = BUF_INIT(1 << 20);
	size_t whole, first;

	(void)state;
	add_member(&in, "first member", 12);
	first = in.len;
	add_member(&in, "second", 6);
	whole = in.len;
	for (in.len = 0; in.len < whole; in.len++)
		check(&in, in.len == first ? 1 : -SL_EFORMAT, NULL, NULL);
	in.len = whole - 1;
	check(&in, -SL_EFORMAT, NULL, "cut off");
}

static void trailing_bytes_are_refused(void **state)
{
	CLEANUP(buf_clear) struct buf in = BUF_INIT(1 << 20);
	size_t whole;

	(void)state;
	add_member(&in, "data", 4);
	whole = in.len;
	assert_int_equal(buf_append(&in, "garbage", 7), 0);
	check(&in, -SL_EFORMAT, NULL, "behind the last member");
	in.len = whole;
	assert_int_equal(buf_append(&in, "\0\0\0\0", 4), 0);
	check(&in, -SL_EFORMAT, NULL, "behind the last member");
	in.len = whole;
	assert_int_equal(buf_append(&in, "\x1f\x8b\x08junkjunkjunk", 15), 0);
	check(&in, -SL_EFORMAT, NULL, NULL);
}

static void crc_and_length_are_checked(void **state)
{
	CLEANUP(buf_clear) struct buf in = BUF_INIT(1 << 20);

	(void)state;
	add_member(&in, "some content", 12);
	for (size_t back = 1; back <= 8; back++) {
		in.data[in.len - back] ^= 0x40;
		check(&in, -SL_EFORMAT, NULL, NULL);
		in.data[in.len - back] ^= 0x40;
	}
	check(&in, 1, NULL, NULL);
}

static void header_fields_are_skipped(void **state)
{
	/* FEXTRA, FNAME and FCOMMENT set, as estargz and pigz write them */
	static const char head[] = "\x1f\x8b\x08\x1c\0\0\0\0\0\xff\x04\0SGxxname\0comment";
	CLEANUP(buf_clear) struct buf member = BUF_INIT(1 << 20), in = BUF_INIT(1 << 20);
	CLEANUP(buf_clear) struct buf plain = BUF_INIT(64);

	(void)state;
	assert_int_equal(buf_append_str(&plain, "payload"), 0);
	add_member(&member, plain.data, plain.len);
	assert_int_equal(buf_append(&in, head, sizeof(head)), 0);
	assert_int_equal(buf_append(&in, member.data + 10, member.len - 10), 0);
	check(&in, 1, &plain, NULL);
}

static void reading_in_place_equals_lending(void **state)
{
	CLEANUP(buf_clear) struct buf plain = BUF_INIT(1 << 20), in = BUF_INIT(1 << 20);
	struct istream *s = NULL;
	uint8_t out[1000];
	const uint8_t *bytes;
	size_t len, at = 0;

	(void)state;
	fill(&plain, 600000);
	add_member(&in, plain.data, plain.len);
	assert_int_equal(istream_gzip(&s, drip(&in, 100), NULL), 0);
	/* mix both ways: nothing may be lost between them */
	for (int turn = 0;; turn++) {
		int rc = turn % 3 == 0 ? istream_next(s, &bytes, &len, NULL)
				       : istream_read(s, out, sizeof(out), &len, NULL);

		if (rc == 1)
			break;
		assert_int_equal(rc, 0);
		assert_memory_equal(turn % 3 == 0 ? bytes : out, plain.data + at, len);
		at += len;
	}
	assert_int_equal(at, plain.len);
	istream_close(s);
}

static void the_first_error_sticks(void **state)
{
	CLEANUP(buf_clear) struct buf in = BUF_INIT(64);
	struct istream *s = NULL;
	const uint8_t *bytes;
	size_t len;

	(void)state;
	assert_int_equal(buf_append_str(&in, "plain text"), 0);
	assert_int_equal(istream_gzip(&s, drip(&in, 3), NULL), 0);
	assert_int_equal(istream_next(s, &bytes, &len, NULL), -SL_EFORMAT);
	assert_int_equal(istream_next(s, &bytes, &len, NULL), -SL_EFORMAT);
	istream_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_one_stream),
		cmocka_unit_test(an_empty_member_is_an_empty_stream),
		cmocka_unit_test(every_truncation_is_told),
		cmocka_unit_test(trailing_bytes_are_refused),
		cmocka_unit_test(crc_and_length_are_checked),
		cmocka_unit_test(header_fields_are_skipped),
		cmocka_unit_test(reading_in_place_equals_lending),
		cmocka_unit_test(the_first_error_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
