/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/should-fail/KIND/CODE-what: each file holds one crime, and must fail with exactly that
 * code and with a message. What a fuzzer finds is added there.
 */
#include <dirent.h>
#include <fcntl.h>
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

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/inflate.h"
#include "core/root.h"
#include "core/signtime.h"
#include "core/tempfile.h"
#include "core/tlogproof.h"
#include "core/yaml.h"
#include "core/zstream.h"
#include "forensics/custodychain.h"
#include "host/bolt.h"
#include "snapshot/dump.h"
#include "snapshot/exportnote.h"
#include "snapshot/import.h"
#include "snapshot/jws.h"
#include "snapshot/ocidoc.h"
#include "snapshot/sigclaim.h"
#include "snapshot/tar.h"
#include "snapshot/tarsplit.h"

/* Memory for a window or dictionary: that of the default limits. */
#define MAX_WINDOW (1ull << 27)

typedef int (*read_fn)(const struct buf *in, struct sl_error *err);
typedef int (*wrap_fn)(struct istream **out, struct istream *inner, struct sl_error *err);

static int drain(wrap_fn wrap, const struct buf *in, struct sl_error *err)
{
	struct istream *s = NULL;
	const uint8_t *bytes;
	size_t len;
	int rc;

	assert_int_equal(istream_from_memory(&s, in->data, in->len, err), 0);
	assert_int_equal(wrap(&s, s, err), 0);
	while ((rc = istream_next(s, &bytes, &len, err)) == 0)
		continue;
	istream_close(s);
	return rc;
}

static int read_gzip(const struct buf *in, struct sl_error *err)
{
	return drain(istream_gzip, in, err);
}

static int wrap_zlib(struct istream **out, struct istream *inner, struct sl_error *err)
{
	return istream_gzip_with(out, inner, &inflate_zlib, err);
}

static int read_gzip_zlib(const struct buf *in, struct sl_error *err)
{
	return drain(wrap_zlib, in, err);
}

static int wrap_zstd(struct istream **out, struct istream *inner, struct sl_error *err)
{
	return istream_zstd(out, inner, MAX_WINDOW, err);
}

static int read_zstd(const struct buf *in, struct sl_error *err)
{
	return drain(wrap_zstd, in, err);
}

static int wrap_xz(struct istream **out, struct istream *inner, struct sl_error *err)
{
	return istream_xz(out, inner, MAX_WINDOW, err);
}

static int read_xz(const struct buf *in, struct sl_error *err)
{
	return drain(wrap_xz, in, err);
}

static int read_bzip2(const struct buf *in, struct sl_error *err)
{
	return drain(istream_bzip2, in, err);
}

static int read_dump(const struct buf *in, struct sl_error *err)
{
	struct sl_baselines *b = NULL;
	struct sl_index_result result;
	uint8_t id[SL_SHA256_SIZE];
	struct istream *s = NULL;
	int rc;

	assert_int_equal(sl_baselines_open(&b, NULL, err), 0);
	assert_int_equal(istream_from_memory(&s, in->data, in->len, err), 0);
	rc = dump_load(b, s, NULL, id, &result, err);
	istream_close(s);
	sl_baselines_close(b);
	return rc;
}

static int read_import(const struct buf *in, struct sl_error *err)
{
	struct sl_baselines *b = NULL;
	struct import *im = NULL;
	struct istream *s = NULL;
	int rc;

	assert_int_equal(sl_baselines_open(&b, NULL, err), 0);
	assert_int_equal(import_new(&im, b, err), 0);
	assert_int_equal(istream_from_memory(&s, in->data, in->len, err), 0);
	rc = import_read(im, s, err);
	import_free(im);
	istream_close(s);
	sl_baselines_close(b);
	return rc;
}

static int read_import_note(const struct buf *in, struct sl_error *err)
{
	AUTO_CLOSE int fd = memfd_create("file", MFD_CLOEXEC);
	struct exportnote note;

	assert_int_equal(write(fd, in->data, in->len), in->len);
	return exportnote_read(&note, fd, err);
}

static int nothing(void *payload, const struct layer_item *item, struct sl_error *err)
{
	(void)payload;
	(void)item;
	(void)err;
	return 0;
}

static int read_tar(const struct buf *in, struct sl_error *err)
{
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	const struct tar_options options = {.limits = &limits, .item = nothing};
	struct istream *s = NULL;
	uint64_t entries;
	int rc;

	assert_int_equal(istream_from_memory(&s, in->data, in->len, err), 0);
	rc = tar_read(s, &options, &entries, err);
	istream_close(s);
	return rc;
}

static int scratch_fd = -1; /* a directory with "a" and "d" in it */

static int wrap_split(struct istream **out, struct istream *inner, struct sl_error *err)
{
	return tarsplit_open(out, inner, scratch_fd, err);
}

static int read_split(const struct buf *in, struct sl_error *err)
{
	return drain(wrap_split, in, err);
}

static int read_index(const struct buf *in, struct sl_error *err)
{
	struct ocidoc_index doc;

	return ocidoc_parse_index(&doc, in->data, in->len, err);
}

static int read_manifest(const struct buf *in, struct sl_error *err)
{
	struct ocidoc_manifest doc;

	return ocidoc_parse_manifest(&doc, in->data, in->len, err);
}

static int read_config(const struct buf *in, struct sl_error *err)
{
	struct ocidoc_config doc;

	return ocidoc_parse_config(&doc, in->data, in->len, err);
}

static int read_jws(const struct buf *in, struct sl_error *err)
{
	struct jws jws;
	int rc = jws_parse(&jws, in->data, in->len, err);

	jws_clear(&jws);
	return rc;
}

static int read_jws_payload(const struct buf *in, struct sl_error *err)
{
	struct jws_target target;

	return jws_target(in->data, in->len, &target, err);
}

static int read_simple(const struct buf *in, struct sl_error *err)
{
	struct sigclaim claim;

	return sigclaim_simple(in->data, in->len, &claim, err);
}

static int read_statement(const struct buf *in, struct sl_error *err)
{
	struct sigclaim claim;

	return sigclaim_statement(in->data, in->len, &claim, err);
}

static int read_bundle(const struct buf *in, struct sl_error *err)
{
	struct sigbundle bundle;
	int rc = sigbundle_parse(&bundle, in->data, in->len, err);

	sigbundle_clear(&bundle);
	return rc;
}

/* Line after line, until one does not follow. */
static int read_custody(const struct buf *in, struct sl_error *err)
{
	struct custody_chain chain = {.count = 0};
	const char *end, *at = in->data;
	int rc = 0;

	for (; rc == 0 && at < in->data + in->len; at = end + 1) {
		struct custody_line line;

		end = memchr(at, '\n', (size_t)(in->data + in->len - at));
		assert_non_null(end);
		rc = custody_read(&line, at, (size_t)(end - at) + 1, err);
		if (rc == 0)
			rc = custody_chain_add(&chain, &line, err);
		custody_line_clear(&line);
	}
	custody_chain_clear(&chain);
	return rc;
}

static int read_signtime(const struct buf *in, struct sl_error *err)
{
	struct signtime *t = NULL;
	int rc = signtime_parse(&t, in->data, in->len, err);

	signtime_free(t);
	return rc;
}

static struct bolt *database;

static int walk_item(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	(void)payload;
	return item->value.data != NULL ? 0
					: bolt_each(database, item->bucket, walk_item, NULL, err);
}

static int walk_root(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	(void)payload;
	return bolt_each(b, root, walk_item, NULL, err);
}

static int read_bolt(const struct buf *in, struct sl_error *err)
{
	AUTO_CLOSE int fd = tempfile_open(NULL, err);
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(tempfile_write(fd, in->data, in->len, err), 0);
	rc = bolt_open(&database, fd, err);
	if (rc == 0) {
		rc = bolt_view(database, walk_root, NULL, NULL, err);
		bolt_close(database);
	}
	return rc;
}

static int code_of(const char *name)
{
	static const struct {
		const char *name;
		enum sl_code code;
	} codes[] = {
		{"EFORMAT-", SL_EFORMAT},
		{"ELIMIT-", SL_ELIMIT},
		{"EIO-", SL_EIO},
		{"EUNSUPPORTED-", SL_EUNSUPPORTED},
		{"EUNTRUSTED-", SL_EUNTRUSTED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strncmp(name, codes[i].name, strlen(codes[i].name)) == 0)
			return -(int)codes[i].code;
	fail_msg("'%s' does not begin with a code", name);
	return 0;
}

static int read_tlogproof(const struct buf *in, struct sl_error *err)
{
	struct tlogproof proof;
	size_t pos = 0;
	int rc;

	do
		rc = tlogproof_next(&proof, in->data, in->len, &pos, err);
	while (rc == 0);
	return rc;
}

static void each_fails_with_its_code(const char *kind, read_fn read)
{
	AUTO_FREE char *source = strdup(__FILE__), *path = NULL;
	struct root_names names;
	AUTO_CLOSE int fd = -1;

	*strrchr(source, '/') = '\0';
	assert_true(asprintf(&path, "%s/../should-fail/%s", source, kind) > 0);
	fd = root_open_dir(path, NULL);
	assert_true(fd >= 0);
	assert_int_equal(root_list(fd, &names, 1000, NULL), 0);
	assert_true(names.count > 0);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		CLEANUP(buf_clear) struct buf in = BUF_INIT(1 << 20);
		int rc;

		assert_int_equal(root_read_file(fd, names.names[i], ROOT_NO_LINKS, &in, NULL), 0);
		assert_int_equal(buf_append(&in, "", 0), 0);
		rc = read(&in, &err);
		if (rc != code_of(names.names[i]) || err.msg == NULL)
			fail_msg("%s/%s: code %d, '%s'", kind, names.names[i], rc,
				 sl_error_text(&err));
	}
	root_names_clear(&names);
}

static void tlogproof_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("tlogproof", read_tlogproof);
}

static void gzip_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("gzip", read_gzip);
	each_fails_with_its_code("gzip", read_gzip_zlib);
}

static void zstd_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("zstd", read_zstd);
}

static void xz_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("xz", read_xz);
}

static void bzip2_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("bzip2", read_bzip2);
}

static void tar_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("tar", read_tar);
}

static void tar_split_crimes_fail(void **state)
{
	char dir[] = "/tmp/strandline-fail.XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	scratch_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(scratch_fd, "d", 0700), 0);
	fd = openat(scratch_fd, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "hello", 5), 5);
	close(fd);
	each_fails_with_its_code("tarsplit", read_split);
	(void)unlinkat(scratch_fd, "a", 0);
	(void)unlinkat(scratch_fd, "d", AT_REMOVEDIR);
	(void)rmdir(dir);
	close(scratch_fd);
}

static void document_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("index", read_index);
	each_fails_with_its_code("manifest", read_manifest);
	each_fails_with_its_code("config", read_config);
}

static int read_yaml(const struct buf *in, struct sl_error *err)
{
	struct ydoc *doc = NULL;
	int rc = ydoc_parse(&doc, "f", in->data, in->len, err);

	ydoc_free(doc);
	return rc;
}

static void yaml_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("yaml", read_yaml);
}

static void dump_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("dump", read_dump);
}

static void bolt_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("bolt", read_bolt);
}

static void import_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("import", read_import);
	each_fails_with_its_code("import-note", read_import_note);
}

static void signature_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("jws", read_jws);
	each_fails_with_its_code("jws-payload", read_jws_payload);
	each_fails_with_its_code("simplesigning", read_simple);
	each_fails_with_its_code("statement", read_statement);
	each_fails_with_its_code("sigbundle", read_bundle);
}

static void sidecar_crimes_fail(void **state)
{
	(void)state;
	each_fails_with_its_code("custody", read_custody);
	each_fails_with_its_code("signtime", read_signtime);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_crimes_fail),      cmocka_unit_test(zstd_crimes_fail),
		cmocka_unit_test(xz_crimes_fail),        cmocka_unit_test(bzip2_crimes_fail),
		cmocka_unit_test(tar_crimes_fail),       cmocka_unit_test(tar_split_crimes_fail),
		cmocka_unit_test(document_crimes_fail),  cmocka_unit_test(dump_crimes_fail),
		cmocka_unit_test(signature_crimes_fail), cmocka_unit_test(bolt_crimes_fail),
		cmocka_unit_test(import_crimes_fail),    cmocka_unit_test(yaml_crimes_fail),
		cmocka_unit_test(sidecar_crimes_fail),   cmocka_unit_test(tlogproof_crimes_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
