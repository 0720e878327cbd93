/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with a table of contents, made by hand after the two formats, read as layers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "snapshot/layerread.h"
#include "unit/tarmake.h"

/* @TEXT@ stands for the digest of TEXT. */
static const char table[] =
	"{\"version\":1,\"entries\":["
	"{\"type\":\"dir\",\"name\":\"./etc/\",\"mode\":493},"
	"{\"type\":\"reg\",\"name\":\"./etc/hosts\",\"mode\":33188,\"size\":5,"
	"\"digest\":\"@local@\",\"chunkDigest\":\"@local@\",\"offset\":9,\"endOffset\":20},"
	"{\"type\":\"reg\",\"name\":\"/bin/su\",\"mode\":2541,\"uid\":7,\"gid\":8,\"size\":10,"
	"\"xattrs\":{\"user.x\":\"dmFs\"},\"digest\":\"@0123456789@\",\"offset\":30,"
	"\"chunkSize\":4,\"chunkDigest\":\"@0123@\"},"
	"{\"type\":\"chunk\",\"name\":\"bin/su\",\"chunkOffset\":4,\"chunkSize\":4,"
	"\"chunkDigest\":\"@4567@\"},"
	"{\"type\":\"chunk\",\"name\":\"bin/su\",\"chunkOffset\":8,\"chunkDigest\":\"@89@\"},"
	"{\"type\":\"hardlink\",\"name\":\"hard\",\"linkName\":\"/bin/su\",\"mode\":493},"
	"{\"type\":\"symlink\",\"name\":\"soft\",\"linkName\":\"etc/./hosts\",\"mode\":493},"
	"{\"type\":\"char\",\"name\":\"null\",\"mode\":438,\"devMajor\":1,\"devMinor\":3},"
	"{\"type\":\"fifo\",\"name\":\"odd\xef\xbf\xbdname\",\"mode\":493},"
	"{\"type\":\"reg\",\"name\":\"empty\",\"mode\":420}"
	"]}";

static void make_tar(struct buf *out)
{
	const struct tar_row su = {.name = "bin/su", .mode = 04755, .uid = 7, .gid = 8, .size = 10};
	const struct tar_row null = {
		.name = "null", .type = '3', .mode = 0666, .major = 1, .minor = 3};

	tar_plain(out, "etc/", '5', NULL);
	tar_file(out, "etc/hosts", "local");
	tar_pax(out, "SCHILY.xattr.user.x", "val");
	tar_header(out, &su);
	tar_body(out, "0123456789", 10);
	tar_plain(out, "hard", '1', "bin/su");
	tar_plain(out, "soft", '2', "etc/./hosts");
	tar_header(out, &null);
	tar_plain(out, "odd\xffname", '6', NULL);
	tar_pax(out, "SCHILY.xattr.user.none", ""); /* which Go's writers of tables do not see */
	tar_file(out, "empty", "");
}

/* The table with @from, where it stands first, turned into @to, and digests filled in. */
static void make_json(struct buf *out, const char *from, const char *to)
{
	const char *hit = from != NULL ? strstr(table, from) : NULL;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(1 << 16);

	assert_true(from == NULL || hit != NULL);
	if (hit == NULL)
		hit = table + strlen(table);
	tar_must(buf_append(&text, table, (size_t)(hit - table)));
	tar_must(buf_append_str(&text, from != NULL ? to : ""));
	tar_must(buf_append_str(&text, from != NULL ? hit + strlen(from) : ""));
	for (const char *at = text.data, *end; *at != '\0'; at = end + 1) {
		uint8_t digest[SL_SHA256_SIZE];
		char shown[DIGEST_TEXT_SIZE];
		size_t len = strcspn(at, "@");

		tar_must(buf_append(out, at, len));
		at += len;
		if (*at == '\0')
			break;
		end = strchr(at + 1, '@');
		assert_non_null(end);
		assert_int_equal(sha256_once(at + 1, (size_t)(end - at - 1), digest, NULL), 0);
		digest_format(shown, digest);
		tar_must(buf_append_str(out, shown));
	}
}

static void gzip(struct buf *out, const void *bytes, size_t len)
{
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(buf_reserve(out, deflateBound(&z, len)), 0);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)out->data + out->len;
	z.avail_out = (uInt)(out->cap - out->len);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len = out->cap - z.avail_out;
	(void)deflateEnd(&z);
}

static void zstd(struct buf *out, const void *bytes, size_t len)
{
	assert_int_equal(buf_reserve(out, ZSTD_compressBound(len)), 0);
	out->len += ZSTD_compress(out->data + out->len, out->cap - out->len, bytes, len, 1);
}

static void put_number(struct buf *out, uint64_t n, int bytes)
{
	for (; bytes > 0; bytes--, n >>= 8)
		tar_must(buf_append_char(out, (char)(n & 0xff)));
}

static void put_frame(struct buf *out, const void *bytes, size_t len)
{
	put_number(out, 0x184d2a50, 4);
	put_number(out, len, 4);
	tar_must(buf_append(out, bytes, len));
}

/* A layer under construction: what its tar is, what its blob is, where the table lies. */
struct sample {
	struct buf tar, blob, json;
	uint64_t offset, size, json_size;
	struct sl_layer layer;
};

static void finish(struct sample *s)
{
	struct sl_layer *l = &s->layer;

	l->has_diff_id = l->has_blob_digest = true;
	l->blob_size = s->blob.len;
	assert_int_equal(sha256_once(s->tar.data, s->tar.len, l->diff_id, NULL), 0);
	assert_int_equal(sha256_once(s->blob.data, s->blob.len, l->blob_digest, NULL), 0);
	l->blob_fd = memfd_create("blob", MFD_CLOEXEC);
	assert_int_equal(write(l->blob_fd, s->blob.data, s->blob.len), (ssize_t)s->blob.len);
}

static void sample_init(struct sample *s, const char *from, const char *to)
{
	*s = (struct sample){.layer = SL_LAYER_INIT};
	s->tar = s->blob = s->json = BUF_INIT(1 << 20);
	make_tar(&s->tar);
	make_json(&s->json, from, to);
	s->json_size = s->json.len;
}

static void sample_clear(struct sample *s)
{
	if (s->layer.blob_fd >= 0)
		close(s->layer.blob_fd);
	buf_clear(&s->tar);
	buf_clear(&s->blob);
	buf_clear(&s->json);
}

/* @size of the footer: 64, or 40 as it was first. */
static void make_chunked(struct sample *s, size_t size)
{
	CLEANUP(buf_clear) struct buf packed = BUF_INIT(1 << 20), footer = BUF_INIT(64);

	tar_end(&s->tar);
	zstd(&s->blob, s->tar.data, s->tar.len);
	zstd(&packed, s->json.data, s->json.len);
	s->offset = s->blob.len + 8;
	s->size = packed.len;
	assert_int_equal(sha256_once(packed.data, packed.len, s->layer.toc.digest, NULL), 0);
	put_frame(&s->blob, packed.data, packed.len);
	put_frame(&s->blob, "tar-split", 9);
	put_number(&footer, s->offset, 8);
	put_number(&footer, s->size, 8);
	put_number(&footer, s->json_size, 8);
	put_number(&footer, 1, 8);
	if (size == 64)
		for (int i = 0; i < 3; i++)
			put_number(&footer, 9, 8);
	tar_must(buf_append_str(&footer, "GnUlInUx"));
	put_frame(&s->blob, footer.data, footer.len);
}

static void make_estargz(struct sample *s, bool legacy)
{
	struct tar_row index = {.name = "stargz.index.json", .mode = 0444, .size = s->json.len};
	size_t before = s->tar.len;

	gzip(&s->blob, s->tar.data, s->tar.len);
	s->offset = s->blob.len;
	tar_header(&s->tar, &index);
	tar_body(&s->tar, s->json.data, s->json.len);
	tar_end(&s->tar);
	gzip(&s->blob, s->tar.data + before, s->tar.len - before);
	s->size = s->blob.len - s->offset;
	assert_int_equal(sha256_once(s->json.data, s->json.len, s->layer.toc.digest, NULL), 0);
	tar_must(buf_append(&s->blob, "\x1f\x8b\x08\x04\0\0\0\0\0\xff", 10));
	put_number(&s->blob, legacy ? 22 : 26, 2);
	if (!legacy)
		tar_must(buf_append(&s->blob, "SG\x16\0", 4));
	tar_must(buf_printf(&s->blob, "%016lxSTARGZ", (unsigned long)s->offset));
	tar_must(buf_append(&s->blob, "\1\0\0\xff\xff\0\0\0\0\0\0\0\0", 13));
}

static int ignore(void *payload, const struct layer_item *item, struct sl_error *err)
{
	(void)payload;
	(void)item;
	(void)err;
	return 0;
}

static void check(struct sample *s, int want, const char *says)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct layer_result result;
	int rc = layer_read(&s->layer, NULL, ignore, NULL, NULL, &result, &err);

	if (rc != want || (says != NULL && strstr(sl_error_text(&err), says) == NULL))
		fail_msg("%d '%s', want %d '%s'", rc, sl_error_text(&err), want,
			 says != NULL ? says : "");
}

static void equal_halves_are_accepted(void **state)
{
	const enum sl_toc_kind kinds[] = {SL_TOC_NONE, SL_TOC_ESTARGZ, SL_TOC_ZSTD_CHUNKED};

	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		for (size_t claim = 0; claim < 2; claim++) {
			CLEANUP(sample_clear) struct sample s;

			sample_init(&s, NULL, NULL);
			if (variant < 2)
				make_estargz(&s, variant == 1);
			else
				make_chunked(&s, variant == 2 ? 64 : 40);
			if (claim > 0)
				s.layer.toc.kind = kinds[1 + variant / 2];
			finish(&s);
			check(&s, 0, NULL);
		}
	}
}

static void every_disagreement_is_refused_by_name(void **state)
{
	static const struct {
		const char *from, *to;
		int code;
		const char *says;
	} rows[] = {
		{"\"mode\":493},", "\"mode\":511},", -SL_EUNTRUSTED,
		 "'etc': the layer's table of "
		 "contents and its tar differ "
		 "in: mode"},
		{"33188", "8421796", -SL_EUNTRUSTED, "differ in: mode"}, /* Go's setuid bit */
		{"2541", "493", -SL_EUNTRUSTED, "'bin/su': the layer's"},
		{"\"type\":\"dir\"", "\"type\":\"reg\"", -SL_EUNTRUSTED, "differ in: type"},
		{"./etc/hosts", "etc/hostz", -SL_EUNTRUSTED,
		 "lists 'etc/hostz' where the tar has 'etc/hosts'"},
		{"\"uid\":7", "\"uid\":0", -SL_EUNTRUSTED, "differ in: owner"},
		{"\"gid\":8", "\"gid\":4294967304", -SL_EUNTRUSTED, "differ in: owner"},
		{"\"size\":5,", "\"size\":6,", -SL_EUNTRUSTED, "differ in: size"},
		{"\"size\":5,", "\"size\":4,", -SL_EUNTRUSTED, "differ in: size"},
		{"\"size\":5,", "", -SL_EUNTRUSTED, "differ in: size"},
		{"\"size\":10,", "\"size\":8,", -SL_EUNTRUSTED, "differ in: size"},
		{"dmFs", "dmFt", -SL_EUNTRUSTED, "differ in: attributes"},
		{"\"user.x\":\"dmFs\"", "", -SL_EUNTRUSTED, "differ in: attributes"},
		{"\"user.x\":\"dmFs\"", "\"user.x\":\"dmFs\",\"user.y\":\"\"", -SL_EUNTRUSTED,
		 "differ in: attributes"},
		{"@local@", "@other@", -SL_EUNTRUSTED, "differ in: digest"},
		{"\"@local@\",\"chunkDigest\":\"@local@\"", "\"\"", -SL_EUNTRUSTED,
		 "digest, which is missing"},
		{"\"chunkDigest\":\"@local@\"", "\"chunkDigest\":\"@other@\"", -SL_EUNTRUSTED,
		 "differ in: chunks"},
		{"@0123@", "@0124@", -SL_EUNTRUSTED, "'bin/su': the layer's"},
		{"@4567@", "@4568@", -SL_EUNTRUSTED, "differ in: chunks"},
		{"@89@", "@88@", -SL_EUNTRUSTED, "differ in: chunks"},
		{"\"chunkOffset\":8", "\"chunkOffset\":0", -SL_EUNTRUSTED, "differ in: chunks"},
		{"\"chunkOffset\":4,\"chunkSize\":4", "\"chunkOffset\":4,\"chunkSize\":6",
		 -SL_EUNTRUSTED, "differ in: chunks"},
		{"{\"type\":\"chunk\",\"name\":\"bin/su\",\"chunkOffset\":8,\"chunkDigest\":"
		 "\"@89@\"},",
		 "", -SL_EUNTRUSTED, "differ in: chunks"},
		{"\"chunkSize\":4,\"chunkDigest\":\"@0123@\"", "\"chunkSize\":10", -SL_EUNTRUSTED,
		 "where the tar has 'hard'"}, /* chunks of a file that has only one */
		{"\"linkName\":\"/bin/su\"", "\"linkName\":\"/bin/sh\"", -SL_EUNTRUSTED,
		 "'hard': the layer's"},
		{"etc/./hosts", "etc/hosts", -SL_EUNTRUSTED, "differ in: link target"},
		{"\"devMinor\":3", "\"devMinor\":4", -SL_EUNTRUSTED, "differ in: device number"},
		{"{\"type\":\"reg\",\"name\":\"empty\",\"mode\":420}",
		 "{\"type\":\"reg\",\"name\":\"empty\",\"mode\":420},"
		 "{\"type\":\"reg\",\"name\":\"evil\"}",
		 -SL_EUNTRUSTED, "'evil'"},
		{",{\"type\":\"reg\",\"name\":\"empty\",\"mode\":420}", "", -SL_EUNTRUSTED,
		 "'empty' is in the tar, but not in"},
		/* what programs read differently, or not at all */
		{"\"mode\":493},", "\"mode\":493,\"Mode\":511},", -SL_EFORMAT, "by its case"},
		{"\"mode\":493},", "\"mode\":493,\"mode\":511},", -SL_EFORMAT, "duplicate"},
		{"\"type\":\"dir\"", "\"\":1,\"type\":\"dir\"", -SL_EFORMAT, "differently"},
		{"\"type\":\"dir\"", "\"\xe2\x84\xaa\":1,\"type\":\"dir\"", -SL_EFORMAT,
		 "differently"},
		{"\"version\":1", "\"version\":2", -SL_EFORMAT, "version"},
		{"\"version\":1", "\"Entries\":[]", -SL_EFORMAT, "by its case"},
		{"\"version\":1", "\"entr\\u0069es\":[]", -SL_EFORMAT, "differently"},
		{"\"version\":1", "\"entries\":[]", -SL_EFORMAT, "two lists"},
		{"\"entries\"", "\"others\"", -SL_EFORMAT, "no list of entries"},
		{"\"name\":\"./etc/\",", "", -SL_EFORMAT, "without a type or a name"},
		{"\"size\":5,", "\"size\":\"5\",", -SL_EFORMAT, "number expected"},
		{"]}", "]} x", -SL_EFORMAT, "bytes behind it"},
		{"]}", "]", -SL_EFORMAT, "cut off"},
		{"]}", ",]}", -SL_EFORMAT, "no object"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (int kind = 0; kind < 2; kind++) {
			CLEANUP(sample_clear) struct sample s;

			sample_init(&s, rows[i].from, rows[i].to);
			if (kind == 0)
				make_estargz(&s, false);
			else
				make_chunked(&s, 64);
			finish(&s);
			/* where the entries end too early or too late, the two differ in what
			 * stands next: an eStargz table is in its own tar */
			check(&s, rows[i].code,
			      rows[i].code == -SL_EFORMAT || kind == 1 ? rows[i].says
								       : "table of contents");
		}
	}
}

enum form { FORM_PLAIN, FORM_ESTARGZ, FORM_CHUNKED };

static void a_table_that_is_not_what_was_promised_is_refused(void **state)
{
	static const struct {
		enum form form;
		enum sl_toc_kind claim;
		bool has_position, wrong_digest, wrong_place, far, too_long;
		int code;
		const char *says;
	} rows[] = {
		{FORM_PLAIN, SL_TOC_ESTARGZ, .code = -SL_EUNTRUSTED,
		 .says = "promise one that is not there"},
		{FORM_ESTARGZ, SL_TOC_ZSTD_CHUNKED, .code = -SL_EUNTRUSTED,
		 .says = "name another kind"},
		{FORM_ESTARGZ, SL_TOC_ESTARGZ, .wrong_digest = true, .code = -SL_EUNTRUSTED,
		 .says = "its bytes have digest"},
		{FORM_CHUNKED, SL_TOC_ZSTD_CHUNKED, .wrong_digest = true, .code = -SL_EUNTRUSTED,
		 .says = "its bytes have digest"},
		{FORM_CHUNKED, SL_TOC_ZSTD_CHUNKED, .has_position = true, .code = 0},
		{FORM_CHUNKED, SL_TOC_ZSTD_CHUNKED, .has_position = true, .wrong_place = true,
		 .code = -SL_EUNTRUSTED, .says = "elsewhere than the footer"},
		{FORM_PLAIN, SL_TOC_ZSTD_CHUNKED, .has_position = true, .far = true,
		 .code = -SL_EFORMAT, .says = "beyond the end of the blob"},
		{FORM_CHUNKED, SL_TOC_NONE, .far = true, .code = -SL_EFORMAT,
		 .says = "beyond the end of the blob"},
		{FORM_CHUNKED, SL_TOC_NONE, .too_long = true, .code = -SL_EFORMAT,
		 .says = "longer than it says"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(sample_clear) struct sample s;
		struct sl_toc_claim *claim = &s.layer.toc;

		sample_init(&s, NULL, NULL);
		if (rows[i].too_long)
			tar_must(buf_append_str(&s.json, "  "));
		if (rows[i].form == FORM_PLAIN) {
			tar_end(&s.tar);
			gzip(&s.blob, s.tar.data, s.tar.len);
		} else if (rows[i].form == FORM_ESTARGZ) {
			make_estargz(&s, false);
		} else {
			make_chunked(&s, 64);
		}
		claim->kind = rows[i].claim;
		claim->has_position = rows[i].has_position;
		claim->offset = s.offset - rows[i].wrong_place;
		claim->size = rows[i].far ? 1u << 30 : s.size;
		claim->plain_size = s.json_size;
		claim->digest[9] ^= rows[i].wrong_digest;
		if (rows[i].far && rows[i].form == FORM_CHUNKED)
			s.blob.data[s.blob.len - 58] = 1; /* of the offset: 2^48 */
		finish(&s);
		check(&s, rows[i].code, rows[i].says);
	}
}

static void a_footer_that_some_may_read_is_not_ignored(void **state)
{
	(void)state;
	for (int turn = 0; turn < 4; turn++) {
		CLEANUP(sample_clear) struct sample s;

		sample_init(&s, NULL, NULL);
		if (turn < 2) {
			make_chunked(&s, 64);
			/* no frame of its own; another type */
			s.blob.data[s.blob.len - (turn == 0 ? 72 : 40)] ^= 2;
		} else {
			make_estargz(&s, false);
			/* an offset in capitals, or beyond the blob */
			memcpy(s.blob.data + s.blob.len - 35,
			       turn == 2 ? "00000000000000FF" : "0fffffffffffffff", 16);
		}
		finish(&s);
		check(&s, -SL_EFORMAT, "footer at the end of the blob is malformed");
	}
}

static void a_table_in_another_image_is_not_this_ones(void **state)
{
	CLEANUP(sample_clear) struct sample s;

	(void)state;
	sample_init(&s, NULL, NULL);
	tar_end(&s.tar);
	gzip(&s.blob, s.tar.data, s.tar.len);
	tar_must(buf_append(&s.blob, "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x15\0SG\x11\0", 16));
	tar_must(buf_append_str(&s.blob, "STARGZEXTERNALTOC"));
	tar_must(buf_append(&s.blob, "\1\0\0\xff\xff\0\0\0\0\0\0\0\0", 13));
	s.layer.toc.kind = SL_TOC_ESTARGZ;
	finish(&s);
	check(&s, 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_halves_are_accepted),
		cmocka_unit_test(every_disagreement_is_refused_by_name),
		cmocka_unit_test(a_table_that_is_not_what_was_promised_is_refused),
		cmocka_unit_test(a_footer_that_some_may_read_is_not_ignored),
		cmocka_unit_test(a_table_in_another_image_is_not_this_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
