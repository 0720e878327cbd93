/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <xxhash.h>
#include <zstd.h>

#include "core/zstream.h"

#define FRAME 4096

struct frames {
	struct zframe rows[64];
	size_t count;
};

static int note_frame(void *payload, const struct zframe *frame)
{
	struct frames *f = payload;

	assert_true(f->count < 64);
	f->rows[f->count++] = *frame;
	return 0;
}

/* Text that compresses, but not to nothing; the same in every run. */
static void fill_text(uint8_t *out, size_t len)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245u + 12345u;
		out[i] = (uint8_t)("abcdefgh"[x >> 29]);
	}
}

static struct ostream *open_stream(struct buf *out, struct frames *frames, unsigned int threads)
{
	struct zstd_options options = {.level = 3,
				       .frame_bytes = FRAME,
				       .threads = threads,
				       .on_frame = note_frame,
				       .payload = frames};
	struct ostream *inner = NULL, *s = NULL;

	assert_int_equal(ostream_to_buf(&inner, out, NULL), 0);
	assert_int_equal(ostream_zstd(&s, inner, &options, NULL), 0);
	return s;
}

/* Write in uneven pieces with one sync point in the middle. */
static void write_all(struct ostream *s, const uint8_t *bytes, size_t len)
{
	size_t done = 0, piece = 1;

	while (done < len) {
		size_t n = piece < len - done ? piece : len - done;

		assert_int_equal(ostream_write(s, bytes + done, n, NULL), 0);
		done += n;
		piece = piece * 3 % 7919 + 1;
		if (done > len / 2 && done - n <= len / 2)
			assert_int_equal(ostream_sync_point(s, NULL), 0);
	}
	assert_int_equal(ostream_finish(s, NULL), 0);
}

static void every_thread_count_gives_the_same_bytes(void **state)
{
	static uint8_t text[100000];
	struct buf first = BUF_INIT(1 << 20);

	(void)state;
	fill_text(text, sizeof(text));
	for (unsigned int threads = 0; threads < 6; threads++) {
		struct buf out = BUF_INIT(1 << 20);
		struct frames frames = {.count = 0};
		struct ostream *s = open_stream(&out, &frames, threads);

		write_all(s, text, sizeof(text));
		ostream_close(s);
		if (threads == 0)
			assert_int_equal(buf_append(&first, out.data, out.len), 0);
		assert_int_equal(out.len, first.len);
		assert_memory_equal(out.data, first.data, first.len);
		buf_clear(&out);
	}
	buf_clear(&first);
}

/* Sizes, checksums and independence of every frame, taken from the bytes themselves. */
static void frames_are_independent_and_say_their_size_and_checksum(void **state)
{
	static uint8_t text[100000], plain[FRAME];
	struct buf out = BUF_INIT(1 << 20);
	struct frames frames = {.count = 0};
	struct ostream *s = open_stream(&out, &frames, 2);
	size_t at = 0, taken = 0;

	(void)state;
	fill_text(text, sizeof(text));
	write_all(s, text, sizeof(text));
	assert_int_equal(ostream_zstd_offset(s), out.len);
	ostream_close(s);
	for (size_t i = 0; i < frames.count; i++) {
		const char *frame = out.data + at;
		size_t len = ZSTD_findFrameCompressedSize(frame, out.len - at);

		assert_int_equal(len, frames.rows[i].compressed);
		assert_true(frames.rows[i].plain <= FRAME);
		assert_int_equal(ZSTD_getFrameContentSize(frame, len), frames.rows[i].plain);
		assert_true(((uint8_t)frame[4] & 4) != 0); /* checksum flag */
		assert_int_equal(ZSTD_decompress(plain, sizeof(plain), frame, len),
				 frames.rows[i].plain);
		assert_memory_equal(plain, text + taken, frames.rows[i].plain);
		assert_int_equal((uint32_t)XXH64(plain, frames.rows[i].plain, 0),
				 frames.rows[i].checksum);
		at += len;
		taken += frames.rows[i].plain;
	}
	assert_int_equal(at, out.len);
	assert_int_equal(taken, sizeof(text));
	assert_true(frames.count >= sizeof(text) / FRAME + 1); /* the sync point cut one */
	buf_clear(&out);
}

static void a_sync_point_makes_everything_readable(void **state)
{
	uint8_t plain[64];
	struct buf out = BUF_INIT(1 << 20);
	struct frames frames = {.count = 0};
	struct ostream *s = open_stream(&out, &frames, 3);

	(void)state;
	assert_int_equal(ostream_write(s, "first", 5, NULL), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(ostream_sync_point(s, NULL), 0);
	assert_int_equal(ZSTD_decompress(plain, sizeof(plain), out.data, out.len), 5);
	assert_memory_equal(plain, "first", 5);
	/* an empty frame is never written */
	assert_int_equal(ostream_sync_point(s, NULL), 0);
	assert_int_equal(frames.count, 1);
	ostream_close(s);
	buf_clear(&out);
}

static void raw_bytes_stand_between_frames(void **state)
{
	static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i'};
	uint8_t plain[64];
	struct buf out = BUF_INIT(1 << 20);
	struct frames frames = {.count = 0};
	struct ostream *s = open_stream(&out, &frames, 2);

	(void)state;
	assert_int_equal(ostream_write(s, "one", 3, NULL), 0);
	assert_int_equal(ostream_zstd_raw(s, skippable, sizeof(skippable), NULL), 0);
	assert_int_equal(ostream_write(s, "two", 3, NULL), 0);
	assert_int_equal(ostream_finish(s, NULL), 0);
	assert_int_equal(ostream_zstd_offset(s), out.len);
	assert_int_equal(frames.count, 2);
	assert_memory_equal(out.data + frames.rows[0].compressed, skippable, sizeof(skippable));
	assert_int_equal(ZSTD_decompress(plain, sizeof(plain), out.data, out.len), 6);
	assert_memory_equal(plain, "onetwo", 6);
	ostream_close(s);
	buf_clear(&out);
}

static void large_frames_keep_a_small_window(void **state)
{
	const size_t len = (size_t)9 << 20;
	struct zstd_options options = {.level = 1, .frame_bytes = (size_t)16 << 20};
	struct buf out = BUF_INIT((size_t)32 << 20);
	struct ostream *inner = NULL, *s = NULL;
	uint8_t *text = malloc(len);

	(void)state;
	assert_non_null(text);
	fill_text(text, len);
	assert_int_equal(ostream_to_buf(&inner, &out, NULL), 0);
	assert_int_equal(ostream_zstd(&s, inner, &options, NULL), 0);
	assert_int_equal(ostream_write(s, text, len, NULL), 0);
	assert_int_equal(ostream_finish(s, NULL), 0);
	/* no single segment, and a window descriptor of at most 2^23 (exponent 13) */
	assert_int_equal((uint8_t)out.data[4] & 0x20, 0);
	assert_true((uint8_t)out.data[5] >> 3 <= 13);
	ostream_close(s);
	free(text);
	buf_clear(&out);
}

static void the_first_failure_sticks(void **state)
{
	static uint8_t text[FRAME * 4];
	struct sl_error err = SL_ERROR_INIT;
	struct buf out = BUF_INIT(100);
	struct frames frames = {.count = 0};
	struct ostream *s = open_stream(&out, &frames, 0);

	(void)state;
	fill_text(text, sizeof(text));
	assert_int_equal(ostream_write(s, text, sizeof(text), &err), -SL_ELIMIT);
	assert_int_equal(ostream_write(s, "x", 1, &err), -SL_ELIMIT);
	assert_int_equal(ostream_sync_point(s, &err), -SL_ELIMIT);
	assert_int_equal(ostream_finish(s, &err), -SL_ELIMIT);
	sl_error_clear(&err);
	ostream_close(s);
	buf_clear(&out);
}

static void a_sync_point_is_filled_up(struct buf *out, struct frames *frames, unsigned int threads)
{
	struct zstd_options options = {.level = 3,
				       .frame_bytes = FRAME,
				       .threads = threads,
				       .align = 1000,
				       .on_frame = note_frame,
				       .payload = frames};
	struct ostream *inner = NULL, *s = NULL;
	uint8_t text[3 * FRAME];
	uint64_t total = 0;

	fill_text(text, sizeof(text));
	*frames = (struct frames){.count = 0};
	assert_int_equal(ostream_to_buf(&inner, out, NULL), 0);
	assert_int_equal(ostream_zstd(&s, inner, &options, NULL), 0);
	for (size_t len = 1; len < sizeof(text); len += 911) {
		assert_int_equal(ostream_write(s, text, len, NULL), 0);
		assert_int_equal(ostream_sync_begin(s, NULL), 0);
		assert_int_equal(ostream_sync_wait(s, NULL), 0);
		assert_int_equal(ostream_zstd_offset(s) % 1000, 0);
		/* exactly one, and nothing without new bytes */
		assert_int_equal(frames->rows[frames->count - 1].plain, 0);
		assert_true(frames->rows[frames->count - 2].plain > 0);
		assert_int_equal(ostream_sync_point(s, NULL), 0);
		assert_int_equal(frames->rows[frames->count - 2].plain != 0, 1);
	}
	assert_int_equal(ostream_write(s, text, 10, NULL), 0);
	assert_int_equal(ostream_zstd_raw(s, "raw", 3, NULL), 0);
	assert_int_equal(ostream_sync_point(s, NULL), 0);
	assert_memory_equal(out->data + out->len - 3, "raw", 3);
	for (size_t i = 0; i < frames->count; i++)
		total += frames->rows[i].compressed;
	assert_int_equal(total + 3, out->len);
	ostream_close(s);
}

static void sync_points_are_filled_up_to_the_alignment(void **state)
{
	struct buf serial = BUF_INIT(1 << 20), parallel = BUF_INIT(1 << 20);
	struct frames frames;

	(void)state;
	a_sync_point_is_filled_up(&serial, &frames, 0);
	a_sync_point_is_filled_up(&parallel, &frames, 3);
	assert_int_equal(serial.len, parallel.len);
	assert_memory_equal(serial.data, parallel.data, serial.len);
	buf_clear(&serial);
	buf_clear(&parallel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_thread_count_gives_the_same_bytes),
		cmocka_unit_test(frames_are_independent_and_say_their_size_and_checksum),
		cmocka_unit_test(a_sync_point_makes_everything_readable),
		cmocka_unit_test(raw_bytes_stand_between_frames),
		cmocka_unit_test(sync_points_are_filled_up_to_the_alignment),
		cmocka_unit_test(large_frames_keep_a_small_window),
		cmocka_unit_test(the_first_failure_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
