/* SPDX-License-Identifier: Apache-2.0 */
/* Getting items out of a bundle: by number, in parts, by path, and never wrong bytes unnoticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "forensics/inventory.h"
#include "unit/bundle_maker.h"

static int extract(const struct maker *m, uint64_t seq, char *out, size_t max, ssize_t *len)
{
	int in = maker_fd(m->file.data, m->file.len), to = memfd_create("out", MFD_CLOEXEC), rc;

	rc = sl_bundle_extract(in, seq, to, NULL);
	*len = pread(to, out, max, 0);
	close(in);
	close(to);
	return rc;
}

static void finish(struct maker *m)
{
	maker_close(m, "complete");
	maker_tail(m);
}

static void content_comes_out_as_it_went_in(void **state)
{
	struct maker m;
	char out[64];
	ssize_t len;

	(void)state;
	maker_small(&m, false);
	assert_int_equal(extract(&m, 2, out, sizeof(out), &len), 0);
	assert_int_equal(len, 22);
	assert_memory_equal(out, "root:x:0:0::/:/bin/sh\n", 22);
	assert_int_equal(extract(&m, 3, out, sizeof(out), &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(extract(&m, 1, out, sizeof(out), &len), -SL_ENOTFOUND);
	assert_int_equal(extract(&m, 4711, out, sizeof(out), &len), -SL_ENOTFOUND);
	maker_clear(&m);
}

static void parts_are_joined_over_segments(void **state)
{
	enum { SIZE = 100000 };
	char *in = malloc(SIZE), *out = malloc(SIZE + 1);
	struct maker m;
	uint64_t seq;
	ssize_t len;

	(void)state;
	for (int i = 0; i < SIZE; i++)
		in[i] = (char)(i * 7 + i / 256);
	maker_begin(&m, false);
	(void)maker_parts(&m, "other", in, 5000, 1000);
	seq = maker_parts(&m, "big", in, SIZE, 9000);
	finish(&m);
	assert_int_equal(extract(&m, seq, out, SIZE + 1, &len), 0);
	assert_int_equal(len, SIZE);
	assert_memory_equal(in, out, SIZE);
	maker_clear(&m);
	free(in);
	free(out);
}

static void other_bytes_than_recorded_are_not_trusted(void **state)
{
	struct maker m;
	char out[64];
	ssize_t len;
	uint64_t seq;

	(void)state;
	maker_begin(&m, false);
	m.wrong_digest = true;
	seq = maker_file(&m, 1, "upper", "a", "content", 7, "");
	finish(&m);
	assert_int_equal(extract(&m, seq, out, sizeof(out), &len), -SL_EUNTRUSTED);
	maker_clear(&m);
	maker_begin(&m, false);
	m.forget_payload = true;
	seq = maker_file(&m, 1, "upper", "a", "content", 7, "");
	finish(&m);
	assert_int_equal(extract(&m, seq, out, sizeof(out), &len), -SL_ENOTFOUND);
	maker_clear(&m);
}

static void paths_are_found_upper_first(void **state)
{
	struct maker m;
	struct rfile *file;
	uint64_t seq = 0;

	(void)state;
	maker_small(&m, false);
	file = maker_rfile(m.file.data, m.file.len);
	assert_int_equal(inventory_find(file, "etc/passwd", NULL, 0, &seq, NULL), 0);
	assert_int_equal(seq, 2);
	assert_int_equal(inventory_find(file, "/etc/passwd", "before", 1, &seq, NULL), 0);
	assert_int_equal(seq, 5);
	assert_int_equal(inventory_find(file, "etc/passwd", NULL, 2, &seq, NULL), -SL_ENOTFOUND);
	assert_int_equal(inventory_find(file, "etc", NULL, 0, &seq, NULL), -SL_ENOTFOUND);
	rfile_close(file);
	maker_clear(&m);
}

static void every_record_is_a_line(void **state)
{
	static const char want[] = "2 file 1 upper file 22 ";
	struct buf line = BUF_INIT(1 << 16);
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader;
	unsigned int attested = 0, count = 0;
	struct maker m;

	(void)state;
	maker_small(&m, false);
	assert_int_equal(sl_bundle_open(&reader, maker_fd(m.file.data, m.file.len), NULL), 0);
	while (sl_bundle_next(reader, &record, NULL) == 0) {
		assert_int_equal(record->seq, count);
		assert_int_equal(record->line[record->len - 1], '}');
		buf_reset(&line);
		assert_int_equal(inventory_line(&line, record, NULL), 0);
		assert_null(strchr(line.data, '\n'));
		if (count == 2) {
			/* everything but the digest */
			assert_memory_equal(line.data, want, 23);
			assert_non_null(strstr(line.data, "  /etc/passwd"));
		}
		if (count == 6)
			assert_string_equal(line.data, "6 gap 1 what=/proc why=not read errno=13");
		attested += record->attested;
		count++;
	}
	assert_int_equal(count, m.seq);
	assert_int_equal(attested, m.seq);
	sl_bundle_reader_free(reader);
	buf_clear(&line);
	maker_clear(&m);
}

static void hostile_names_reach_no_terminal(void **state)
{
	struct buf line = BUF_INIT(1 << 16);
	static const char text[] =
		"{\"v\":1,\"seq\":0,\"prev\":\"0000000000000000000000000000000000000000000000000000"
		"000000000000\",\"t\":\"2026-11-22T15:00:00.000000000Z\",\"boot_ns\":\"1\","
		"\"type\":"
		"\"file\",\"target\":1,\"src\":{\"path_b64\":\"LxtbMzFtCv8=\"}}";
	struct sl_bundle_record r = {
		.type = "file", .target = 1, .line = text, .len = sizeof(text) - 1};

	(void)state;
	assert_int_equal(inventory_line(&line, &r, NULL), 0);
	for (size_t i = 0; i < line.len; i++)
		assert_in_range(line.data[i], 0x20, 0x7e);
	assert_non_null(strstr(line.data, "(not attested)"));
	buf_clear(&line);
}

static void records_of_a_broken_segment_are_not_attested(void **state)
{
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader;
	unsigned int attested = 0, count = 0;
	struct maker m;

	(void)state;
	maker_begin(&m, false);
	maker_segment(&m);
	m.break_prev = true;
	(void)maker_record(&m, "note", 0, "");
	finish(&m);
	assert_int_equal(sl_bundle_open(&reader, maker_fd(m.file.data, m.file.len), NULL), 0);
	while (sl_bundle_next(reader, &record, NULL) == 0) {
		attested += record->attested;
		count++;
	}
	assert_int_equal(count, 4);
	assert_int_equal(attested, 2);
	sl_bundle_reader_free(reader);
	maker_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_comes_out_as_it_went_in),
		cmocka_unit_test(parts_are_joined_over_segments),
		cmocka_unit_test(other_bytes_than_recorded_are_not_trusted),
		cmocka_unit_test(paths_are_found_upper_first),
		cmocka_unit_test(every_record_is_a_line),
		cmocka_unit_test(hostile_names_reach_no_terminal),
		cmocka_unit_test(records_of_a_broken_segment_are_not_attested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
