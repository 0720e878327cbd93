/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/crc64.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/quote.h"
#include "snapshot/layerread.h"
#include "snapshot/splitline.h"
#include "snapshot/tarsplit.h"
#include "unit/tarmake.h"

static void crc64_is_that_of_go(void **state)
{
	struct crc64 c;
	uint8_t bytes[100];

	(void)state;
	crc64_init(&c);
	/* crc64.Checksum([]byte("123456789"), crc64.MakeTable(crc64.ISO)) */
	assert_int_equal(crc64_update_table(&c, 0, "123456789", 9), 0xb90956c775a41001ull);
	assert_int_equal(crc64_update(&c, 0, "123456789", 9), 0xb90956c775a41001ull);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * 37);
		assert_int_equal(crc64_update(&c, 5, bytes, i),
				 crc64_update_table(&c, 5, bytes, i));
	}
	assert_int_equal(crc64_update(&c, crc64_update(&c, 0, bytes, 33), bytes + 33, 67),
			 crc64_update(&c, 0, bytes, 100));
}

/* ---- lines ---- */

static void lines_are_parsed_in_any_order(void **state)
{
	static const char *const lines[] = {
		"{\"type\":1,\"name\":\"a/"
		"b\",\"size\":5,\"payload\":\"AAAAAAAAAAE=\",\"position\":3}",
		" { \"position\" : 3 , "
		"\"payload\":\"AAAAAAAAAAE=\",\"size\":5,\"name\":\"a/b\",\"type\":1 } ",
		"{\"type\":1,\"name_raw\":\"YS9i\",\"size\":5,\"payload\":\"AAAAAAAAAAE=\","
		"\"position\":3}",
		"{\"type\":1,\"name\":\"\\u0061\\/"
		"b\",\"size\":5,\"payload\":\"AAAAAAAAAAE=\",\"position\":3}",
	};
	CLEANUP(splitline_clear) struct splitline l = SPLITLINE_INIT(1024, 1024);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(splitline_parse(&l, lines[i], strlen(lines[i]), NULL), 0);
		assert_int_equal(l.type, SPLITLINE_FILE);
		assert_string_equal(l.name.data, "a/b");
		assert_int_equal(l.size, 5);
		assert_int_equal(l.position, 3);
		assert_int_equal(l.payload.len, 8);
		assert_int_equal(l.payload.data[7], 1);
	}
}

static void names_are_unescaped(void **state)
{
	static const char line[] =
		"{\"type\":1,\"name\":\"\\u003c\\u00e9\\ud83d\\ude00\\n\\\"\\\\\","
		"\"payload\":null,\"position\":0}";
	CLEANUP(splitline_clear) struct splitline l = SPLITLINE_INIT(1024, 1024);

	(void)state;
	assert_int_equal(splitline_parse(&l, line, strlen(line), NULL), 0);
	assert_string_equal(l.name.data, "<\xc3\xa9\xf0\x9f\x98\x80\n\"\\");
	assert_int_equal(l.size, 0);
	assert_int_equal(l.payload.len, 0);
}

static void malformed_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"{}",
		"[]",
		"{\"type\":2,\"payload\":\"\"}",                  /* no position */
		"{\"type\":3,\"payload\":\"\",\"position\":0}",   /* no such type */
		"{\"type\":2,\"payload\":\"\",\"position\":0} x", /* more behind */
		"{\"type\":2,\"payload\":\"\",\"position\":0",    /* cut */
		"{\"type\":2,\"payload\":\"A\",\"position\":0}",  /* base64 */
		"{\"type\":2,\"payload\":\"\",\"position\":-1}",  /* negative */
		"{\"type\":2,\"payload\":\"\",\"position\":99999999999999999999}", /* too large */
		"{\"type\":2,\"type\":2,\"payload\":\"\",\"position\":0}",         /* twice */
		"{\"type\":2,\"other\":1,\"payload\":\"\",\"position\":0}",        /* unknown */
		"{\"type\":2,\"name\":\"x\",\"payload\":\"\",\"position\":0}", /* named segment */
		"{\"type\":1,\"payload\":null,\"position\":0}",                /* nameless file */
		"{\"type\":1,\"name\":\"a\\u0000\",\"payload\":null,\"position\":0}",
		"{\"type\":1,\"name\":\"a\\ud800\",\"payload\":null,\"position\":0}",
		"{\"type\":1,\"name\":\"a\xff\",\"payload\":null,\"position\":0}",
		"{\"type\":1,\"name\":\"a\\x\",\"payload\":null,\"position\":0}",
		"{\"type\":1,\"name\":\"a\",\"name_raw\":\"YQ==\",\"payload\":null,\"position\":0}",
		"{\"type\":1,\"name\":\"a\",\"payload\":\"AAAA\",\"position\":0}", /* short checksum
										    */
	};
	CLEANUP(splitline_clear) struct splitline l = SPLITLINE_INIT(1024, 1024);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (splitline_parse(&l, lines[i], strlen(lines[i]), NULL) != -SL_EFORMAT)
			fail_msg("accepted: %s", lines[i]);
}

/* ---- a layer directory with its tar-split ---- */

struct split {
	struct buf tar;   /* the whole tar, for its digest */
	struct buf lines; /* tar-split.json */
	size_t done;      /* bytes of the tar that lines account for */
	unsigned int position;
	char *dir;
	int dir_fd;
};

static void split_segment(struct split *s)
{
	struct buf b64 = BUF_INIT(1 << 24);

	if (s->done == s->tar.len)
		return;
	tar_must(base64_encode(&b64, s->tar.data + s->done, s->tar.len - s->done));
	tar_must(buf_printf(&s->lines, "{\"type\":2,\"payload\":\"%s\",\"position\":%u}\n",
			    b64.data, s->position++));
	buf_clear(&b64);
	s->done = s->tar.len;
}

static void split_file(struct split *s, const char *name, const char *text)
{
	struct tar_row r = {.name = name, .mode = 0644, .size = strlen(text)};
	struct buf b64 = BUF_INIT(64), raw = BUF_INIT(4096);
	uint64_t crc;
	struct crc64 c;
	int fd;

	crc64_init(&c);
	crc = htobe64(crc64_update_table(&c, 0, text, strlen(text)));
	tar_must(base64_encode(&b64, &crc, sizeof(crc)));
	tar_header(&s->tar, &r);
	split_segment(s);
	tar_must(base64_encode(&raw, name, strlen(name)));
	if (r.size == 0)
		tar_must(buf_printf(
			&s->lines,
			"{\"type\":1,\"name_raw\":\"%s\",\"payload\":null,\"position\":%u}\n",
			raw.data, s->position++));
	else
		tar_must(buf_printf(
			&s->lines,
			"{\"type\":1,\"name_raw\":\"%s\",\"size\":%lu,\"payload\":\"%s\","
			"\"position\":%u}\n",
			raw.data, r.size, b64.data, s->position++));
	tar_must(buf_append(&s->tar, text, r.size));
	s->done = s->tar.len;
	tar_pad(&s->tar);
	buf_clear(&b64);
	buf_clear(&raw);
	fd = openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, r.size), (ssize_t)r.size);
	close(fd);
}

static int setup(void **state)
{
	struct split *s = calloc(1, sizeof(*s));
	struct tar_row dir = {.name = "d/", .type = '5', .mode = 0755};

	s->tar = s->lines = BUF_INIT(1 << 24);
	s->dir = strdup("/tmp/strandline-split.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->dir_fd = open(s->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(s->dir_fd, "d", 0755), 0);
	tar_header(&s->tar, &dir);
	split_file(s, "d/one", "first file");
	split_file(s, "d/empty", "");
	split_file(s, "bad\xff", "raw name");
	split_file(s, "last", "the last file");
	tar_plain(&s->tar, "d/.wh.gone", '0', NULL); /* a whiteout: no such file on disk */
	tar_end(&s->tar);
	split_segment(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct split *s = *state;
	static const char *const names[] = {"d/one", "d/empty", "bad\xff", "last", "real/one"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(s->dir_fd, names[i], 0);
	(void)unlinkat(s->dir_fd, "real", AT_REMOVEDIR);
	if (unlinkat(s->dir_fd, "d", AT_REMOVEDIR) < 0)
		(void)unlinkat(s->dir_fd, "d", 0);
	(void)rmdir(s->dir);
	close(s->dir_fd);
	buf_clear(&s->tar);
	buf_clear(&s->lines);
	free(s->dir);
	free(s);
	return 0;
}

static int nothing(void *payload, const struct layer_item *item, struct sl_error *err)
{
	(void)payload;
	(void)item;
	(void)err;
	return 0;
}

/* The layer with its tar-split as a file, which is to be closed. */
static struct sl_layer make_layer(const struct split *s)
{
	CLEANUP(buf_clear) struct buf gz = BUF_INIT(1 << 24);
	struct sl_layer l = SL_LAYER_INIT;
	z_stream z = {0};

	tar_must(buf_reserve(&gz, s->lines.len + 1000));
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)s->lines.data;
	z.avail_in = (uInt)s->lines.len;
	z.next_out = (Bytef *)gz.data;
	z.avail_out = (uInt)gz.cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	gz.len = gz.cap - z.avail_out;
	(void)deflateEnd(&z);
	l.tar_split_fd = memfd_create("split", MFD_CLOEXEC);
	assert_int_equal(write(l.tar_split_fd, gz.data, gz.len), (ssize_t)gz.len);
	l.dir_fd = s->dir_fd;
	l.has_diff_id = true;
	assert_int_equal(sha256_once(s->tar.data, s->tar.len, l.diff_id, NULL), 0);
	return l;
}

static void check(const struct split *s, int want, const char *says)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct sl_layer l = make_layer(s);
	struct layer_result r;
	int rc;

	rc = layer_read(&l, NULL, nothing, NULL, NULL, &r, &err);
	close(l.tar_split_fd);
	if (rc != want)
		print_message("%s\n", sl_error_text(&err));
	assert_int_equal(rc, want);
	if (says != NULL && strstr(sl_error_text(&err), says) == NULL)
		fail_msg("'%s' does not say '%s'", sl_error_text(&err), says);
	if (rc == 0) {
		assert_true(r.from_directory);
		assert_int_equal(r.tar_bytes, s->tar.len);
		assert_int_equal(r.entries, 6);
	}
}

static void put(const struct split *s, const char *name, const char *text)
{
	int fd = openat(s->dir_fd, name, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void a_layer_directory_is_proven(void **state)
{
	check(*state, 0, NULL);
}

/* Counts files that come without digests, and adds up their sizes. */
static int count_bare(void *payload, const struct layer_item *item, struct sl_error *err)
{
	uint64_t *sums = payload;

	(void)err;
	if (S_ISREG(item->entry.mode) && (item->entry.fields & SL_ENTRY_SHA256) == 0) {
		sums[0]++;
		sums[1] += item->entry.size;
	}
	return 0;
}

static void the_stream_alone_proves_it(void **state)
{
	const struct split *s = *state;
	const struct layer_rebuild how = {.no_digests = true};
	struct sl_layer l = make_layer(s);
	struct layer_result r;
	uint64_t with[2] = {0}, without[2] = {0};

	assert_int_equal(layer_read(&l, NULL, count_bare, with, NULL, &r, NULL), 0);
	assert_int_equal(layer_rebuild(&l, NULL, &how, count_bare, without, NULL, &r, NULL), 0);
	assert_int_equal(with[0], 0);
	assert_true(without[0] >= 3 && without[1] > 0);
	assert_int_equal(r.tar_bytes, s->tar.len);
	put(s, "last", "the last filE");
	assert_int_equal(layer_rebuild(&l, NULL, &how, count_bare, without, NULL, &r, NULL),
			 -SL_EUNTRUSTED);
	close(l.tar_split_fd);
}

/*
 * What stands behind the archive is part of the layer, too: an entry of @type whose header claims
 * @size bytes. tar-split notes them, with the checksum of nothing.
 */
static void claim(struct split *s, const char *name, char type, const char *content, size_t size)
{
	struct tar_row r = {.name = name, .type = type, .size = size, .link = "d/one"};

	tar_header(&s->tar, &r);
	split_segment(s);
	tar_must(buf_printf(&s->lines,
			    "{\"type\":1,\"name\":\"%s\",\"size\":%zu,\"payload\":"
			    "\"AAAAAAAAAAA=\",\"position\":%u}\n",
			    name, size, s->position++));
	tar_must(buf_append(&s->tar, content, strlen(content)));
	s->done = s->tar.len;
	tar_end(&s->tar);
	split_segment(s);
}

static void a_size_without_content_gives_no_bytes(void **state)
{
	struct split *s = *state;

	claim(s, "d", '5', "", 10);
	check(s, 0, NULL);
	claim(s, "gone", '2', "", 10);
	check(s, 0, NULL);
	claim(s, "last", '1', "", 10); /* a file of another size */
	check(s, 0, NULL);
	claim(s, "d/one", '1', "", 10); /* of that very size */
	check(s, 0, NULL);
}

static void a_file_with_the_checksum_of_nothing_gives_its_bytes(void **state)
{
	static const char forged[] = "\xf4\x42\x2f\xf4\x42\x2f\xf4\x12";
	struct split *s = *state;
	int fd = openat(s->dir_fd, "forged", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, forged, 8), 8);
	close(fd);
	claim(s, "forged", '0', forged, 8);
	check(s, 0, NULL);
	assert_int_equal(unlinkat(s->dir_fd, "forged", 0), 0);
}

/* Docker unpacks them, but what it keeps has the holes filled in. */
static void a_sparse_file_proves_nothing_either_way(void **state)
{
	CLEANUP(buf_clear) struct buf rec = BUF_INIT(4096);
	struct split *s = *state;

	tar_record(&rec, "GNU.sparse.map", "5,3", 3);
	tar_record(&rec, "GNU.sparse.numblocks", "1", 1);
	tar_record(&rec, "GNU.sparse.size", "8", 1);
	buf_reset(&s->lines);
	s->position = 0;
	s->done = 0;
	s->tar.len = 0;
	tar_special(&s->tar, 'x', rec.data, rec.len);
	tar_file(&s->tar, "sparse", "abc");
	tar_end(&s->tar);
	split_segment(s);
	check(s, -SL_EUNSUPPORTED, "a sparse file");
}

static void the_first_changed_file_is_named(void **state)
{
	struct split *s = *state;

	put(s, "last", "the lost file");
	check(s, -SL_EUNTRUSTED, "'last' in the layer directory differs");
	put(s, "d/one", "First file");
	check(s, -SL_EUNTRUSTED, "'d/one' in the layer directory differs");
}

static void a_file_of_another_size_is_named(void **state)
{
	struct split *s = *state;

	put(s, "d/one", "first file and more");
	check(s, -SL_EUNTRUSTED, "'d/one' has another size");
	put(s, "d/one", "first");
	check(s, -SL_EUNTRUSTED, "'d/one' has another size");
}

/* tar-split notes nothing about empty files: the check must not depend on it. */
static void an_empty_file_that_was_filled_is_named(void **state)
{
	struct split *s = *state;

	put(s, "d/empty", "payload");
	check(s, -SL_EUNTRUSTED, "'d/empty' is an empty file in the layer");
	assert_int_equal(unlinkat(s->dir_fd, "d/empty", 0), 0);
	check(s, -SL_EUNTRUSTED, "'d/empty' is an empty file in the layer");
}

static void a_missing_file_is_named(void **state)
{
	struct split *s = *state;

	assert_int_equal(unlinkat(s->dir_fd, "bad\xff", 0), 0);
	check(s, -SL_EUNTRUSTED, "'bad\\xff' is missing");
}

static void links_and_fifos_are_no_files(void **state)
{
	struct split *s = *state;

	assert_int_equal(unlinkat(s->dir_fd, "d/one", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", s->dir_fd, "d/one"), 0);
	check(s, -SL_EUNTRUSTED, "'d/one' is no regular file");
	assert_int_equal(unlinkat(s->dir_fd, "d/one", 0), 0);
	assert_int_equal(mkfifoat(s->dir_fd, "d/one", 0600), 0);
	check(s, -SL_EUNTRUSTED, "'d/one' is no regular file"); /* and nothing blocked */
}

static void a_parent_that_is_a_link_stays_inside(void **state)
{
	struct split *s = *state;

	assert_int_equal(renameat(s->dir_fd, "d", s->dir_fd, "real"), 0);
	assert_int_equal(symlinkat("/real", s->dir_fd, "d"), 0);
	check(s, 0, NULL);
	assert_int_equal(unlinkat(s->dir_fd, "d", 0), 0);
	assert_int_equal(symlinkat("/etc", s->dir_fd, "d"), 0);
	check(s, -SL_EUNTRUSTED, "'d/one' is missing");
	assert_int_equal(unlinkat(s->dir_fd, "d", 0), 0);
	assert_int_equal(renameat(s->dir_fd, "real", s->dir_fd, "d"), 0);
}

/* Checksums can be forged in tar-split itself; the diff_id cannot. */
static void a_forged_tar_split_is_caught_by_the_diff_id(void **state)
{
	struct split *s = *state;
	char *mode = strstr(s->lines.data, "\"payload\":\"");

	assert_non_null(mode);
	mode[11] = 'e'; /* "d/" becomes "x/" or the like: the header's checksum breaks as well */
	check(s, -SL_EUNTRUSTED, "diff_id sha256:");
}

static void a_cut_or_garbled_tar_split_is_malformed(void **state)
{
	struct split *s = *state;
	size_t len = s->lines.len;
	char *second = strchr(s->lines.data, '\n') + 1;

	s->lines.len = len - 10;
	check(s, -SL_EFORMAT, "tar-split line");
	s->lines.len = len;
	second[3] = 'x';
	check(s, -SL_EFORMAT, "tar-split line 2: malformed line");
	second[3] = 'y';
	s->lines.len = (size_t)(second - s->lines.data); /* whole lines are gone */
	check(s, -SL_EUNTRUSTED, "diff_id");
}

#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc64_is_that_of_go),
		cmocka_unit_test(lines_are_parsed_in_any_order),
		cmocka_unit_test(names_are_unescaped),
		cmocka_unit_test(malformed_lines_are_refused),
		WITH_DIR(a_layer_directory_is_proven),
		WITH_DIR(the_stream_alone_proves_it),
		WITH_DIR(the_first_changed_file_is_named),
		WITH_DIR(a_file_of_another_size_is_named),
		WITH_DIR(a_size_without_content_gives_no_bytes),
		WITH_DIR(a_file_with_the_checksum_of_nothing_gives_its_bytes),
		WITH_DIR(a_sparse_file_proves_nothing_either_way),
		WITH_DIR(an_empty_file_that_was_filled_is_named),
		WITH_DIR(a_missing_file_is_named),
		WITH_DIR(links_and_fifos_are_no_files),
		WITH_DIR(a_parent_that_is_a_link_stays_inside),
		WITH_DIR(a_forged_tar_split_is_caught_by_the_diff_id),
		WITH_DIR(a_cut_or_garbled_tar_split_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
