/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing is judged by the verifier, which was written from the format's page alone. Without
 * arguments the tests run; with arguments this writes the bundles that scripts look at with other
 * tools (see helper() at the end).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>
#include <zstd.h>

#include <strandline/bundle.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/sign.h"
#include "forensics/bundle_name.h"

#include "unit/fake_content.h"

#define MIB ((uint64_t)1 << 20)

struct noted {
	unsigned int count;
	char last[4096];
};

static void note_checkpoint(void *payload, const char *note, size_t len)
{
	struct noted *n = payload;

	assert_true(len < sizeof(n->last));
	memcpy(n->last, note, len);
	n->last[len] = '\0';
	n->count++;
}

static int memory_file(void)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* The writer takes a descriptor over: the test looks through another. */
static struct sl_bundle_writer *create(int fd, const struct sl_bundle_options *options)
{
	struct sl_bundle_writer *w = NULL;
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_create(&w, dup(fd), options, &err) < 0)
		fail_msg("create: %s", sl_error_text(&err));
	return w;
}

static int rewound(int fd)
{
	int again = dup(fd);

	assert_true(again >= 0);
	assert_int_equal(lseek(again, 0, SEEK_SET), 0);
	return again;
}

static enum sl_verdict verdict(int fd, const struct sl_verify_options *options,
			       struct sl_verify_result *out)
{
	static const struct sl_verify_options none;
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_verify(rewound(fd), options != NULL ? options : &none, out, &err) < 0)
		fail_msg("verify: %s", sl_error_text(&err));
	if (out->verdict == SL_VERDICT_BROKEN)
		fail_msg("broken: %s (segment %" PRIu64 ", record %" PRIu64 ")", out->fault,
			 out->fault_segment, out->fault_record);
	return out->verdict;
}

/* The document of record @seq. */
static struct jval *record(int fd, uint64_t seq)
{
	const struct sl_bundle_record *r;
	struct sl_bundle_reader *reader = NULL;
	struct jval *doc = NULL;

	assert_int_equal(sl_bundle_open(&reader, rewound(fd), NULL), 0);
	while (doc == NULL) {
		assert_int_equal(sl_bundle_next(reader, &r, NULL), 0);
		if (r->seq == seq)
			assert_int_equal(jval_parse(&doc, r->line, r->len, NULL), 0);
	}
	sl_bundle_reader_free(reader);
	return doc;
}

static struct sl_entry regular(const char *path, uint64_t size)
{
	return (struct sl_entry){.path = {path, strlen(path)},
				 .mode = S_IFREG | 04755,
				 .uid = 7,
				 .gid = 8,
				 .size = size,
				 .mtime = {1700000000, 5},
				 .fields = SL_ENTRY_MTIME};
}

static struct sl_bundle_stored add(struct sl_bundle_writer *w, const struct sl_entry *e,
				   const struct fake_content *how)
{
	struct sl_bundle_stored stored;
	struct sl_bundle_file file = {
		.role = "upper", .entry = e, .content = how != NULL ? fake_content(how) : NULL};
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_add_file(w, &file, &stored, &err) < 0)
		fail_msg("add: %s", sl_error_text(&err));
	return stored;
}

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

static void close_and_free(struct sl_bundle_writer *w, enum sl_bundle_status status)
{
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_close(w, status, &err) < 0)
		fail_msg("close: %s", sl_error_text(&err));
	sl_bundle_writer_free(w);
}

/* ---- whole bundles ---- */

static void an_empty_bundle_is_complete(void **state)
{
	struct sl_verify_result r;
	struct noted noted = {0};
	struct sl_bundle_options options = {.checkpoint = note_checkpoint, .payload = &noted};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &options);
	char id[33];

	(void)state;
	(void)snprintf(id, sizeof(id), "%s", sl_bundle_id(w));
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.records, 2);
	assert_int_equal(r.attested, 2);
	assert_int_equal(r.segments, 1);
	assert_string_equal(r.bundle_id, id);
	assert_int_equal(noted.count, 1);
	assert_non_null(strstr(noted.last, id));
	sl_verify_result_clear(&r);
}

/* A small bundle fits into the pipe's buffer, so one thread can do both ends. */
static void a_pipe_takes_a_bundle_too(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = NULL;
	struct sl_verify_result r;
	char block[65536];
	ssize_t n;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sl_bundle_create(&w, ends[1], NULL, NULL), 0);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	while ((n = read(ends[0], block, sizeof(block))) > 0)
		assert_int_equal(write(fd, block, (size_t)n), n);
	close(ends[0]);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	sl_verify_result_clear(&r);
}

static void a_failed_write_is_not_forgotten(void **state)
{
	struct sl_error err = SL_ERROR_INIT;
	struct sl_bundle_writer *w = NULL;

	(void)state;
	assert_int_equal(sl_bundle_create(&w, open("/dev/full", O_WRONLY | O_CLOEXEC), NULL, &err),
			 0);
	assert_int_equal(sl_bundle_sync(w, &err), -SL_EIO);
	assert_int_equal(err.sys, ENOSPC);
	assert_int_equal(sl_bundle_record(w, "action", 0, "", NULL, &err), -SL_EIO);
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_NOSPACE, &err), -SL_EIO);
	sl_error_clear(&err);
	sl_bundle_writer_free(w);
}

static void every_way_to_close_is_told(void **state)
{
	(void)state;
	for (int status = SL_BUNDLE_COMPLETE; status <= SL_BUNDLE_DEADLINE; status++) {
		AUTO_CLOSE int fd = memory_file();
		struct sl_bundle_writer *w = create(fd, NULL);
		struct sl_verify_result r;

		close_and_free(w, (enum sl_bundle_status)status);
		assert_int_equal(verdict(fd, NULL, &r), status == SL_BUNDLE_COMPLETE
								? SL_VERDICT_SELF_CONSISTENT
								: SL_VERDICT_INCOMPLETE);
		assert_true(r.closed);
		assert_int_equal(r.status, status);
		sl_verify_result_clear(&r);
	}
}

static void the_fingerprint_and_any_checkpoint_anchor_it(void **state)
{
	struct noted noted = {0};
	struct sl_bundle_options options = {.checkpoint = note_checkpoint, .payload = &noted};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &options);
	struct sl_verify_options by_print = {.fingerprint = NULL}, by_note = {.note = NULL};
	struct sl_verify_result r;
	char print[64], kept[4096];

	(void)state;
	(void)snprintf(print, sizeof(print), "%s", sl_bundle_fingerprint(w));
	assert_int_equal(strlen(print), 39);
	assert_int_equal(sl_bundle_record(w, "action", 0, "\"what\":\"one\"", NULL, NULL), 0);
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	(void)snprintf(kept, sizeof(kept), "%s", noted.last);
	assert_int_equal(sl_bundle_sync(w, NULL), 0); /* empty: nothing */
	assert_int_equal(noted.count, 1);
	assert_int_equal(sl_bundle_record(w, "action", 0, "\"what\":\"two\"", NULL, NULL), 0);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(noted.count, 2);

	by_print.fingerprint = print;
	assert_int_equal(verdict(fd, &by_print, &r), SL_VERDICT_ANCHORED);
	sl_verify_result_clear(&r);
	by_note.note = kept;
	by_note.note_len = strlen(kept);
	assert_int_equal(verdict(fd, &by_note, &r), SL_VERDICT_ANCHORED);
	sl_verify_result_clear(&r);
}

static void a_long_term_key_certifies_the_first_and_signs_the_last(void **state)
{
	struct buf pem = BUF_INIT(4096), public_pem = BUF_INIT(4096);
	uint8_t public[SIGN_PUBLIC_SIZE];
	struct sl_verify_options by_key = {.key_pem = NULL};
	struct sl_bundle_options options = {.key_passphrase = "secret"};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w;
	struct sign_key *k = NULL;
	struct sl_verify_result r;

	(void)state;
	assert_int_equal(sign_key_generate(&k, NULL), 0);
	assert_int_equal(sign_key_write(k, "secret", &pem, NULL), 0);
	sign_key_public(k, public);
	assert_int_equal(sign_public_pem(public, &public_pem), 0);
	options.key_pem = pem.data;
	w = create(fd, &options);
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	by_key.key_pem = public_pem.data;
	assert_int_equal(verdict(fd, &by_key, &r), SL_VERDICT_SIGNED);
	sl_verify_result_clear(&r);
	sign_key_free(k);
	buf_clear(&pem);
	buf_clear(&public_pem);
}

static void without_close_it_is_incomplete_up_to_the_last_seal(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct sl_verify_result r;
	struct stat st;
	uint64_t before;

	(void)state;
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	assert_int_equal(sl_bundle_record(w, "action", 0, "\"what\":\"lost\"", NULL, NULL), 0);
	assert_int_equal(fstat(fd, &st), 0);
	before = (uint64_t)st.st_size;
	sl_bundle_writer_free(w);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, before);
	/* the reserve went back */
	assert_true((uint64_t)st.st_blocks * 512 < 64 * 1024);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_INCOMPLETE);
	assert_int_equal(r.attested, 2); /* open, epoch */
	sl_verify_result_clear(&r);
}

/* ---- files ---- */

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

/* ---- what is refused, and leaves the bundle whole ---- */

static void refused_records_leave_no_trace(void **state)
{
	static const struct {
		const char *type, *members;
		int want;
	} rows[] = {
		{"action", "\"a\":1", 0},
		{"action", "", 0},
		{"action", "\"a\":\"two\nlines\"", -SL_EINVAL},
		{"action", "\"a\":\"\xff\"", -SL_EINVAL},
		{"two words", "", -SL_EINVAL},
		{"", "", -SL_EINVAL},
		{"close", "", -SL_EINVAL},
		{"file", "", -SL_EINVAL},
	};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct sl_verify_result r;
	char *wide = malloc(70000);
	uint64_t seq = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (sl_bundle_record(w, rows[i].type, 0, rows[i].members, NULL, NULL) !=
		    rows[i].want)
			fail_msg("row %zu", i);
	(void)snprintf(wide, 70000, "\"x\":\"%065530d\"", 0);
	assert_int_equal(sl_bundle_record(w, "action", 0, wide, NULL, NULL), -SL_ELIMIT);
	(void)snprintf(wide, 70000, "\"x\":\"%060000d\"", 0);
	assert_int_equal(sl_bundle_record(w, "action", 0, wide, NULL, NULL), 0);
	assert_int_equal(sl_bundle_record(w, "action", 1, "", NULL, NULL), -SL_EINVAL);
	assert_int_equal(sl_bundle_record(w, "action", 0, NULL, &seq, NULL), 0);
	assert_int_equal(seq, 4);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.records, 6);
	sl_verify_result_clear(&r);
	free(wide);
}

static void a_refused_file_is_closed_and_leaves_no_member(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	unsigned int closed = 0;
	struct fake_content how = {.size = 10, .closed = &closed};
	struct sl_entry e = regular("f", 10);
	char *wide = malloc(70000);
	struct sl_bundle_file file = {.role = "upper", .entry = &e, .members = wide};
	struct sl_verify_result r;

	(void)state;
	(void)snprintf(wide, 70000, "\"x\":\"%064000d\"", 0);
	file.content = fake_content(&how);
	assert_int_equal(sl_bundle_add_file(w, &file, NULL, NULL), -SL_ELIMIT);
	file.members = NULL;
	file.target = 3;
	file.content = fake_content(&how);
	assert_int_equal(sl_bundle_add_file(w, &file, NULL, NULL), -SL_EINVAL);
	assert_int_equal(closed, 2);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.payloads, 0);
	sl_verify_result_clear(&r);
	free(wide);
}

static void nothing_follows_the_close(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);

	(void)state;
	assert_int_equal(sl_bundle_in_force(w, "[\"frozen\"]", NULL), 0);
	assert_int_equal(sl_bundle_in_force(w, "{}", NULL), -SL_EINVAL);
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_COMPLETE, NULL), 0);
	assert_int_equal(sl_bundle_record(w, "action", 0, "", NULL, NULL), -SL_EINVAL);
	assert_int_equal(sl_bundle_sync(w, NULL), -SL_EINVAL);
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_COMPLETE, NULL), -SL_EINVAL);
	sl_bundle_writer_free(w);
}

/* ---- segments ---- */

static void time_and_journal_end_a_segment(void **state)
{
	struct noted noted = {0};
	struct sl_bundle_options quick = {
		.segment_ns = 1, .checkpoint = note_checkpoint, .payload = &noted};
	struct sl_bundle_options slow = {
		.segment_ns = 3600000000000u, .checkpoint = note_checkpoint, .payload = &noted};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &quick);
	struct sl_verify_result r;
	char *wide = malloc(70000);

	(void)state;
	assert_int_equal(sl_bundle_record(w, "action", 0, "", NULL, NULL), 0);
	assert_int_equal(noted.count, 2); /* open; action */
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.segments, 3);
	sl_verify_result_clear(&r);

	noted.count = 0;
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	w = create(fd, &slow);
	(void)snprintf(wide, 70000, "\"x\":\"%060000d\"", 0);
	for (int i = 0; i < 150; i++) /* 9 MB of journal */
		assert_int_equal(sl_bundle_record(w, "action", 0, wide, NULL, NULL), 0);
	assert_int_equal(noted.count, 1);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.segments, 2);
	sl_verify_result_clear(&r);
	free(wide);
}

/* With threads a segment goes to the disk while the next is filled: no more than one is behind. */
static void a_checkpoint_is_told_before_two_more_segments_are_begun(void **state)
{
	struct noted noted = {0};
	struct sl_bundle_options options = {.threads = 2,
					    .segment_ns = 3600000000000u,
					    .checkpoint = note_checkpoint,
					    .payload = &noted};
	struct fake_content how = {.size = 5 * MIB, .seed = 1, .is_random = true};
	struct sl_entry e = regular("file", how.size);
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &options);
	struct sl_verify_result r;

	(void)state;
	/* two do not fit into one segment: file i begins segment i */
	for (int i = 0; i < 6; i++) {
		(void)add(w, &e, &how);
		assert_in_range(noted.count, i > 1 ? i - 1 : 0, i);
	}
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	assert_int_equal(noted.count, 6);
	(void)add(w, &e, &how);
	(void)add(w, &e, &how);
	assert_int_equal(noted.count, 6);
	sl_bundle_writer_free(w); /* the seventh was ended, the eighth was not */
	assert_int_equal(noted.count, 7);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_INCOMPLETE);
	assert_int_equal(r.segments, 7);
	assert_int_equal(r.attested, atoi(strchr(noted.last, '\n') + 1));
	sl_verify_result_clear(&r);
}

static void targets_count_from_one(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct sl_gap gap = {
		.what = {"a\nb", 3}, .why = "it moved", .sys = EAGAIN, .is_path = true};
	struct sl_verify_result r;
	uint32_t target = 0;
	struct jval *doc;

	(void)state;
	assert_int_equal(sl_bundle_target(w, "\"engine\":\"docker\"", &target, NULL), 0);
	assert_int_equal(target, 1);
	assert_int_equal(sl_bundle_target(w, "\"engine\":\"podman\"", &target, NULL), 0);
	assert_int_equal(target, 2);
	assert_int_equal(sl_bundle_gap(w, target, &gap, NULL), 0);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.gaps, 1);
	doc = record(fd, 3);
	assert_string_equal(jval_str(jval_get(doc, "what")), "/a\nb");
	jval_free(doc);
	sl_verify_result_clear(&r);
}

/* ---- index and seek table ---- */

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

#include "unit/bundle_helper.h"

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_bundle_is_complete),
		cmocka_unit_test(a_pipe_takes_a_bundle_too),
		cmocka_unit_test(a_failed_write_is_not_forgotten),
		cmocka_unit_test(every_way_to_close_is_told),
		cmocka_unit_test(the_fingerprint_and_any_checkpoint_anchor_it),
		cmocka_unit_test(a_long_term_key_certifies_the_first_and_signs_the_last),
		cmocka_unit_test(without_close_it_is_incomplete_up_to_the_last_seal),
		cmocka_unit_test(files_are_stored_with_their_metadata),
		cmocka_unit_test(what_has_no_content_is_a_record_alone),
		cmocka_unit_test(contents_that_misbehave_are_stored_as_far_as_they_go),
		cmocka_unit_test(a_file_that_cannot_be_read_at_all_has_no_member),
		cmocka_unit_test(large_files_come_in_parts_of_their_own_segments),
		cmocka_unit_test(only_a_first_component_named_like_the_attributes_is_hidden),
		cmocka_unit_test(attributes_too_wide_for_a_line_become_a_member),
		cmocka_unit_test(refused_records_leave_no_trace),
		cmocka_unit_test(a_refused_file_is_closed_and_leaves_no_member),
		cmocka_unit_test(nothing_follows_the_close),
		cmocka_unit_test(time_and_journal_end_a_segment),
		cmocka_unit_test(a_checkpoint_is_told_before_two_more_segments_are_begun),
		cmocka_unit_test(targets_count_from_one),
		cmocka_unit_test(the_index_leads_to_every_payload),
		cmocka_unit_test(the_seek_table_lists_every_frame),
	};

	if (argc > 1)
		return helper(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
