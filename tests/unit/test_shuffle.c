/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way to remove, double, swap, move or replace one piece of a bundle, of frames and of
 * archive members (put into proper frames of their own, with a proper table): none goes unnoticed.
 * Harmless alone is another order of payloads within their segment, which no record speaks of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include <strandline/bundle.h>

#include "core/buf.h"
#include "unit/bundle_maker.h"

#define PIECES_MAX 64

struct piece {
	const char *bytes;
	size_t len;
};

struct pieces {
	struct piece items[PIECES_MAX];
	size_t count;
	struct buf hold; /* their bytes, where they are not the bundle's */
};

/* Makes a file of pieces. */
typedef void (*joiner)(struct buf *out, const struct pieces *p);

static size_t crimes;

static void add(struct pieces *p, const char *bytes, size_t len)
{
	assert_true(p->count < PIECES_MAX);
	p->items[p->count++] = (struct piece){bytes, len};
}

/* ---- frames ---- */

static void split_frames(struct pieces *p, const struct maker *m)
{
	size_t len;

	*p = (struct pieces){.hold = BUF_INIT(1)};
	for (size_t at = 0; at < m->file.len; at += len) {
		len = ZSTD_findFrameCompressedSize(m->file.data + at, m->file.len - at);
		assert_false(ZSTD_isError(len));
		add(p, m->file.data + at, len);
	}
}

static void join_frames(struct buf *out, const struct pieces *p)
{
	*out = BUF_INIT(SIZE_MAX / 2);
	for (size_t i = 0; i < p->count; i++)
		assert_int_equal(buf_append(out, p->items[i].bytes, p->items[i].len), 0);
}

/* ---- members ---- */

static size_t size_of(const char *header)
{
	return strtoul(header + 124, NULL, 8);
}

static void split_members(struct pieces *p, const struct maker *m)
{
	size_t table = m->table.len + 17, at = 0;

	*p = (struct pieces){.hold = BUF_INIT(SIZE_MAX / 2)};
	assert_int_equal(buf_reserve(&p->hold, 1 << 20), 0);
	p->hold.len = ZSTD_decompress(p->hold.data, 1 << 20, m->file.data, m->file.len - table);
	while (at + 1024 < p->hold.len) {
		size_t len = 512 + (size_of(p->hold.data + at) + 511) / 512 * 512;

		assert_int_not_equal(p->hold.data[at + 156], 'x');
		add(p, p->hold.data + at, len);
		at += len;
	}
	add(p, p->hold.data + at, p->hold.len - at);
}

static void put_le32(struct buf *out, uint32_t n)
{
	const char bytes[] = {(char)n, (char)(n >> 8), (char)(n >> 16), (char)(n >> 24)};

	assert_int_equal(buf_append(out, bytes, sizeof(bytes)), 0);
}

static void join_members(struct buf *out, const struct pieces *p)
{
	struct maker m = {.file = BUF_INIT(SIZE_MAX / 2),
			  .tar = BUF_INIT(SIZE_MAX / 2),
			  .table = BUF_INIT(SIZE_MAX / 2)};

	for (size_t i = 0; i < p->count; i++) {
		assert_int_equal(buf_append(&m.tar, p->items[i].bytes, p->items[i].len), 0);
		maker_frame(&m);
	}
	put_le32(&m.file, 0x184D2A5E);
	put_le32(&m.file, (uint32_t)m.table.len + 9);
	assert_int_equal(buf_append(&m.file, m.table.data, m.table.len), 0);
	put_le32(&m.file, m.frames);
	assert_int_equal(buf_append_char(&m.file, (char)0x80), 0);
	put_le32(&m.file, 0x8F92EAB1);
	*out = m.file;
	buf_clear(&m.tar);
	buf_clear(&m.table);
}

/* ---- the judge ---- */

static enum sl_verdict verdict_of(const struct buf *file)
{
	static const struct sl_verify_options none = {0};
	struct sl_verify_result r = {0};
	int fd = maker_fd(file->data, file->len);
	enum sl_verdict v;

	assert_int_equal(sl_bundle_verify(fd, &none, &r, NULL), 0);
	v = r.verdict;
	sl_verify_result_clear(&r);
	close(fd);
	return v;
}

static bool is_same(const struct pieces *a, const struct pieces *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a->items[i].len != b->items[i].len ||
		    memcmp(a->items[i].bytes, b->items[i].bytes, a->items[i].len) != 0)
			return false;
	return true;
}

static bool is_payload(const struct piece *p)
{
	return p->len >= 512 && strncmp(p->bytes, "d/", 2) == 0;
}

/* Payloads changed places with those beside them, and nothing else did. */
static bool is_reordered(const struct pieces *honest, const struct pieces *p)
{
	if (p->count != honest->count)
		return false;
	for (size_t i = 0; i < p->count; i++) {
		size_t from = i, to = i, times = 0;

		while (from > 0 && is_payload(&honest->items[from - 1]))
			from--;
		while (to < p->count && is_payload(&honest->items[to]))
			to++;
		if (to == i) /* no payload: it must be as it was */
			from = i, to = i + 1;
		for (size_t j = from; j < to; j++)
			times += p->items[j].bytes == honest->items[i].bytes;
		if (times != 1)
			return false;
	}
	return true;
}

static void judge(const struct pieces *honest, const struct pieces *p, joiner join,
		  const char *crime, size_t i, size_t j)
{
	enum sl_verdict v;
	struct buf file;

	if (p->count == honest->count && is_same(honest, p, p->count))
		return; /* two pieces that are alike changed places */
	crimes++;
	join(&file, p);
	v = verdict_of(&file);
	if (v >= SL_VERDICT_UNSIGNED && !is_reordered(honest, p))
		fail_msg("%s %zu, %zu of %zu: %s", crime, i, j, honest->count, sl_verdict_name(v));
	buf_clear(&file);
}

/* ---- crimes ---- */

static void take_out(struct pieces *p, size_t i)
{
	memmove(&p->items[i], &p->items[i + 1], (p->count - i - 1) * sizeof(p->items[0]));
	p->count--;
}

static void put_in(struct pieces *p, size_t i, struct piece one)
{
	assert_true(p->count < PIECES_MAX);
	memmove(&p->items[i + 1], &p->items[i], (p->count - i) * sizeof(p->items[0]));
	p->items[i] = one;
	p->count++;
}

static void commit(const struct pieces *honest, const struct pieces *other, joiner join, size_t i,
		   size_t j)
{
	struct pieces p = *honest;

	p.items[i] = honest->items[j];
	p.items[j] = honest->items[i];
	judge(honest, &p, join, "swapped", i, j);

	p = *honest;
	put_in(&p, j, honest->items[i]);
	judge(honest, &p, join, "doubled", i, j);

	p = *honest;
	take_out(&p, i);
	if (j < p.count)
		put_in(&p, j, honest->items[i]);
	judge(honest, &p, join, "moved or removed", i, j);

	p = *honest;
	if (j < other->count)
		p.items[i] = other->items[j];
	judge(honest, &p, join, "replayed", i, j);
}

static void all_crimes(void (*split)(struct pieces *p, const struct maker *m), joiner join)
{
	struct maker m, n;
	struct pieces honest, other;
	struct buf file;

	maker_small(&m, false);
	maker_small(&n, false);
	split(&honest, &m);
	split(&other, &n);
	join(&file, &honest);
	assert_int_equal(verdict_of(&file), SL_VERDICT_SELF_CONSISTENT);
	buf_clear(&file);
	crimes = 0;
	for (size_t i = 0; i < honest.count; i++)
		for (size_t j = 0; j < honest.count; j++)
			commit(&honest, &other, join, i, j);
	assert_true(crimes > honest.count * honest.count);
	buf_clear(&honest.hold);
	buf_clear(&other.hold);
	maker_clear(&m);
	maker_clear(&n);
}

static void no_frame_can_be_moved_doubled_removed_or_replayed(void **state)
{
	(void)state;
	all_crimes(split_frames, join_frames);
}

static void no_member_can_be_moved_doubled_removed_or_replayed(void **state)
{
	(void)state;
	all_crimes(split_members, join_members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_frame_can_be_moved_doubled_removed_or_replayed),
		cmocka_unit_test(no_member_can_be_moved_doubled_removed_or_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
