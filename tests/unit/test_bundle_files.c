/* SPDX-License-Identifier: Apache-2.0 */
/* Files in a bundle: their records, their members, and contents that misbehave. */
#include <errno.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "forensics/bundle_name.h"
#include "unit/bundle_written.h"

static void expect_digest(const struct fake_content *how, uint64_t size,
			  const uint8_t got[SL_SHA256_SIZE])
{
	uint8_t want[SL_SHA256_SIZE], block[4096];
	struct sha256 *h = NULL;

	assert_int_equal(sha256_new(&h, NULL), 0);
	for (uint64_t at = 0; at < size;) {
		size_t n = 0;

		while (n < sizeof(block) && at < size)
			block[n++] = fake_content_byte(how, at++);
		sha256_update(h, block, n);
	}
	assert_int_equal(sha256_final(h, want, NULL), 0);
	sha256_free(h);
	assert_memory_equal(got, want, sizeof(want));
}

static void files_are_stored_with_their_metadata(void **state)
{
	static const struct sl_xattr xattrs[] = {{"security.capability", "\x01\x00\x02", 3},
						 {"user.\xff", "x", 1}};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct fake_content how = {.size = 70000, .seed = 1};
	struct sl_entry e = regular("usr/bin/evil tool", 70000);
	struct sl_bundle_stored stored;
	struct sl_verify_result r;
	struct jval *doc;
	char hex[65];

	(void)state;
	e.xattrs = xattrs;
	e.xattr_count = 2;
	e.fields |= SL_ENTRY_XATTRS | SL_ENTRY_INODE;
	e.ino = UINT64_MAX;
	e.nlink = 1;
	stored = add(w, &e, &how);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_true(stored.has_sha256);
	expect_digest(&how, how.size, stored.sha256);
	assert_int_equal(stored.read.bytes, 70000);
	assert_false(stored.read.changed || stored.read.is_short);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.payloads, 1);
	assert_int_equal(r.payload_bytes, 70000);
	sl_verify_result_clear(&r);

	doc = record(fd, stored.seq);
	hex_encode(hex, stored.sha256, 32);
	assert_string_equal(jval_str(jval_path(doc, "src", "path", NULL)), "/usr/bin/evil tool");
	assert_string_equal(jval_str(jval_path(doc, "src", "mode", NULL)), "04755");
	assert_string_equal(jval_str(jval_path(doc, "src", "ino", NULL)), "18446744073709551615");
	assert_string_equal(jval_str(jval_path(doc, "src", "mtime", NULL)),
			    "2023-11-14T22:13:20.000000005Z");
	assert_null(jval_path(doc, "src", "ctime", NULL));
	assert_string_equal(jval_str(jval_path(doc, "src", "xattrs", "security.capability", NULL)),
			    "AQAC");
	assert_string_equal(jval_str(jval_path(doc, "src", "xattrs", "b64:dXNlci7/", NULL)),
			    "eA==");
	assert_string_equal(jval_str(jval_path(doc, "stored", "member", NULL)),
			    "d/00000001/usr/bin/evil%20tool");
	assert_string_equal(jval_str(jval_path(doc, "stored", "sha256", NULL)), hex);
	assert_string_equal(jval_str(jval_path(doc, "hash", "sha256", NULL)), hex);
	jval_free(doc);
}

static void what_has_no_content_is_a_record_alone(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct sl_entry link = {.path = {"l", 1}, .mode = S_IFLNK | 0777, .target = {"a\xff", 2}};
	struct sl_entry gone = {.path = {"gone", 4}, .flags = SL_ENTRY_WHITEOUT};
	struct sl_entry known = regular("known", 3);
	struct sl_verify_result r;
	struct jval *doc;

	(void)state;
	known.fields |= SL_ENTRY_SHA256;
	known.sha256[0] = 0xab;
	(void)add(w, &link, NULL);
	(void)add(w, &gone, NULL);
	assert_true(add(w, &known, NULL).has_sha256);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.payloads, 0);
	sl_verify_result_clear(&r);
	doc = record(fd, 1);
	assert_string_equal(jval_str(jval_path(doc, "src", "link_b64", NULL)), "Yf8=");
	assert_int_equal(jval_type(jval_get(doc, "stored")), JVAL_NULL);
	jval_free(doc);
	doc = record(fd, 2);
	assert_string_equal(jval_str(jval_path(doc, "src", "type", NULL)), "whiteout");
	jval_free(doc);
	doc = record(fd, 3);
	assert_memory_equal(jval_str(jval_path(doc, "hash", "sha256", NULL)), "ab00", 4);
	jval_free(doc);
}

struct misread {
	const char *why;
	uint64_t promised, comes;
	int sys;
	uint64_t max_bytes;
	/* what must come out */
	uint64_t read, member;
	bool changed, is_short;
	uint64_t gaps;
};

static void contents_that_misbehave_are_stored_as_far_as_they_go(void **state)
{
	static const struct misread rows[] = {
		{"an empty file", 0, 0, 0, 0, 0, 0, false, false, 0},
		{"as promised", 1000, 1000, 0, 0, 1000, 1000, false, false, 0},
		{"a file that shrank", 5000, 700, 0, 0, 700, 5000, false, true, 0},
		{"a file that grew", 700, 5000, 0, 0, 700, 700, true, false, 0},
		{"an empty file that grew", 0, 10, 0, 0, 0, 0, true, false, 0},
		{"an error on the way", 5000, 600, EIO, 0, 600, 5000, false, true, 0},
		{"a limit", 5000, 5000, 0, 1000, 1000, 1000, false, false, 1},
		{"a limit above the size", 5000, 5000, 0, 6000, 5000, 5000, false, false, 0},
		{"shrunk below the limit", 5000, 300, 0, 1000, 300, 1000, false, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct misread *row = &rows[i];
		struct fake_content how = {.size = row->comes,
					   .fails_at = row->comes,
					   .sys = row->sys,
					   .seed = (uint32_t)i};
		struct sl_entry e = regular("f", row->promised);
		struct sl_bundle_file file = {.role = "upper",
					      .entry = &e,
					      .content = fake_content(&how),
					      .max_bytes = row->max_bytes};
		AUTO_CLOSE int fd = memory_file();
		struct sl_bundle_writer *w = create(fd, NULL);
		struct sl_bundle_stored stored;
		struct sl_verify_result r;

		assert_int_equal(sl_bundle_add_file(w, &file, &stored, NULL), 0);
		close_and_free(w, SL_BUNDLE_COMPLETE);
		(void)verdict(fd, NULL, &r);
		if (stored.read.bytes != row->read || stored.read.changed != row->changed ||
		    stored.read.is_short != row->is_short || stored.read.sys != row->sys ||
		    r.payload_bytes != row->member || r.payloads != 1 || r.gaps != row->gaps)
			fail_msg("%s", row->why);
		expect_digest(&how, row->read, stored.sha256);
		sl_verify_result_clear(&r);
	}
}

static void a_file_that_cannot_be_read_at_all_has_no_member(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct fake_content how = {.size = 1000, .sys = EACCES};
	struct sl_entry e = regular("f", 100 * MIB);
	struct sl_bundle_stored stored = add(w, &e, &how);
	struct sl_verify_result r;
	struct jval *doc;
	int64_t sys = 0;

	(void)state;
	close_and_free(w, SL_BUNDLE_COMPLETE);
	(void)verdict(fd, NULL, &r);
	assert_int_equal(r.payloads, 0);
	assert_false(stored.has_sha256);
	assert_int_equal(stored.read.sys, EACCES);
	doc = record(fd, stored.seq);
	assert_int_equal(jval_i64(jval_path(doc, "read", "errno", NULL), &sys), 0);
	assert_int_equal(sys, EACCES);
	jval_free(doc);
	sl_verify_result_clear(&r);
}

static void large_files_come_in_parts_of_their_own_segments(void **state)
{
	static const struct {
		uint64_t promised, comes, members, bytes, segments;
	} rows[] = {
		{8 * MIB, 8 * MIB, 1, 8 * MIB, 3},
		{8 * MIB + 1, 8 * MIB + 1, 2, 8 * MIB + 1, 3},
		{20 * MIB, 20 * MIB, 3, 20 * MIB, 4},
		/* the open part is filled up, those behind it are never begun */
		{25 * MIB, 10 * MIB, 2, 16 * MIB, 4},
		{10 * MIB, 20 * MIB, 2, 10 * MIB, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fake_content how = {.size = rows[i].comes, .seed = 3};
		struct sl_entry small = regular("small", 10), e = regular("big", rows[i].promised);
		struct fake_content small_how = {.size = 10};
		uint64_t read = rows[i].comes < rows[i].promised ? rows[i].comes : rows[i].promised;
		struct sl_bundle_options options = {.threads = 2, .segment_ns = 3600000000000u};
		AUTO_CLOSE int fd = memory_file();
		struct sl_bundle_writer *w = create(fd, &options);
		struct sl_bundle_stored stored;
		struct sl_verify_result r;

		(void)add(w, &small, &small_how);
		stored = add(w, &e, &how);
		(void)add(w, &small, &small_how);
		close_and_free(w, SL_BUNDLE_COMPLETE);
		assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
		assert_int_equal(r.payloads, rows[i].members + 2);
		assert_int_equal(r.payload_bytes, rows[i].bytes + 20);
		assert_int_equal(r.segments, rows[i].segments);
		assert_int_equal(stored.read.bytes, read);
		expect_digest(&how, read, stored.sha256);
		sl_verify_result_clear(&r);
	}
}

/* Neither may stand where a record's attributes would, be it as a folder. */
static void only_a_first_component_named_like_the_attributes_is_hidden(void **state)
{
	static const struct {
		const char *path, *name;
	} rows[] = {
		{"/attributes.json", "~"},
		{"/attributes.json/inside", "~"},
		{"//attributes.json//inside/deep", "~"},
		{"/attributes.jsonl", "attributes.jsonl"},
		{"/etc/attributes.json", "etc/attributes.json"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf name = BUF_INIT(BUNDLE_MEMBER_MAX);

		assert_int_equal(bundle_name(&name, rows[i].path, strlen(rows[i].path), NULL), 0);
		assert_memory_equal(name.data, rows[i].name, strlen(rows[i].name));
		assert_int_equal(name.len, rows[i].name[0] == '~' ? 65 : strlen(rows[i].name));
		buf_clear(&name);
	}
}

static void attributes_too_wide_for_a_line_become_a_member(void **state)
{
	static char value[50000];
	static const struct sl_xattr xattrs[] = {{"user.a", value, sizeof(value)},
						 {"user.b", value, sizeof(value)}};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct fake_content how = {.size = 1000};
	/* a file that is called like the member: their names must not meet */
	struct sl_entry e = regular("attributes.json", 1000), link = e;
	struct sl_bundle_stored stored;
	struct sl_verify_result r;
	struct jval *doc;

	(void)state;
	e.xattrs = xattrs;
	e.xattr_count = 2;
	e.fields |= SL_ENTRY_XATTRS;
	stored = add(w, &e, &how);
	/* and without a payload: a path that is longer than a line */
	link.path.len = 200000;
	link.path.data = memset(malloc(link.path.len + 1), 'x', link.path.len + 1);
	(void)add(w, &link, NULL);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.payloads, 3);
	doc = record(fd, stored.seq);
	assert_non_null(jval_path(doc, "src", "path_sha256", NULL));
	assert_string_equal(jval_str(jval_path(doc, "attributes", "member", NULL)),
			    "d/00000001/attributes.json");
	assert_memory_equal(jval_str(jval_path(doc, "stored", "member", NULL)), "d/00000001/~", 12);
	jval_free(doc);
	sl_verify_result_clear(&r);
	free((void *)(uintptr_t)link.path.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_stored_with_their_metadata),
		cmocka_unit_test(what_has_no_content_is_a_record_alone),
		cmocka_unit_test(contents_that_misbehave_are_stored_as_far_as_they_go),
		cmocka_unit_test(a_file_that_cannot_be_read_at_all_has_no_member),
		cmocka_unit_test(large_files_come_in_parts_of_their_own_segments),
		cmocka_unit_test(only_a_first_component_named_like_the_attributes_is_hidden),
		cmocka_unit_test(attributes_too_wide_for_a_line_become_a_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
