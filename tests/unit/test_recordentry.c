/* SPDX-License-Identifier: Apache-2.0 */
/* What is written of an entry into a record comes back out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <strandline/change.h>

#include "core/cleanup.h"
#include "forensics/bundle_writer.h"
#include "forensics/record.h"
#include "forensics/recordentry.h"

struct round {
	struct buf text;
	struct jval *doc;
	struct recordentry read;
};

static void round_trip(struct round *r, const struct sl_entry *e)
{
	r->text = BUF_INIT(1 << 16);
	recordentry_init(&r->read);
	assert_int_equal(file_src(&r->text, e, true), 0);
	assert_int_equal(jval_parse(&r->doc, r->text.data, r->text.len, NULL), 0);
	assert_int_equal(recordentry_read(&r->read, r->doc, e->path, NULL), 0);
}

static void round_clear(struct round *r)
{
	recordentry_clear(&r->read);
	jval_free(r->doc);
	buf_clear(&r->text);
}

static void a_file_comes_back_with_its_attributes(void **state)
{
	static const struct sl_xattr xattrs[] = {
		{.name = "b64:odd", .value = "1", .size = 1},
		{.name = "security.capability", .value = "\x00\xff", .size = 2},
		{.name = "user.\xff", .value = "", .size = 0},
	};
	const struct sl_entry e = {.path = {"srv/\xff", 5},
				   .mode = S_IFREG | 04755,
				   .uid = 70000,
				   .gid = 1,
				   .size = UINT64_C(1) << 40,
				   .mtime = {-5, 7},
				   .fields = SL_ENTRY_MTIME | SL_ENTRY_XATTRS,
				   .flags = SL_ENTRY_ORIGIN,
				   .xattrs = xattrs,
				   .xattr_count = ARRAY_SIZE(xattrs)};
	CLEANUP(round_clear) struct round r = {0};
	const struct sl_entry *got = &r.read.entry;

	(void)state;
	round_trip(&r, &e);
	assert_int_equal(sl_entry_compare(&e, got) & ~(uint32_t)SL_FIELD_CONTENT, 0);
	assert_int_equal(got->mode, e.mode);
	assert_int_equal(got->size, e.size);
	assert_int_equal(got->mtime.sec, -5);
	assert_int_equal(got->flags, e.flags);
	assert_int_equal(got->xattr_count, 3);
	assert_string_equal(got->xattrs[0].name, "b64:odd");
	assert_memory_equal(got->xattrs[1].value, "\x00\xff", 2);
	assert_string_equal(got->xattrs[2].name, "user.\xff");
}

static void links_devices_and_whiteouts_come_back(void **state)
{
	const struct sl_entry entries[] = {
		{.path = {"l", 1}, .mode = S_IFLNK | 0777, .target = {"to\xff", 3}},
		{.path = {"c", 1}, .mode = S_IFCHR | 0600, .rdev_major = 1, .rdev_minor = 3},
		{.path = {"d", 1},
		 .mode = S_IFDIR | 0755,
		 .redirect = {"/was", 4},
		 .flags = SL_ENTRY_OPAQUE},
		{.path = {"w", 1}, .flags = SL_ENTRY_WHITEOUT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const struct sl_entry *want = &entries[i];
		CLEANUP(round_clear) struct round r = {0};

		round_trip(&r, want);
		assert_int_equal(r.read.entry.mode, want->mode);
		assert_int_equal(r.read.entry.flags, want->flags);
		assert_int_equal(r.read.entry.rdev_minor, want->rdev_minor);
		assert_int_equal(r.read.entry.target.len, want->target.len);
		assert_int_equal(r.read.entry.redirect.len, want->redirect.len);
		if (want->target.len > 0)
			assert_memory_equal(r.read.entry.target.data, want->target.data,
					    want->target.len);
	}
}

static void what_is_no_entry_is_refused(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"type\":\"door\"}",
		"{\"type\":7}",
		"{\"type\":\"file\",\"mode\":\"0999\"}",
		"{\"type\":\"file\",\"mode\":\"-1\"}",
		"{\"type\":\"file\",\"mode\":\"0100644\"}",
		"{\"type\":\"file\",\"uid\":4294967296}",
		"{\"type\":\"file\",\"uid\":-1}",
		"{\"type\":\"file\",\"size\":\"x\"}",
		"{\"type\":\"file\",\"mtime\":\"yesterday\"}",
		"{\"type\":\"file\",\"sha256\":\"00\"}",
		"{\"type\":\"file\",\"xattrs\":{\"user.a\":\"?\"}}",
		"{\"type\":\"file\",\"xattrs\":{\"user.a\":null}}",
		"{\"type\":\"file\",\"xattrs\":{\"b64:AA==\":\"\"}}",
		"{\"type\":\"file\",\"xattrs_b64\":[{\"value\":\"\"}]}",
		"{\"type\":\"directory\",\"opaque\":\"yes\"}",
		"{\"type\":\"symlink\",\"link\":3}",
		"{\"type\":\"symlink\",\"link_b64\":\"?\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct recordentry e;
		struct jval *doc = NULL;

		recordentry_init(&e);
		assert_int_equal(jval_parse(&doc, bad[i], strlen(bad[i]), NULL), 0);
		if (recordentry_read(&e, doc, (struct sl_bytes){"p", 1}, NULL) != -SL_EFORMAT)
			fail_msg("taken: %s", bad[i]);
		recordentry_clear(&e);
		jval_free(doc);
	}
}

static void a_path_has_no_nul_in_it(void **state)
{
	static const char text[] =
		"{\"path\":\"/a\",\"odd_b64\":\"L2EvYv8=\",\"nul_b64\":\"L2EAYg==\"}";
	CLEANUP(buf_clear) struct buf out = BUF_INIT(64);
	AUTO_JVAL struct jval *doc = NULL;

	(void)state;
	assert_int_equal(jval_parse(&doc, text, sizeof(text) - 1, NULL), 0);
	assert_int_equal(record_path(doc, "path", &out), 0);
	assert_int_equal(record_path(doc, "odd", &out), 0);
	assert_int_equal(out.len, 7);
	assert_memory_equal(out.data, "/a/a/b\xff", 7);
	assert_int_equal(record_path(doc, "none", &out), 1);
	assert_int_equal(record_bytes(doc, "nul", &out), 0);
	assert_int_equal(record_path(doc, "nul", &out), -SL_EFORMAT);
	/* only what was appended is looked at */
	assert_int_equal(record_path(doc, "path", &out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_comes_back_with_its_attributes),
		cmocka_unit_test(links_devices_and_whiteouts_come_back),
		cmocka_unit_test(what_is_no_entry_is_refused),
		cmocka_unit_test(a_path_has_no_nul_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
