/* SPDX-License-Identifier: Apache-2.0 */
/* A row as one line of text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "snapshot/dumpline.h"

#define BYTES(s) ((struct sl_bytes){s, sizeof(s) - 1})
#define KNOWN (SL_ENTRY_MTIME | SL_ENTRY_XATTRS)

static const struct sl_xattr attributes[] = {
	{"security.capability", "\1\0\0\2", 4},
	{"user.=\n", NULL, 0},
};

static const struct {
	const char *line;
	struct row row;
} cases[] = {
	{". type=dir mode=0755 uid=0 gid=0 time=1.000000000",
	 {{.path = {"", 0}, .mode = S_IFDIR | 0755, .mtime = {1, 0}, .fields = KNOWN}, false}},
	{"./etc type=dir mode=1777 uid=1 gid=2 time=1.000000002 state=hides",
	 {{.path = BYTES("etc"),
	   .mode = S_IFDIR | 01777,
	   .uid = 1,
	   .gid = 2,
	   .mtime = {1, 2},
	   .fields = KNOWN},
	  true}},
	{"./a type=file mode=4755 uid=4294967295 gid=0 size=9223372036854775807 "
	 "time=-9223372036854775808.999999999 "
	 "sha256=0100000000000000000000000000000000000000000000000000000000000000 "
	 "xxh3=02000000000000000000000000000000 xattr.security.capability=AQAAAg== "
	 "xattr.user.\\075\\012= state=hides,implied,coarse,unresolved,ambiguous",
	 {{.path = BYTES("a"),
	   .mode = S_IFREG | 04755,
	   .uid = UINT32_MAX,
	   .size = INT64_MAX,
	   .mtime = {INT64_MIN, 999999999},
	   .fields = KNOWN | SL_ENTRY_SHA256 | SL_ENTRY_XXH3,
	   .flags = SL_ENTRY_IMPLIED | SL_ENTRY_COARSE_TIME | SL_ENTRY_UNRESOLVED |
		    SL_ENTRY_AMBIGUOUS,
	   .sha256 = {1},
	   .xxh3 = {2},
	   .xattrs = attributes,
	   .xattr_count = 2},
	  true}},
	{"./a type=file mode=0000 uid=0 gid=0 size=0 state=xattrs-unknown",
	 {{.path = BYTES("a"), .mode = S_IFREG}, false}},
	{"./l type=link mode=0777 uid=0 gid=0 link=../x\\040y",
	 {{.path = BYTES("l"),
	   .mode = S_IFLNK | 0777,
	   .target = BYTES("../x y"),
	   .fields = SL_ENTRY_XATTRS},
	  false}},
	{"./l type=link mode=0777 uid=0 gid=0 link=",
	 {{.path = BYTES("l"),
	   .mode = S_IFLNK | 0777,
	   .target = {"", 0},
	   .fields = SL_ENTRY_XATTRS},
	  false}},
	{"./dev/null type=char mode=0666 uid=0 gid=0 device=linux,1,3",
	 {{.path = BYTES("dev/null"),
	   .mode = S_IFCHR | 0666,
	   .rdev_major = 1,
	   .rdev_minor = 3,
	   .fields = SL_ENTRY_XATTRS},
	  false}},
	{"./b type=block mode=0600 uid=0 gid=0 device=linux,0,0",
	 {{.path = BYTES("b"), .mode = S_IFBLK | 0600, .fields = SL_ENTRY_XATTRS}, false}},
	{"./p type=fifo mode=0600 uid=0 gid=0",
	 {{.path = BYTES("p"), .mode = S_IFIFO | 0600, .fields = SL_ENTRY_XATTRS}, false}},
	{"./s type=socket mode=0600 uid=0 gid=0",
	 {{.path = BYTES("s"), .mode = S_IFSOCK | 0600, .fields = SL_ENTRY_XATTRS}, false}},
	{"./gone type=whiteout state=hides",
	 {{.path = BYTES("gone"), .flags = SL_ENTRY_WHITEOUT}, true}},
	{"./"
	 "\\000\\011\\012\\015\\033\\040!\"\\043$%&'()\\052+,-.0:;<\\075>\\077@A\\133\\134]^_`a{|}~"
	 "\\177\\200\\377 type=fifo mode=0600 uid=0 gid=0",
	 {{.path = BYTES("\0\t\n\r\033 !\"#$%&'()*+,-.0:;<=>?@A[\\]^_`a{|}~\177\200\377"),
	   .mode = S_IFIFO | 0600,
	   .fields = SL_ENTRY_XATTRS},
	  false}},
};

static void a_row_has_one_line(void **state)
{
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buf_reset(&out);
		assert_int_equal(dumpline_format(&out, &cases[i].row, NULL), 0);
		assert_int_equal(out.data[out.len - 1], '\n');
		out.data[out.len - 1] = '\0';
		assert_string_equal(out.data, cases[i].line);
	}
}

static void assert_same(const struct sl_entry *a, const struct sl_entry *b)
{
	assert_int_equal(a->path.len, b->path.len);
	assert_memory_equal(a->path.data, b->path.data, b->path.len);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->mtime.sec, b->mtime.sec);
	assert_int_equal(a->mtime.nsec, b->mtime.nsec);
	assert_int_equal(a->target.data != NULL, b->target.data != NULL);
	assert_int_equal(a->target.len, b->target.len);
	if (b->target.len > 0)
		assert_memory_equal(a->target.data, b->target.data, b->target.len);
	assert_int_equal(a->rdev_major, b->rdev_major);
	assert_int_equal(a->rdev_minor, b->rdev_minor);
	assert_int_equal(a->fields, b->fields);
	assert_int_equal(a->flags, b->flags);
	assert_memory_equal(a->sha256, b->sha256, sizeof(a->sha256));
	assert_memory_equal(a->xxh3, b->xxh3, sizeof(a->xxh3));
	assert_int_equal(a->xattr_count, b->xattr_count);
	for (size_t i = 0; i < b->xattr_count; i++) {
		assert_string_equal(a->xattrs[i].name, b->xattrs[i].name);
		assert_int_equal(a->xattrs[i].size, b->xattrs[i].size);
		if (b->xattrs[i].size > 0)
			assert_memory_equal(a->xattrs[i].value, b->xattrs[i].value,
					    b->xattrs[i].size);
	}
}

static void a_line_gives_its_row_back(void **state)
{
	struct dumpline d CLEANUP(dumpline_clear) = DUMPLINE_INIT;
	size_t parsed = 0;
	struct row row;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int rc = dumpline_parse(&d, cases[i].line, strlen(cases[i].line), &row, NULL);

		/* no path holds NUL, however it is spelt */
		if (strstr(cases[i].line, "\\000") != NULL) {
			assert_int_equal(rc, -SL_EFORMAT);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_int_equal(row.hides, cases[i].row.hides);
		assert_same(&row.entry, &cases[i].row.entry);
		parsed++;
	}
	assert_int_equal(parsed, ARRAY_SIZE(cases) - 1);
}

static void a_line_that_is_spelt_otherwise_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"a type=fifo mode=0600 uid=0 gid=0",
		"/a type=fifo mode=0600 uid=0 gid=0",
		"./ type=dir mode=0755 uid=0 gid=0",
		"./a/ type=dir mode=0755 uid=0 gid=0",
		"./a//b type=dir mode=0755 uid=0 gid=0",
		"./../a type=dir mode=0755 uid=0 gid=0",
		"./a/. type=dir mode=0755 uid=0 gid=0",
		"./\\056\\056 type=dir mode=0755 uid=0 gid=0",
		"./\\141 type=dir mode=0755 uid=0 gid=0",
		"./\\14 type=dir mode=0755 uid=0 gid=0",
		"./a type=dir mode=755 uid=0 gid=0",
		"./a type=dir mode=0755 uid=00 gid=0",
		"./a type=dir mode=0755 uid=4294967296 gid=0",
		"./a type=dir mode=0755 uid=-1 gid=0",
		"./a type=dir mode=0755 uid=0 gid=0 size=0",
		"./a type=dir mode=0755 uid=0",
		"./a type=dir uid=0 mode=0755 gid=0",
		"./a type=dir mode=0755 uid=0 gid=0 ",
		"./a  type=dir mode=0755 uid=0 gid=0",
		"./a type=dir mode=0755 uid=0 gid=0 time=1.5",
		"./a type=dir mode=0755 uid=0 gid=0 time=1.1000000000",
		"./a type=dir mode=0755 uid=0 gid=0 time=-0.100000000",
		"./a type=dir mode=0755 uid=0 gid=0 state=",
		"./a type=dir mode=0755 uid=0 gid=0 state=coarse,hides",
		"./a type=dir mode=0755 uid=0 gid=0 state=hides,hides",
		"./a type=dir mode=0755 uid=0 gid=0 state=secret",
		"./a type=dir mode=0755 uid=0 gid=0 colour=red",
		"./a type=dir mode=0755 uid=0 gid=0 xattr.=",
		"./a type=dir mode=0755 uid=0 gid=0 xattr.a\\000b=",
		"./a type=dir mode=0755 uid=0 gid=0 xattr.b= xattr.a=",
		"./a type=dir mode=0755 uid=0 gid=0 xattr.a= xattr.a=",
		"./a type=dir mode=0755 uid=0 gid=0 xattr.a=AA",
		"./a type=fifo mode=0600 uid=0 gid=0 device=linux,0,0",
		"./a type=char mode=0600 uid=0 gid=0",
		"./a type=file mode=0600 uid=0 gid=0",
		"./a type=file mode=0600 uid=0 gid=0 size=9223372036854775808",
		"./a type=file mode=0600 uid=0 gid=0 size=1 sha256=00",
		"./a type=whiteout",
		"./a type=whiteout mode=0000 uid=0 gid=0 state=hides",
		"./a type=whiteout uid=1 state=hides",
		"./a type=door mode=0600 uid=0 gid=0",
		"./a",
		".",
	};
	struct dumpline d CLEANUP(dumpline_clear) = DUMPLINE_INIT;
	struct row row;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		int rc = dumpline_parse(&d, lines[i], strlen(lines[i]), &row, NULL);

		if (rc != -SL_EFORMAT)
			print_error("accepted: %s\n", lines[i]);
		assert_int_equal(rc, -SL_EFORMAT);
	}
}

static void a_row_that_nobody_wrote_has_no_line(void **state)
{
	static const struct row rows[] = {
		{{.path = BYTES("a"), .mode = 0755}, false},
		{{.path = BYTES("a"), .mode = 0755}, true},
		{{.path = BYTES("a"), .mode = S_IFREG | S_IFBLK | 0755}, false},
		{{.path = BYTES("a"), .mode = 1u << 16 | S_IFREG | 0755}, false},
		{{.path = BYTES("a")}, false},
		{{.path = BYTES("a"), .uid = 1}, true},
		{{.path = BYTES("a"), .target = BYTES("")}, true},
		{{.path = BYTES("a"), .mtime = {1, 0}}, true},
		{{.path = BYTES("a"), .fields = SL_ENTRY_SHA256}, true},
	};
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_reset(&out);
		assert_int_equal(dumpline_format(&out, &rows[i], NULL), -SL_EFORMAT);
	}
}

static void a_line_longer_than_any_row_is_a_limit(void **state)
{
	struct dumpline d CLEANUP(dumpline_clear) = DUMPLINE_INIT;
	AUTO_FREE char *line = malloc(DUMPLINE_MAX);
	struct row row;

	(void)state;
	assert_non_null(line);
	memset(line, 'a', DUMPLINE_MAX);
	assert_int_equal(dumpline_parse(&d, line, DUMPLINE_MAX, &row, NULL), -SL_ELIMIT);
	assert_int_equal(dumpline_parse(&d, line, DUMPLINE_MAX - 1, &row, NULL), -SL_EFORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_has_one_line),
		cmocka_unit_test(a_line_gives_its_row_back),
		cmocka_unit_test(a_line_that_is_spelt_otherwise_is_refused),
		cmocka_unit_test(a_row_that_nobody_wrote_has_no_line),
		cmocka_unit_test(a_line_longer_than_any_row_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
