/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zframeread.h"

#include <stdlib.h>
#include <string.h>

enum {
	INPUT_BYTES = 1 << 18,
	/* A piece at least this long is read to where it belongs, with the next header behind it.
	 */
	DIRECT_MIN = 1 << 14,
	DIRECT_AHEAD = 1 << 12,
	BLOCK_MAX = 128 << 10,
	/* A frame of incompressible blocks: 3 bytes a block, and a header. Twice that is room. */
	COMPRESSED_MAX = ZFRAMES_MAX_PLAIN + (ZFRAMES_MAX_PLAIN >> 7),
	FOOTER_BYTES = 9,
};
#define MAGIC_DATA 0xFD2FB528u
#define MAGIC_SKIP_BASE 0x184D2A50u
#define MAGIC_FOOTER 0x8F92EAB1u

int zframe_reader_init(struct zframe_reader *r, struct rfile *file, struct sl_error *err)
{
	*r = (struct zframe_reader){.file = file, .input = malloc(INPUT_BYTES)};
	return r->input != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "frame reader");
}

void zframe_reader_clear(struct zframe_reader *r)
{
	free(r->input);
	r->input = NULL;
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int input_fill(struct zframe_reader *r, struct sl_error *err)
{
	int rc;

	if (r->is_eof)
		return 0;
	r->input_pos = r->input_len = 0;
	rc = rfile_read_at(r->file, r->taken, r->input, INPUT_BYTES, &r->input_len, err);
	r->is_eof = rc == 1;
	r->taken += r->input_len;
	return rc < 0 ? rc : 0;
}

static int reserve(struct zframe_packed *f, size_t len, struct sl_error *err)
{
	size_t cap = f->cap == 0 ? 1 << 16 : f->cap;
	uint8_t *grown;

	if (len <= f->cap)
		return 0;
	while (cap < len)
		cap *= 2;
	grown = realloc(f->bytes, cap);
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "compressed frame");
	f->bytes = grown;
	f->cap = cap;
	return 0;
}

/* Fill the frame's next @len bytes from the file, and the empty input with what lies behind. */
static int read_direct(struct zframe_reader *r, struct zframe_packed *f, size_t len,
		       struct sl_error *err)
{
	uint8_t *to = f->bytes + f->len;
	size_t n = 0, got;
	int rc = rfile_read_at(r->file, r->taken, to, len + DIRECT_AHEAD, &n, err);

	r->is_eof = rc == 1;
	r->taken += n;
	got = n < len ? n : len;
	f->len += got;
	r->offset += got;
	r->input_pos = 0;
	r->input_len = n - got;
	memcpy(r->input, to + got, r->input_len);
	return rc < 0 ? rc : 0;
}

/* Append exactly len bytes of input to the frame, or drop them. 1 when the input ends before. */
static int take(struct zframe_reader *r, struct zframe_packed *f, size_t len, bool keep,
		struct sl_error *err)
{
	int rc = keep ? reserve(f, f->len + len + DIRECT_AHEAD, err) : 0;

	while (rc == 0 && len > 0) {
		size_t have = r->input_len - r->input_pos;
		size_t n = have < len ? have : len;

		if (n == 0) {
			size_t before = f->len;

			if (keep && len >= DIRECT_MIN && !r->is_eof)
				rc = read_direct(r, f, len, err);
			else
				rc = input_fill(r, err);
			if (rc == 0 && r->is_eof)
				return 1;
			len -= f->len - before;
			continue;
		}
		if (keep) {
			memcpy(f->bytes + f->len, r->input + r->input_pos, n);
			f->len += n;
		}
		r->input_pos += n;
		r->offset += n;
		len -= n;
	}
	return rc;
}

static int refuse(struct sl_error *err, const char *why)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s", why);
}

/* Read the rest of a frame header behind magic number and descriptor, and judge it. */
static int read_header(struct zframe_reader *r, struct zframe_packed *f, struct sl_error *err)
{
	static const uint8_t content_size[4] = {0, 2, 4, 8};
	uint8_t descriptor = f->bytes[4];
	bool is_single = (descriptor & 0x20) != 0;
	size_t n = content_size[descriptor >> 6];
	uint64_t window = 0, content = 0;
	const uint8_t *p;
	int rc;

	if ((descriptor & 0x0B) != 0) /* reserved bit, dictionary id */
		return refuse(err, "frame header with a dictionary or a reserved bit");
	if ((descriptor & 0x04) == 0)
		return refuse(err, "frame without checksum");
	if (n == 0 && !is_single)
		return refuse(err, "frame without content size");
	n = n == 0 ? 1 : n;
	rc = take(r, f, n + (is_single ? 0 : 1), true, err);
	if (rc != 0)
		return rc;
	p = f->bytes + 5;
	if (!is_single) {
		uint64_t base = UINT64_C(1) << (10 + (*p >> 3));

		window = base + base / 8 * (*p & 7);
		p++;
	}
	for (size_t i = 0; i < n; i++)
		content |= (uint64_t)p[i] << (8 * i);
	if (n == 2)
		content += 256;
	if (content > ZFRAMES_MAX_PLAIN)
		return refuse(err, "frame of more than 4 MiB");
	if (window > ZFRAMES_MAX_WINDOW)
		return refuse(err, "frame with a window above 8 MiB");
	f->content = (size_t)content;
	return 0;
}

/* Read all blocks and the checksum of a data frame. 1 when the input ends inside. */
static int read_data_frame(struct zframe_reader *r, struct zframe_packed *f, struct sl_error *err)
{
	bool is_last = false;
	int rc = take(r, f, 1, true, err);

	if (rc == 0)
		rc = read_header(r, f, err);
	while (rc == 0 && !is_last) {
		const uint8_t *p;
		uint32_t header;

		rc = take(r, f, 3, true, err);
		if (rc != 0)
			break;
		p = f->bytes + f->len - 3;
		header = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
		is_last = (header & 1) != 0;
		if ((header >> 1 & 3) == 3)
			return refuse(err, "block of an unknown type");
		if ((header >> 3) > BLOCK_MAX && (header >> 1 & 3) != 1)
			return refuse(err, "block of more than 128 KiB");
		if (f->len + (header >> 3) > COMPRESSED_MAX)
			return refuse(err, "compressed frame of more than 4 MiB");
		rc = take(r, f, (header >> 1 & 3) == 1 ? 1 : header >> 3, true, err);
	}
	if (rc == 0)
		rc = take(r, f, 4, true, err);
	if (rc == 0)
		f->view.checksum = le32(f->bytes + f->len - 4);
	return rc;
}

static int read_skippable_frame(struct zframe_reader *r, struct zframe_packed *f,
				struct sl_error *err)
{
	int rc = take(r, f, 4, true, err);
	size_t len;

	if (rc != 0)
		return rc;
	len = le32(f->bytes + 4);
	f->view.is_skippable = true;
	f->content = len;
	/* Keep the beginning of a larger one too: it may turn out to be the end of the file. */
	if (len > ZFRAMES_MAX_SKIPPABLE) {
		rc = take(r, f, ZFRAMES_MAX_SKIPPABLE, true, err);
		return rc != 0 ? rc : take(r, f, len - ZFRAMES_MAX_SKIPPABLE, false, err);
	}
	return take(r, f, len, true, err);
}

/* Could these bytes at the very end of a file be the beginning of a frame? */
static bool is_magic_prefix(const uint8_t *p, size_t len)
{
	static const uint8_t data[] = {0x28, 0xB5, 0x2F, 0xFD}, skip[] = {0x50, 0x2A, 0x4D, 0x18};

	return memcmp(p, data, len) == 0 || len == 0 ||
	       ((p[0] & 0xF0) == 0x50 && memcmp(p + 1, skip + 1, len - 1) == 0);
}

/* Do the last bytes of the file account for all of it as a seek table would? */
static bool ends_in_seek_table(const struct zframe_packed *f, uint64_t file_size)
{
	const uint8_t *end = f->bytes + f->len, *table;
	uint64_t sum = 0;
	size_t entry, len, count;

	if (f->len < ZFRAME_SKIP_HEADER + FOOTER_BYTES || le32(end - 4) != MAGIC_FOOTER)
		return false;
	count = le32(end - 9);
	entry = (end[-5] & 0x80) != 0 ? 12 : 8;
	if (count > (f->len - ZFRAME_SKIP_HEADER - FOOTER_BYTES) / entry)
		return false;
	len = ZFRAME_SKIP_HEADER + count * entry + FOOTER_BYTES;
	table = end - len;
	for (size_t i = 0; i < count; i++)
		sum += le32(table + ZFRAME_SKIP_HEADER + i * entry);
	return le32(table) == ZFRAMES_SEEK_TABLE && sum + len == file_size;
}

int zframe_read(struct zframe_reader *r, struct zframe_packed *f, struct sl_error *err)
{
	int rc;

	memset(&f->view, 0, sizeof(f->view));
	f->len = 0;
	f->view.index = r->index;
	f->view.offset = r->offset;
	rc = take(r, f, 4, true, err);
	if (rc == 1 && f->len == 0 && r->offset > 0) {
		r->end = r->file->is_cut ? ZFRAMES_END_CUT : ZFRAMES_END_BOUNDARY;
		return 1;
	}
	if (rc == 1 && !is_magic_prefix(f->bytes, f->len))
		return refuse(err, "bytes that begin no frame");
	if (rc == 0) {
		f->view.magic = le32(f->bytes);
		if (f->view.magic == MAGIC_DATA)
			rc = read_data_frame(r, f, err);
		else if ((f->view.magic & ~0xFu) == MAGIC_SKIP_BASE)
			rc = read_skippable_frame(r, f, err);
		else
			rc = refuse(err, "bytes that begin no frame");
	}
	if (rc == 1)
		r->end = f->bytes != NULL && ends_in_seek_table(f, r->offset)
				 ? ZFRAMES_END_CONTRADICTED
				 : ZFRAMES_END_CUT;
	if (rc != 0)
		return rc;
	f->view.size = r->offset - f->view.offset;
	r->index++;
	return 0;
}
