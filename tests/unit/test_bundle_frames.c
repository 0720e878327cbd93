/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of a bundle that was written: its index and its seek table name them as they lie. */
#include <stdio.h>
#include <stdlib.h>

#include <xxhash.h>
#include <zstd.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "unit/bundle_written.h"

#define MAX_FRAMES 64
/* 18 MB: the second segment begins in the middle */
#define FILES 60

/* Every frame of a small bundle, decompressed one by one. */
struct frames {
	uint8_t *bytes; /* of all frames */
	size_t start[MAX_FRAMES + 1];
	size_t packed[MAX_FRAMES];
	size_t count;
	uint8_t *file;
	size_t file_len, tail; /* where the seek table starts */
};

static void load_frames(struct frames *f, int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	*f = (struct frames){.file_len = (size_t)st.st_size};
	f->file = malloc(f->file_len);
	f->bytes = malloc(64 * MIB);
	assert_int_equal(pread(fd, f->file, f->file_len, 0), f->file_len);
	while (memcmp(f->file + f->tail, "\x5e\x2a\x4d\x18", 4) != 0) {
		size_t n = ZSTD_findFrameCompressedSize(f->file + f->tail, f->file_len - f->tail);
		size_t plain = ZSTD_decompress(f->bytes + f->start[f->count],
					       64 * MIB - f->start[f->count], f->file + f->tail, n);

		assert_false(ZSTD_isError(plain));
		assert_true(plain <= 4 * MIB);
		assert_true(f->count < MAX_FRAMES);
		f->packed[f->count++] = n;
		f->start[f->count] = f->start[f->count - 1] + plain;
		f->tail += n;
	}
}

static void free_frames(struct frames *f)
{
	free(f->file);
	free(f->bytes);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int make_two_segments(void)
{
	struct sl_bundle_options options = {.threads = 2};
	int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &options);
	char path[32];

	for (uint32_t i = 0; i < FILES; i++) {
		struct fake_content how = {.size = 300000 + i, .seed = i, .is_random = true};
		struct sl_entry e;

		(void)snprintf(path, sizeof(path), "dir/file%u", i);
		e = regular(path, how.size);
		(void)add(w, &e, &how);
	}
	close_and_free(w, SL_BUNDLE_COMPLETE);
	return fd;
}

/* The index is no evidence, but it leads to what it names. */
static void the_index_leads_to_every_payload(void **state)
{
	static const char head[] = "strandline-index 1\n";
	AUTO_CLOSE int fd = make_two_segments();
	unsigned long long seq, frame, offset;
	char name[32], hash[17], want[65];
	struct frames f;
	uint8_t digest[32];
	const char *p;
	size_t len;

	(void)state;
	load_frames(&f, fd);
	/* the last member, before two zero blocks */
	p = memmem(f.bytes + f.start[f.count - 2], f.start[f.count - 1] - f.start[f.count - 2],
		   "j/index", 8);
	assert_non_null(p);
	p += 512;
	assert_memory_equal(p, head, sizeof(head) - 1);
	p += sizeof(head) - 1;
	for (unsigned int i = 0; i < FILES; i++, p = strchr(p, '\n') + 1) {
		assert_int_equal(sscanf(p, "%16s %llu %llu %llu\n", hash, &seq, &frame, &offset),
				 4);
		assert_true(frame < f.count);
		(void)snprintf(name, sizeof(name), "d/%08llu/dir/file%u", seq, i);
		assert_string_equal((const char *)f.bytes + f.start[frame] + offset, name);
		len = (size_t)snprintf(name, sizeof(name), "upper%c0%c/dir/file%u", 0, 0, i);
		assert_int_equal(sha256_once(name, len, digest, NULL), 0);
		hex_encode(want, digest, 32);
		assert_memory_equal(hash, want, 16);
	}
	assert_int_equal(*p, '\0');
	free_frames(&f);
}

static void the_seek_table_lists_every_frame(void **state)
{
	AUTO_CLOSE int fd = make_two_segments();
	struct frames f;
	const uint8_t *p;

	(void)state;
	load_frames(&f, fd);
	p = f.file + f.tail;
	assert_int_equal(le32(p + 4), f.file_len - f.tail - 8);
	assert_int_equal(le32(p + 4), f.count * 12 + 9);
	assert_true(f.count > 6);
	p += 8;
	for (size_t i = 0; i < f.count; i++, p += 12) {
		size_t plain = f.start[i + 1] - f.start[i];

		assert_int_equal(le32(p), f.packed[i]);
		assert_int_equal(le32(p + 4), plain);
		assert_int_equal(le32(p + 8), (uint32_t)XXH64(f.bytes + f.start[i], plain, 0));
	}
	assert_int_equal(le32(p), f.count);
	assert_int_equal(p[4], 0x80);
	assert_int_equal(le32(p + 5), 0x8F92EAB1);
	assert_ptr_equal(p + 9, f.file + f.file_len);
	free_frames(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_index_leads_to_every_payload),
		cmocka_unit_test(the_seek_table_lists_every_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
