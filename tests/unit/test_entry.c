/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

#include <strandline/entry.h>
#include <strandline/error.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "unit/fake_source.h"

static void paths_are_ordered_component_by_component(void **state)
{
	static const struct sl_bytes ordered[] = {
		PATH(""),        PATH("\x01"),  PATH("a"),      PATH("a/b"),  PATH("a/b/c"),
		PATH("a/c"),     PATH("a\x01"), PATH("a-b"),    PATH("a.d"),  PATH("a0"),
		PATH("a0/\xff"), PATH("b"),     PATH("\x80/x"), PATH("\xff"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ordered); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ordered); j++) {
			int got = sl_path_compare(ordered[i], ordered[j]);

			assert_int_equal((got > 0) - (got < 0), (i > j) - (i < j));
		}
	}
}

static void every_type_has_one_word(void **state)
{
	static const struct {
		uint32_t mode;
		const char *name;
	} rows[] = {
		{S_IFREG | 0644, "file"}, {S_IFDIR, "directory"}, {S_IFLNK, "symlink"},
		{S_IFCHR, "char"},        {S_IFBLK, "block"},     {S_IFIFO, "fifo"},
		{S_IFSOCK, "socket"},     {0, "unknown"},         {0170000, "unknown"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(sl_type_name(rows[i].mode), rows[i].name);
}

static void within_means_at_or_beneath(void **state)
{
	(void)state;
	assert_true(sl_path_within(PATH("a/b"), PATH("a")));
	assert_true(sl_path_within(PATH("a"), PATH("a")));
	assert_true(sl_path_within(PATH("a"), PATH("")));
	assert_true(sl_path_within(PATH(""), PATH("")));
	assert_false(sl_path_within(PATH("ab"), PATH("a")));
	assert_false(sl_path_within(PATH("a-b/c"), PATH("a")));
	assert_false(sl_path_within(PATH("a"), PATH("a/b")));
	assert_false(sl_path_within(PATH(""), PATH("a")));
}

static const struct sl_xattr some_xattrs[] = {
	{"security.capability", "\x01\x00\x00\x02", 4},
	{"user.empty", NULL, 0},
	{"user.note", "seen", 4},
};

static struct sl_entry sample(void)
{
	return (struct sl_entry){.path = PATH("usr/bin/\xff\n"),
				 .mode = S_IFLNK | 0777,
				 .uid = 7,
				 .gid = 0xfffffffe,
				 .size = 1ull << 40,
				 .mtime = {-5, 999999999},
				 .btime = {1, 2},
				 .target = PATH(""),
				 .redirect = PATH("/old"),
				 .rdev_major = 4000,
				 .ino = UINT64_MAX,
				 .nlink = 3,
				 .fields = SL_ENTRY_XATTRS | SL_ENTRY_SHA256,
				 .flags = SL_ENTRY_ORIGIN,
				 .layer = 9,
				 .xattrs = some_xattrs,
				 .xattr_count = ARRAY_SIZE(some_xattrs),
				 .sha256 = {1, 2, 3},
				 .xxh3 = {[15] = 9}};
}

static void assert_bytes_equal(struct sl_bytes got, struct sl_bytes want)
{
	if (want.data == NULL) {
		assert_null(got.data);
		return;
	}
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.data, want.data, want.len);
	assert_int_equal(got.data[got.len], '\0');
}

static void assert_entry_equal(const struct sl_entry *got, const struct sl_entry *want)
{
	struct sl_entry a = *got, b = *want;

	assert_bytes_equal(got->path, want->path);
	assert_bytes_equal(got->target, want->target);
	assert_bytes_equal(got->redirect, want->redirect);
	assert_int_equal(got->xattr_count, want->xattr_count);
	for (size_t i = 0; i < want->xattr_count; i++) {
		assert_string_equal(got->xattrs[i].name, want->xattrs[i].name);
		assert_int_equal(got->xattrs[i].size, want->xattrs[i].size);
		if (want->xattrs[i].size > 0)
			assert_memory_equal(got->xattrs[i].value, want->xattrs[i].value,
					    want->xattrs[i].size);
	}
	a.path = a.target = a.redirect = b.path = b.target = b.redirect = (struct sl_bytes){0};
	a.xattrs = b.xattrs = NULL;
	assert_int_equal(a.mode, b.mode);
	assert_int_equal(a.uid, b.uid);
	assert_int_equal(a.gid, b.gid);
	assert_int_equal(a.size, b.size);
	assert_int_equal(a.mtime.sec, b.mtime.sec);
	assert_int_equal(a.mtime.nsec, b.mtime.nsec);
	assert_int_equal(a.btime.nsec, b.btime.nsec);
	assert_int_equal(a.rdev_major, b.rdev_major);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(a.nlink, b.nlink);
	assert_int_equal(a.fields, b.fields);
	assert_int_equal(a.flags, b.flags);
	assert_int_equal(a.layer, b.layer);
	assert_memory_equal(a.sha256, b.sha256, sizeof(a.sha256));
	assert_memory_equal(a.xxh3, b.xxh3, sizeof(a.xxh3));
}

static void a_copy_owns_every_byte(void **state)
{
	struct sl_entry e = sample(), bare = {.path = PATH("gone"), .flags = SL_ENTRY_WHITEOUT};
	struct sl_entry *copy;

	(void)state;
	assert_int_equal(sl_entry_copy(&copy, &e), 0);
	assert_entry_equal(copy, &e);
	assert_ptr_not_equal(copy->path.data, e.path.data);
	assert_ptr_not_equal(copy->xattrs[0].value, e.xattrs[0].value);
	sl_entry_free(copy);
	assert_int_equal(sl_entry_copy(&copy, &bare), 0);
	assert_entry_equal(copy, &bare);
	assert_null(copy->target.data);
	sl_entry_free(copy);
	sl_entry_free(NULL);
}

static void an_attribute_is_found_by_its_whole_name(void **state)
{
	struct sl_entry e = sample();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(some_xattrs); i++)
		assert_ptr_equal(sl_entry_xattr(&e, some_xattrs[i].name), &some_xattrs[i]);
	assert_null(sl_entry_xattr(&e, "user.not"));
	assert_null(sl_entry_xattr(&e, "user.notes"));
	e.xattr_count = 0;
	assert_null(sl_entry_xattr(&e, "user.note"));
}

static int append(void *payload, const void *bytes, size_t len)
{
	return buf_append(payload, bytes, len);
}

static void an_encoded_entry_decodes_to_itself(void **state)
{
	struct sl_entry entries[] = {sample(), {.path = PATH("")}, {.mode = S_IFREG | 0644}};
	struct buf b = BUF_INIT(1 << 20);
	struct sl_xattr xattrs[3];
	struct sl_entry got;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		assert_int_equal(sl_entry_encode(&entries[i], append, &b), 0);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		size_t used = sl_entry_decode(&got, b.data + at, b.len - at, xattrs, 3);

		assert_true(used > 0);
		assert_entry_equal(&got, &entries[i]);
		at += used;
	}
	assert_int_equal(at, b.len);
	buf_clear(&b);
}

static void a_cut_or_oversized_encoding_is_refused(void **state)
{
	struct sl_entry e = sample(), got;
	struct buf b = BUF_INIT(1 << 20);
	struct sl_xattr xattrs[3];

	(void)state;
	assert_int_equal(sl_entry_encode(&e, append, &b), 0);
	for (size_t len = 0; len < b.len; len++) {
		AUTO_FREE char *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, b.data, len);
		assert_int_equal(sl_entry_decode(&got, cut, len, xattrs, 3), 0);
	}
	assert_int_equal(sl_entry_decode(&got, b.data, b.len, xattrs, 2), 0);
	/* any damaged length field may fail, but never reads outside the bytes */
	for (size_t i = 0; i < 40; i++) {
		AUTO_FREE char *bad = malloc(b.len);

		assert_non_null(bad);
		memcpy(bad, b.data, b.len);
		bad[i] = (char)(bad[i] ^ 0x41);
		assert_int_equal(sl_entry_decode(&got, bad, b.len, xattrs, 3), 0);
	}
	buf_clear(&b);
}

static int full(void *payload, const void *bytes, size_t len)
{
	int *left = payload;

	(void)bytes;
	(void)len;
	return (*left)-- > 0 ? 0 : -SL_EIO;
}

static void encoding_stops_when_the_writer_does(void **state)
{
	struct sl_entry e = sample();

	(void)state;
	for (int pieces = 0; pieces < 10; pieces++) {
		int left = pieces;

		assert_int_equal(sl_entry_encode(&e, full, &left), -SL_EIO);
		assert_int_equal(left, -1);
	}
}

static void a_source_dispatches_to_its_implementation(void **state)
{
	static const struct fake_row rows[] = {
		{.entry = {.path = PATH(""), .mode = S_IFDIR | 0755}},
		{.entry = {.path = PATH("a"), .mode = S_IFREG, .size = 2}, .content = "hi"},
		{.entry = {.path = PATH("b")}, .gap = "cannot be read"},
	};
	struct sl_source *src = fake_source(rows, ARRAY_SIZE(rows), false);
	struct sl_content *c = NULL;
	const struct sl_entry *e;
	struct sl_read read;

	(void)state;
	assert_int_equal(sl_source_seek(src, PATH("a"), NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_int_equal(e->path.len, 1);
	assert_int_equal(sl_source_open(src, &c, NULL), 0);
	assert_int_equal(sl_content_read(c, NULL, 0, &read, NULL), 0);
	assert_int_equal(read.bytes, 2);
	sl_content_close(c);
	assert_null(sl_source_gap(src));
	assert_int_equal(sl_source_next(src, &e, NULL), 1);
	assert_null(e);
	assert_string_equal(sl_source_gap(src)->why, "cannot be read");
	sl_source_close(src);
	sl_source_close(NULL);
	sl_content_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_ordered_component_by_component),
		cmocka_unit_test(every_type_has_one_word),
		cmocka_unit_test(within_means_at_or_beneath),
		cmocka_unit_test(a_copy_owns_every_byte),
		cmocka_unit_test(an_attribute_is_found_by_its_whole_name),
		cmocka_unit_test(an_encoded_entry_decodes_to_itself),
		cmocka_unit_test(a_cut_or_oversized_encoding_is_refused),
		cmocka_unit_test(encoding_stops_when_the_writer_does),
		cmocka_unit_test(a_source_dispatches_to_its_implementation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
