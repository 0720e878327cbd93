/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "snapshot/tar.h"
#include "unit/tarmake.h"

/* Copies of what came out. */
struct seen {
	struct sl_entry *entries[64];
	char *hardlinks[64];
	size_t count;
};

static int remember(void *payload, const struct layer_item *item, struct sl_error *err)
{
	struct seen *s = payload;

	(void)err;
	assert_true(s->count < ARRAY_SIZE(s->entries));
	/* NUL-terminated one past the end, as base.h promises */
	assert_int_equal(item->entry.path.data[item->entry.path.len], 0);
	s->entries[s->count] = calloc(1, sizeof(struct sl_entry));
	*s->entries[s->count] = item->entry;
	s->entries[s->count]->path.data = strndup(item->entry.path.data, item->entry.path.len);
	if (item->entry.target.data != NULL)
		s->entries[s->count]->target.data = strdup(item->entry.target.data);
	s->hardlinks[s->count] = item->hardlink.data != NULL ? strdup(item->hardlink.data) : NULL;
	s->count++;
	return 0;
}

static void seen_clear(struct seen *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free((char *)(uintptr_t)s->entries[i]->path.data);
		free((char *)(uintptr_t)s->entries[i]->target.data);
		free(s->entries[i]);
		free(s->hardlinks[i]);
	}
}

static int read_with(const struct buf *tar, const struct sl_limits *limits, layer_item_fn fn,
		     void *payload, struct sl_error *err)
{
	const struct tar_options options = {.limits = limits, .item = fn, .payload = payload};
	struct istream *in = NULL;
	uint64_t entries;
	int rc;

	assert_int_equal(istream_from_memory(&in, tar->data, tar->len, err), 0);
	rc = tar_read(in, &options, &entries, err);
	istream_close(in);
	return rc;
}

static int read_tar(const struct buf *tar, struct seen *out)
{
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	int rc = read_with(tar, &limits, remember, out, &err);

	if (rc < 0)
		print_message("%s\n", sl_error_text(&err));
	return rc;
}

static void every_type_comes_out_as_itself(void **state)
{
	static const struct {
		char type;
		mode_t mode;
	} rows[] = {{'0', S_IFREG}, {'7', S_IFREG}, {'1', 0},       {'2', S_IFLNK},
		    {'3', S_IFCHR}, {'4', S_IFBLK}, {'5', S_IFDIR}, {'6', S_IFIFO}};
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(seen_clear) struct seen seen = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tar_row r = {.name = "n",
				    .type = rows[i].type,
				    .mode = 04751,
				    .uid = 7,
				    .gid = 8,
				    .mtime = 9,
				    .link = "to",
				    .major = 5,
				    .minor = 6};

		tar_header(&tar, &r);
	}
	tar_end(&tar);
	assert_int_equal(read_tar(&tar, &seen), 0);
	assert_int_equal(seen.count, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct sl_entry *e = seen.entries[i];
		bool is_device = rows[i].type == '3' || rows[i].type == '4';

		assert_int_equal(e->mode, rows[i].mode | 04751);
		assert_int_equal(e->uid, 7);
		assert_int_equal(e->gid, 8);
		assert_int_equal(e->mtime.sec, 9);
		assert_true((e->flags & SL_ENTRY_COARSE_TIME) != 0);
		assert_int_equal(e->rdev_major, is_device ? 5 : 0);
		assert_int_equal(e->rdev_minor, is_device ? 6 : 0);
		assert_int_equal(e->target.data != NULL, rows[i].type == '2');
		assert_int_equal(seen.hardlinks[i] != NULL, rows[i].type == '1');
		assert_int_equal((e->fields & SL_ENTRY_SHA256) != 0, S_ISREG(rows[i].mode));
	}
}

static void contents_are_hashed(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(seen_clear) struct seen seen = {0};
	uint8_t sha[SL_SHA256_SIZE], xxh[SL_XXH3_SIZE];
	struct xxh3 *x = NULL;

	(void)state;
	tar_file(&tar, "a", "hello");
	tar_file(&tar, "empty", "");
	tar_end(&tar);
	assert_int_equal(read_tar(&tar, &seen), 0);
	assert_int_equal(sha256_once("hello", 5, sha, NULL), 0);
	assert_memory_equal(seen.entries[0]->sha256, sha, sizeof(sha));
	assert_int_equal(xxh3_new(&x, NULL), 0);
	xxh3_update(x, "hello", 5);
	xxh3_final(x, xxh);
	xxh3_free(x);
	assert_memory_equal(seen.entries[0]->xxh3, xxh, sizeof(xxh));
	assert_int_equal(seen.entries[0]->size, 5);
	assert_int_equal(sha256_once("", 0, sha, NULL), 0);
	assert_memory_equal(seen.entries[1]->sha256, sha, sizeof(sha));
}

static void paths_are_stripped_and_nothing_else(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"a/b", "a/b"},           {"./a", "a"},           {"/a", "a"},
		{".//./a/", "a"},         {"a//", "a"},           {"../a", "../a"},
		{"a/../b", "a/../b"},     {".hidden", ".hidden"}, {"a b\n", "a b\n"},
		{"\xff\xfe", "\xff\xfe"}, {"..", ".."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
		CLEANUP(seen_clear) struct seen seen = {0};

		tar_plain(&tar, rows[i].in, '5', NULL);
		assert_int_equal(read_tar(&tar, &seen), 0);
		assert_string_equal(seen.entries[0]->path.data, rows[i].out);
	}
}

static void the_root_is_the_empty_path(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(seen_clear) struct seen seen = {0};

	(void)state;
	tar_plain(&tar, ".", '5', NULL);
	tar_plain(&tar, "./", '5', NULL);
	tar_plain(&tar, "/", '5', NULL);
	tar_end(&tar);
	assert_int_equal(read_tar(&tar, &seen), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(seen.entries[i]->path.len, 0);
}

/* Names that are not UTF-8, and names that a normaliser would change, must survive as bytes. */
static void pax_names_stay_bytes(void **state)
{
	static const char *const names[] = {"e\xcc\x81", "\xc3\xa9", "bad\xff\xfe", "\xed\xa0\x80",
					    "new\nline"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20), rec = BUF_INIT(4096);
		CLEANUP(seen_clear) struct seen seen = {0};

		tar_record(&rec, "path", names[i], strlen(names[i]));
		tar_record(&rec, "linkpath", names[i], strlen(names[i]));
		tar_special(&tar, 'x', rec.data, rec.len);
		tar_plain(&tar, "short", '2', "short");
		tar_end(&tar);
		assert_int_equal(read_tar(&tar, &seen), 0);
		assert_string_equal(seen.entries[0]->path.data, names[i]);
		assert_string_equal(seen.entries[0]->target.data, names[i]);
	}
}

static void long_names_come_from_prefix_pax_and_gnu(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(seen_clear) struct seen seen = {0};
	struct tar_row prefixed = {.name = "file", .mode = 0644};
	char name[3000];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(prefixed.raw + 345, "some/dir", 8);
	tar_header(&tar, &prefixed);
	tar_pax(&tar, "path", name);
	tar_plain(&tar, "cut", '0', NULL);
	tar_special(&tar, 'L', name, sizeof(name));
	tar_special(&tar, 'K', name, sizeof(name));
	tar_plain(&tar, "cut", '2', "cut");
	tar_plain(&tar, "plain", '2', "after");
	tar_end(&tar);
	assert_int_equal(read_tar(&tar, &seen), 0);
	assert_string_equal(seen.entries[0]->path.data, "some/dir/file");
	assert_string_equal(seen.entries[1]->path.data, name);
	assert_string_equal(seen.entries[2]->path.data, name);
	assert_string_equal(seen.entries[2]->target.data, name);
	/* what was said about one entry does not stick to the next */
	assert_string_equal(seen.entries[3]->path.data, "plain");
	assert_string_equal(seen.entries[3]->target.data, "after");
}

static void times_have_sign_and_nanoseconds(void **state)
{
	static const struct {
		const char *text;
		int64_t sec;
		uint32_t nsec;
	} rows[] = {
		{"1", 1, 0},
		{"1.5", 1, 500000000},
		{"1700000000.123456789", 1700000000, 123456789},
		{"1.0000000009", 1, 0},
		{"-1", -1, 0},
		{"-1.5", -2, 500000000},
		{"-0.25", -1, 750000000},
		{"-0.0", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
		CLEANUP(seen_clear) struct seen seen = {0};
		const struct sl_entry *e;

		tar_pax(&tar, "mtime", rows[i].text);
		tar_plain(&tar, "a", '5', NULL);
		assert_int_equal(read_tar(&tar, &seen), 0);
		e = seen.entries[0];
		assert_int_equal(e->mtime.sec, rows[i].sec);
		assert_int_equal(e->mtime.nsec, rows[i].nsec);
		assert_int_equal((e->flags & SL_ENTRY_COARSE_TIME) != 0, rows[i].nsec == 0);
	}
}

static void base_256_numbers_are_read(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(seen_clear) struct seen seen = {0};
	struct tar_row r = {.name = "a", .type = '5', .gnu = true};

	(void)state;
	memset(r.raw + 136, 0xff, 12); /* -2 */
	r.raw[147] = (char)0xfe;
	r.raw[108] = (char)0x80; /* 0x0102030405 would not fit: 0x01020304 does */
	memcpy(r.raw + 112, "\x01\x02\x03\x04", 4);
	tar_header(&tar, &r);
	tar.data[109] = tar.data[110] = tar.data[111] = 0;
	tar_seal(tar.data);
	assert_int_equal(read_tar(&tar, &seen), 0);
	assert_int_equal(seen.entries[0]->mtime.sec, -2);
	assert_int_equal(seen.entries[0]->uid, 0x01020304);
}

struct want_xattrs {
	const struct sl_xattr *xattrs;
	size_t count;
};

static int check_xattrs(void *payload, const struct layer_item *item, struct sl_error *err)
{
	const struct want_xattrs *w = payload;

	(void)err;
	if (strcmp(item->entry.path.data, "with") != 0) {
		assert_int_equal(item->entry.xattr_count, 0);
		return 0;
	}
	assert_int_equal(item->entry.xattr_count, w->count);
	for (size_t i = 0; i < w->count; i++) {
		assert_string_equal(item->entry.xattrs[i].name, w->xattrs[i].name);
		assert_int_equal(item->entry.xattrs[i].size, w->xattrs[i].size);
		assert_memory_equal(item->entry.xattrs[i].value, w->xattrs[i].value,
				    w->xattrs[i].size);
	}
	return 0;
}

static void attributes_are_sorted_and_exact(void **state)
{
	static const struct sl_xattr want[] = {
		{"security.capability", "\1\0\0\2", 4},
		{"user.bin", "a\0b\nc=d", 7},
		{"user.empty", "", 0},
		{"user.twice", "second", 6},
	};
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	struct want_xattrs w = {want, ARRAY_SIZE(want)};
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20), rec = BUF_INIT(1 << 16);

	(void)state;
	tar_record(&rec, "SCHILY.xattr.user.twice", "first", 5);
	tar_record(&rec, "SCHILY.xattr.user.bin", "a\0b\nc=d", 7);
	tar_record(&rec, "SCHILY.xattr.user.empty", "", 0);
	tar_record(&rec, "SCHILY.xattr.security.capability", "\1\0\0\2", 4);
	tar_record(&rec, "SCHILY.xattr.user.twice", "second", 6);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "with", "");
	tar_file(&tar, "without", "");
	tar_end(&tar);
	assert_int_equal(read_with(&tar, &limits, check_xattrs, &w, NULL), 0);
}

static void global_headers_change_nothing(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20), rec = BUF_INIT(1 << 16);
	CLEANUP(seen_clear) struct seen seen = {0};

	(void)state;
	tar_record(&rec, "mtime", "77", 2);
	tar_record(&rec, "path", "other", 5);
	tar_special(&tar, 'g', rec.data, rec.len);
	tar_file(&tar, "a", "x");
	tar_end(&tar);
	assert_int_equal(read_tar(&tar, &seen), 0);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.entries[0]->path.data, "a");
	assert_int_equal(seen.entries[0]->mtime.sec, 0);
}

/* "AB", a hole up to 4096, "CD", a hole up to 5000. */
static void check_sparse(const struct buf *tar)
{
	CLEANUP(seen_clear) struct seen seen = {0};
	uint8_t sha[SL_SHA256_SIZE];
	char plain[5000] = {'A', 'B'};

	memcpy(plain + 4096, "CD", 2);
	assert_int_equal(read_tar(tar, &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.entries[0]->path.data, "sparse");
	assert_int_equal(seen.entries[0]->size, 5000);
	assert_int_equal(sha256_once(plain, sizeof(plain), sha, NULL), 0);
	assert_memory_equal(seen.entries[0]->sha256, sha, sizeof(sha));
	assert_string_equal(seen.entries[1]->path.data, "next");
}

static void sparse_pax(struct buf *tar, const struct buf *rec, const void *body, size_t len)
{
	struct tar_row r = {.name = "GNUSparseFile.0/x", .mode = 0644, .size = len};

	tar_special(tar, 'x', rec->data, rec->len);
	tar_header(tar, &r);
	tar_body(tar, body, len);
	tar_file(tar, "next", "");
	tar_end(tar);
}

static void sparse_files_hash_with_their_holes(void **state)
{
	CLEANUP(buf_clear) struct buf old = BUF_INIT(1 << 16), map01 = BUF_INIT(1 << 16);
	CLEANUP(buf_clear) struct buf pairs = BUF_INIT(1 << 16), map10 = BUF_INIT(1 << 16);
	CLEANUP(buf_clear) struct buf rec = BUF_INIT(1 << 16);
	struct tar_row r = {.name = "sparse", .type = 'S', .mode = 0644, .size = 4, .gnu = true};
	char body[516] = "2\n0\n2\n4096\n2\n";

	(void)state;
	(void)memcpy(r.raw + 386, "00000000000", 11);
	(void)memcpy(r.raw + 398, "00000000002", 11);
	(void)memcpy(r.raw + 410, "00000010000", 11);
	(void)memcpy(r.raw + 422, "00000000002", 11);
	(void)memcpy(r.raw + 483, "00000011610", 11);
	tar_header(&old, &r);
	tar_body(&old, "ABCD", 4);
	tar_file(&old, "next", "");
	tar_end(&old);
	check_sparse(&old);

	tar_record(&rec, "GNU.sparse.map", "0,2,4096,2", 10);
	tar_record(&rec, "GNU.sparse.name", "./sparse", 8);
	tar_record(&rec, "GNU.sparse.size", "5000", 4);
	sparse_pax(&map01, &rec, "ABCD", 4);
	check_sparse(&map01);

	buf_reset(&rec);
	tar_record(&rec, "GNU.sparse.size", "5000", 4);
	tar_record(&rec, "GNU.sparse.name", "sparse", 6);
	tar_record(&rec, "GNU.sparse.offset", "0", 1);
	tar_record(&rec, "GNU.sparse.numbytes", "2", 1);
	tar_record(&rec, "GNU.sparse.offset", "4096", 4);
	tar_record(&rec, "GNU.sparse.numbytes", "2", 1);
	sparse_pax(&pairs, &rec, "ABCD", 4);
	check_sparse(&pairs);

	buf_reset(&rec);
	tar_record(&rec, "GNU.sparse.major", "1", 1);
	tar_record(&rec, "GNU.sparse.minor", "0", 1);
	tar_record(&rec, "GNU.sparse.name", "sparse", 6);
	tar_record(&rec, "GNU.sparse.realsize", "5000", 4);
	memcpy(body + 512, "ABCD", 4);
	sparse_pax(&map10, &rec, body, sizeof(body));
	check_sparse(&map10);
}

static int count_only(void *payload, const struct layer_item *item, struct sl_error *err)
{
	(void)item;
	(void)err;
	++*(size_t *)payload;
	return 0;
}

static void malformed_tars_are_refused(void **state)
{
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	struct tar_row r;
	size_t n = 0;

	(void)state;
#define REFUSED(code) assert_int_equal(read_with(&tar, &limits, count_only, &n, NULL), -(code))
#define AGAIN (buf_reset(&tar), r = (struct tar_row){.name = "a", .mode = 0644})
	AGAIN;
	tar_file(&tar, "a", "hello");
	tar.data[0] = 'b'; /* the checksum no longer fits */
	REFUSED(SL_EFORMAT);
	AGAIN;
	tar_file(&tar, "a", "hello");
	tar.len = 514; /* in the content */
	REFUSED(SL_EFORMAT);
	tar.len = 300; /* in the header */
	REFUSED(SL_EFORMAT);
	AGAIN;
	r.size = 0777777777777; /* more than there is */
	tar_header(&tar, &r);
	REFUSED(SL_EFORMAT);
	AGAIN;
	memcpy(r.raw + 124, "not a number", 12);
	tar_header(&tar, &r);
	REFUSED(SL_EFORMAT);
	AGAIN;
	r.type = 'Z';
	tar_header(&tar, &r);
	REFUSED(SL_EUNSUPPORTED);
	AGAIN;
	tar_special(&tar, 'x', "5 a=b\n", 6); /* length is one short */
	REFUSED(SL_EFORMAT);
	AGAIN;
	tar_special(&tar, 'x', "9999999999999999999999 a=b\n", 27);
	REFUSED(SL_EFORMAT);
	AGAIN;
	tar_pax(&tar, "mtime", "soon");
	REFUSED(SL_EFORMAT);
	AGAIN;
	tar_pax(&tar, "uid", "4294967296");
	tar_file(&tar, "a", "");
	REFUSED(SL_EFORMAT);
	AGAIN;
	r.type = 'x';
	r.size = 100u << 20;
	tar_header(&tar, &r);
	REFUSED(SL_ELIMIT);
	AGAIN;
	tar_must(buf_append(&tar, (char[512]){0}, 512));
	tar_file(&tar, "hidden", "behind a zero block");
	REFUSED(SL_EFORMAT);
	AGAIN;
	tar_plain(&tar, "./", '0', NULL);
	REFUSED(SL_EFORMAT);
}

static void limits_are_kept(void **state)
{
	struct sl_limits limits = SL_LIMITS_DEFAULT;
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20), rec = BUF_INIT(1 << 20);
	size_t n = 0;

	(void)state;
	tar_file(&tar, "a", "");
	tar_file(&tar, "b", "");
	limits.entries = 1;
	REFUSED(SL_ELIMIT);
	limits.entries = 2;
	assert_int_equal(read_with(&tar, &limits, count_only, &n, NULL), 0);

	buf_reset(&tar);
	tar_pax(&tar, "path", "twelve-bytes");
	tar_file(&tar, "a", "");
	limits.path = 11;
	REFUSED(SL_ELIMIT);
	limits.path = 12;
	assert_int_equal(read_with(&tar, &limits, count_only, &n, NULL), 0);

	buf_reset(&tar);
	tar_pax(&tar, "SCHILY.xattr.user.a", "0123456789");
	tar_file(&tar, "a", "");
	limits.xattrs = 16;
	REFUSED(SL_ELIMIT);

	/* a hole costs nothing in the archive: it is bounded by itself */
	limits = SL_LIMITS_DEFAULT;
	buf_reset(&tar);
	tar_record(&rec, "GNU.sparse.map", "0,0", 3);
	tar_record(&rec, "GNU.sparse.size", "8000000000000000000", 19);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "a", "");
	REFUSED(SL_ELIMIT);
}

static void archives_may_end_early_at_a_boundary(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20), nothing = BUF_INIT(16);
	CLEANUP(seen_clear) struct seen seen = {0};

	(void)state;
	tar_file(&tar, "a", "hello");
	assert_int_equal(read_tar(&tar, &seen), 0); /* no end-of-archive blocks */
	tar.len = 512 + 5;
	assert_int_equal(read_tar(&tar, &seen), 0); /* no padding either, as umoci writes it */
	assert_int_equal(seen.count, 2);
	assert_int_equal(read_tar(&nothing, &seen), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_comes_out_as_itself),
		cmocka_unit_test(contents_are_hashed),
		cmocka_unit_test(paths_are_stripped_and_nothing_else),
		cmocka_unit_test(the_root_is_the_empty_path),
		cmocka_unit_test(pax_names_stay_bytes),
		cmocka_unit_test(long_names_come_from_prefix_pax_and_gnu),
		cmocka_unit_test(times_have_sign_and_nanoseconds),
		cmocka_unit_test(base_256_numbers_are_read),
		cmocka_unit_test(attributes_are_sorted_and_exact),
		cmocka_unit_test(global_headers_change_nothing),
		cmocka_unit_test(sparse_files_hash_with_their_holes),
		cmocka_unit_test(malformed_tars_are_refused),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(archives_may_end_early_at_a_boundary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
