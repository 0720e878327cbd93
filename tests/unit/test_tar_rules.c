/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where readers of tar differ, ours does as Go's archive/tar, which unpacked the image on every
 * engine: one tar a sentence, and what comes out of it.
 */
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
#include "snapshot/tar.h"
#include "unit/tarmake.h"

/* "PATH=SIZE" each, "->TARGET" for links, "~" behind what is ambiguous. */
static int write_down(void *payload, const struct layer_item *item, struct sl_error *err)
{
	const struct sl_entry *e = &item->entry;
	struct buf *out = payload;

	(void)err;
	(void)buf_printf(out, "%s%s", out->len > 0 ? "; " : "", e->path.data);
	if (S_ISREG(e->mode))
		(void)buf_printf(out, "=%zu", (size_t)e->size);
	if (S_ISDIR(e->mode))
		(void)buf_append_char(out, '/');
	if (item->hardlink.data != NULL)
		(void)buf_printf(out, "->%s", item->hardlink.data);
	for (size_t i = 0; i < e->xattr_count; i++)
		(void)buf_printf(out, " %s", e->xattrs[i].name);
	if ((e->flags & SL_ENTRY_AMBIGUOUS) != 0)
		(void)buf_append_char(out, '~');
	return 0;
}

static void expect(const char *sentence, struct buf *tar, const char *want)
{
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 16);
	const struct tar_options options = {.limits = &limits, .item = write_down, .payload = &out};
	struct istream *in = NULL;
	uint64_t entries;
	int rc;

	tar_end(tar);
	assert_int_equal(istream_from_memory(&in, tar->data, tar->len, NULL), 0);
	rc = tar_read(in, &options, &entries, &err);
	istream_close(in);
	if (rc < 0) {
		buf_reset(&out);
		(void)buf_printf(&out, "error: %s", sl_error_text(&err));
	}
	if (out.data == NULL || strcmp(out.data, want) != 0)
		fail_msg("%s: '%s' instead of '%s'", sentence, out.data != NULL ? out.data : "",
			 want);
	buf_reset(tar);
}

static void set(struct tar_row *r, size_t at, const char *bytes)
{
	memcpy(r->raw + at, bytes, strlen(bytes));
}

static void prefixes_are_joined_where_go_joins_them(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	struct tar_row r = {.name = "file", .mode = 0644};

	(void)state;
	set(&r, 345, "some/dir");
	set(&r, 263, "xx");
	tar_header(&tar, &r);
	expect("a ustar header of any version has a prefix", &tar, "some/dir/file=0");

	r.raw[262] = 'x'; /* over the NUL of the magic */
	tar_header(&tar, &r);
	expect("without the magic there is none", &tar, "file=0");

	r = (struct tar_row){.name = "file", .mode = 0644};
	set(&r, 345, "some/dir");
	set(&r, 508, "tar");
	set(&r, 476, "00000000001 00000000002 ");
	tar_header(&tar, &r);
	expect("star keeps times behind a shorter prefix", &tar, "some/dir/file=0");

	r = (struct tar_row){.name = "file", .mode = 0644, .gnu = true};
	set(&r, 345, "00000000001");
	set(&r, 357, "00000000002");
	tar_header(&tar, &r);
	expect("times of a GNU header are no prefix", &tar, "file=0");

	r = (struct tar_row){.name = "file", .mode = 0644, .gnu = true};
	set(&r, 345, "some/long/directory/name");
	tar_header(&tar, &r);
	expect("but what old Go wrote there is", &tar, "some/long/directory/name/file=0");

	r = (struct tar_row){.name = "file", .mode = 0644, .gnu = true};
	set(&r, 345, "caf\xc3\xa9/x");
	tar_header(&tar, &r);
	expect("unless it is not plain text", &tar, "file=0");
}

static void what_describes_an_entry_goes_no_further(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);

	(void)state;
	tar_pax(&tar, "path", "pax");
	tar_special(&tar, 'g', "", 0);
	tar_file(&tar, "plain", "");
	expect("a global header uses up what stands before it", &tar, "plain=0");

	tar_special(&tar, 'g', "", 0);
	tar_pax(&tar, "path", "pax");
	tar_file(&tar, "plain", "");
	expect("and not what stands behind it", &tar, "pax=0");

	tar_special(&tar, 'L', "long", 5);
	tar_pax(&tar, "path", "pax");
	tar_file(&tar, "plain", "");
	expect("a GNU name counts before a PAX name, whichever came first", &tar, "long=0");

	tar_special(&tar, 'L', "long", 5);
	tar_special(&tar, 'L', "", 1);
	tar_file(&tar, "plain", "");
	expect("an empty GNU name takes an earlier one back", &tar, "plain=0");

	tar_special(&tar, 'L', "cut\0off", 7);
	tar_file(&tar, "plain", "");
	expect("a GNU name ends at its first NUL", &tar, "cut=0");

	tar_pax(&tar, "path", "first");
	tar_pax(&tar, "comment", "second");
	tar_file(&tar, "plain", "");
	expect("of two PAX headers the second counts alone", &tar, "plain=0");
}

static void the_last_record_of_a_key_counts(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20), rec = BUF_INIT(1 << 16);

	(void)state;
	tar_record(&rec, "path", "first", 5);
	tar_record(&rec, "path", "second", 6);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "plain", "");
	expect("the later of two", &tar, "second=0");

	tar_record(&rec, "path", "", 0);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "plain", "");
	expect("an empty one gives way to the header", &tar, "plain=0");

	buf_reset(&rec);
	tar_record(&rec, "size", "3", 1);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_plain(&tar, "a", '0', NULL); /* says 0 */
	tar_body(&tar, "abc", 3);
	tar_file(&tar, "b", "");
	expect("a PAX size counts, not the header's", &tar, "a=3; b=0");
}

static void no_tar_is_called_none(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);

	(void)state;
	tar_body(&tar, "\x04\x22\x4d\x18", 4); /* lz4 */
	expect("what it could be is said", &tar,
	       "error: neither a tar nor compressed with gzip, zstd, xz or bzip2: "
	       "tar header: checksum does not match");
}

static void attributes_without_a_value_are_ambiguous(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);

	(void)state;
	tar_pax(&tar, "SCHILY.xattr.user.none", "");
	tar_file(&tar, "a", "");
	tar_pax(&tar, "SCHILY.xattr.user.one", "1");
	tar_file(&tar, "b", "");
	expect("an empty record is none to some", &tar, "a=0 user.none~; b=0 user.one");
}

static void bodies_belong_to_those_who_have_them(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	struct tar_row r = {.name = "d/", .mode = 0755, .size = 512};

	(void)state;
	r.type = '5';
	tar_header(&tar, &r);
	tar_file(&tar, "next", "");
	expect("a directory has no body, whatever its size says", &tar, "d/; next=0");

	r.type = '1';
	r.link = "next";
	tar_header(&tar, &r);
	tar_file(&tar, "next", "");
	expect("nor has a hard link", &tar, "d->next; next=0");

	r = (struct tar_row){.name = "old/", .mode = 0755};
	r.raw[156] = 1;
	tar_header(&tar, &r);
	tar.data[156] = '\0'; /* the type of the oldest tars */
	tar_seal(tar.data);
	tar_file(&tar, "next", "");
	expect("a file with a slash at its end was a directory once", &tar, "old/; next=0");

	tar_plain(&tar, "new/", '0', NULL);
	expect("but is a file where files have a type", &tar, "new=0");
}

static void both_checksums_are_taken(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);
	struct tar_row r = {.name = "\xff\xfe", .mode = 0644};
	int sum = 0;

	(void)state;
	tar_header(&tar, &r);
	memset(tar.data + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (signed char)tar.data[i];
	(void)snprintf(tar.data + 148, 8, "%06o", sum);
	expect("a sum of signed bytes", &tar, "\xff\xfe=0");
}

static void only_engines_attributes_are_kept(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20), rec = BUF_INIT(1 << 16);

	(void)state;
	tar_record(&rec, "LIBARCHIVE.xattr.user%2Elib", "YWJj", 4);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "a", "");
	tar_file(&tar, "b", "");
	expect("an attribute only for libarchive is flagged", &tar, "a=0~; b=0");

	tar_record(&rec, "SCHILY.xattr.user.lib", "abc", 3);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "a", "");
	expect("one in both forms is not", &tar, "a=0 user.lib");

	buf_reset(&rec);
	tar_record(&rec, "LIBARCHIVE.xattr.user%zz", "*", 1);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "a", "");
	expect("one that is malformed does no harm", &tar, "a=0~");

	buf_reset(&rec);
	tar_record(&rec, "SCHILY.acl.access", "user::rwx", 9);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "a", "");
	expect("access lists are flagged, as no engine sets them", &tar, "a=0~");

	buf_reset(&rec);
	tar_record(&rec, "RHT.security.selinux", "label", 5);
	tar_special(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "a", "");
	expect("labels are the host's, not the image's", &tar, "a=0");
}

/* A file of 3 stored bytes with these records; NULL ends them. */
static void sparse(struct buf *tar, const char *const records[])
{
	CLEANUP(buf_clear) struct buf rec = BUF_INIT(1 << 16);

	for (; records[0] != NULL; records += 2)
		tar_record(&rec, records[0], records[1], strlen(records[1]));
	tar_special(tar, 'x', rec.data, rec.len);
	tar_file(tar, "a", "abc");
}

#define SPARSE(...) sparse(&tar, (const char *const[]){__VA_ARGS__, NULL})

static void only_known_versions_are_sparse(void **state)
{
	CLEANUP(buf_clear) struct buf tar = BUF_INIT(1 << 20);

	(void)state;
	SPARSE("GNU.sparse.map", "5,3", "GNU.sparse.size", "8", "GNU.sparse.numblocks", "1");
	expect("a map without a version", &tar, "a=8");
	SPARSE("GNU.sparse.map", "5,3", "GNU.sparse.size", "8", "GNU.sparse.major", "0",
	       "GNU.sparse.minor", "1");
	expect("version 0.1", &tar, "a=8");
	SPARSE("GNU.sparse.map", "5,3", "GNU.sparse.size", "8", "GNU.sparse.major", "0",
	       "GNU.sparse.minor", "2");
	expect("version 0.2 is nobody's: a plain file", &tar, "a=3");
	SPARSE("GNU.sparse.map", "5,3", "GNU.sparse.size", "8", "GNU.sparse.major", "0");
	expect("half a version is none", &tar, "a=3");
	SPARSE("GNU.sparse.map", "5,3", "GNU.sparse.size", "8", "GNU.sparse.minor", "1");
	expect("nor is the other half", &tar, "a=3");
	SPARSE("GNU.sparse.map", "5,3", "GNU.sparse.size", "8", "GNU.sparse.major", "2",
	       "GNU.sparse.minor", "0", "GNU.sparse.name", "b");
	expect("a version of the future is a plain file under its plain name", &tar, "a=3");
	SPARSE("GNU.sparse.map", "", "GNU.sparse.size", "8");
	expect("an empty map says nothing", &tar, "a=3");
	SPARSE("GNU.sparse.map", "5,3", "GNU.sparse.size", "8", "GNU.sparse.realsize", "9");
	expect("of two sizes the older name counts", &tar, "a=8");
	SPARSE("GNU.sparse.map", "5,3", "GNU.sparse.size", "8", "GNU.sparse.name", "b");
	expect("the name is the map's", &tar, "b=8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_joined_where_go_joins_them),
		cmocka_unit_test(what_describes_an_entry_goes_no_further),
		cmocka_unit_test(the_last_record_of_a_key_counts),
		cmocka_unit_test(no_tar_is_called_none),
		cmocka_unit_test(attributes_without_a_value_are_ambiguous),
		cmocka_unit_test(bodies_belong_to_those_who_have_them),
		cmocka_unit_test(both_checksums_are_taken),
		cmocka_unit_test(only_engines_attributes_are_kept),
		cmocka_unit_test(only_known_versions_are_sparse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
