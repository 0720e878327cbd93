/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on bundles: honest ones, cut ones, and one crime at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include <strandline/bundle.h>

#include "unit/bundle_maker.h"

static struct sl_verify_result result;

static enum sl_verdict judge(const void *bytes, size_t len, const struct sl_verify_options *options)
{
	static const struct sl_verify_options none = {0};
	struct sl_error err = SL_ERROR_INIT;
	int fd = maker_fd(bytes, len);
	int rc;

	sl_verify_result_clear(&result);
	rc = sl_bundle_verify(fd, options == NULL ? &none : options, &result, &err);
	if (rc != 0)
		fail_msg("no verdict: %s", sl_error_text(&err));
	close(fd);
	return result.verdict;
}

static void assert_broken(const struct maker *m, const char *because)
{
	if (judge(m->file.data, m->file.len, NULL) != SL_VERDICT_BROKEN)
		fail_msg("%s, because of '%s'", sl_verdict_name(result.verdict), because);
	if (strstr(result.fault, because) == NULL)
		fail_msg("fault is '%s', not '%s'", result.fault, because);
}

static void good_bundle_is_self_consistent(void **state)
{
	struct maker m;

	(void)state;
	maker_small(&m, false);
	if (judge(m.file.data, m.file.len, NULL) != SL_VERDICT_SELF_CONSISTENT)
		fail_msg("%s: %s", sl_verdict_name(result.verdict), result.fault);
	assert_int_equal(result.records, m.seq);
	assert_int_equal(result.attested, m.seq);
	assert_int_equal(result.segments, 2);
	assert_int_equal(result.payloads, 3);
	assert_int_equal(result.payload_bytes, 50);
	assert_int_equal(result.gaps, 1);
	assert_true(result.closed);
	assert_string_equal(result.bundle_id, m.bundle);
	assert_string_equal(result.fingerprint, m.fingerprint);
	assert_false(result.has_fault);
	maker_clear(&m);
}

static void every_prefix_is_incomplete(void **state)
{
	uint64_t attested = 0;
	struct maker m;

	(void)state;
	maker_small(&m, false);
	for (size_t len = 0; len < m.file.len; len++) {
		if (judge(m.file.data, len, NULL) != SL_VERDICT_INCOMPLETE)
			fail_msg("%zu of %zu bytes: %s: %s", len, m.file.len,
				 sl_verdict_name(result.verdict), result.fault);
		assert_true(result.attested >= attested);
		assert_true(result.has_fault && !result.closed);
		attested = result.attested;
	}
	/* the closing segment is whole long before the tail is */
	assert_int_equal(attested, m.seq);
	maker_clear(&m);
}

/* Some bits of a compressed frame mean nothing: the same bytes come out, checksum and all. */
static bool is_harmless(const struct maker *m, const struct buf *plain)
{
	size_t len = m->file.len - m->table.len - 17;
	char *out = malloc(plain->len + 1);
	size_t n;
	bool same;

	assert_non_null(out);
	n = ZSTD_decompress(out, plain->len + 1, m->file.data, len);
	same = n == plain->len && memcmp(out, plain->data, n) == 0;
	free(out);
	return same;
}

static void every_flipped_byte_is_noticed(void **state)
{
	static const uint8_t masks[] = {0x01, 0x80, 0xff};
	struct buf plain = BUF_INIT(1 << 20);
	size_t unnoticed = 0;
	struct maker m;

	(void)state;
	maker_small(&m, false);
	assert_int_equal(buf_reserve(&plain, 1 << 19), 0);
	plain.len =
		ZSTD_decompress(plain.data, 1 << 19, m.file.data, m.file.len - m.table.len - 17);
	for (size_t at = 0; at < m.file.len; at++) {
		uint8_t mask = masks[at % 3];

		m.file.data[at] = (char)(m.file.data[at] ^ mask);
		if (judge(m.file.data, m.file.len, NULL) >= SL_VERDICT_UNSIGNED) {
			if (at >= m.file.len - m.table.len - 17 || !is_harmless(&m, &plain))
				fail_msg("byte %zu of %zu flipped by %02x unnoticed", at,
					 m.file.len, mask);
			unnoticed++;
		} else if (result.verdict == SL_VERDICT_INCOMPLETE) {
			fail_msg("byte %zu flipped is taken for a cut", at);
		}
		m.file.data[at] = (char)(m.file.data[at] ^ mask);
	}
	assert_true(unnoticed < m.file.len / 50);
	buf_clear(&plain);
	maker_clear(&m);
}

/* A bundle in which something is wrong, and what verifying says of it; in a test with a maker @m.
 */
#define CRIME(because, ...)                                                                        \
	do {                                                                                       \
		maker_begin(&m, false);                                                            \
		__VA_ARGS__;                                                                       \
		maker_segment(&m);                                                                 \
		maker_close(&m, "complete");                                                       \
		maker_tail(&m);                                                                    \
		assert_broken(&m, because);                                                        \
		maker_clear(&m);                                                                   \
	} while (0)
#define FILE_OF(name) maker_file(&m, 1, "upper", name, "content", 7, "")

static void crimes_against_the_records_break_it(void **state)
{
	struct maker m;

	(void)state;
	CRIME("another digest", m.wrong_digest = true; FILE_OF("a"));
	CRIME("not there", m.forget_payload = true; FILE_OF("a"));
	CRIME("no record names", maker_member(&m, "d/00000009/x", "x", 1));
	CRIME("there twice", FILE_OF("a"); maker_member(&m, "d/00000001/a", "content", 7));
	CRIME("continue the chain", m.break_prev = true; FILE_OF("a"));
	CRIME("stands where", m.skip_seq = 1; FILE_OF("a"));
	CRIME("open record out of place", maker_record(&m, "open", 0, ""));
	CRIME("before the end", maker_record(&m, "close", 0, ",\"status\":\"complete\""));
	CRIME("another size", FILE_OF("a"); maker_member(&m, "d/00000002/b", "longer", 6);
	      maker_record(
		      &m, "file", 1,
		      ",\"stored\":{\"member\":\"d/00000002/b\",\"bytes\":5,\"sha256\":"
		      "\"0000000000000000000000000000000000000000000000000000000000000000\"}"));
	CRIME("names a member", FILE_OF("a"); maker_record(
		      &m, "file", 1,
		      ",\"stored\":{\"member\":\"d/00000001/a\",\"bytes\":7,\"sha256\":"
		      "\"0000000000000000000000000000000000000000000000000000000000000000\"}"));
	CRIME("does not begin", maker_line(&m, "{}\n", 3));
	CRIME("duplicate key", maker_record(&m, "note", 0, ",\"a\":1,\"a\":2"));
	CRIME("control character", maker_record(&m, "note", 0, ",\"a\":\t1"));
	CRIME("root is not", FILE_OF("a"); m.tree.edge[1][0] ^= 1);
	CRIME("not the key", FILE_OF("a"); sign_key_free(m.key);
	      assert_int_equal(sign_key_generate(&m.key, NULL), 0));
	CRIME("of another bundle", FILE_OF("a"); m.bundle[0] = m.bundle[0] == '0' ? '1' : '0');
	CRIME("another epoch", maker_record(&m, "epoch", 0, ",\"epoch\":7"); maker_seal(&m));
	CRIME("go on with", maker_record(&m, "No Te", 0, ""));
}

static void crimes_against_the_archive_break_it(void **state)
{
	struct maker m;

	(void)state;
	CRIME("no regular file", m.type = '2'; FILE_OF("link"));
	CRIME("no regular file", m.type = '5'; FILE_OF("dir"));
	CRIME("no regular file", m.type = 'S'; FILE_OF("sparse"));
	CRIME("no regular file", m.type = 'g'; FILE_OF("global"));
	CRIME("no regular file", m.type = 'L'; FILE_OF("gnu-long"));
	CRIME("no regular file", m.type = '7'; FILE_OF("contiguous"));
	CRIME("a name that", FILE_OF("../../etc/passwd"));
	CRIME("a name that", FILE_OF("a//b"));
	CRIME("a name that", FILE_OF("./a"));
	CRIME("a name that", FILE_OF("a b"));
	CRIME("a name that", FILE_OF("a\x1b[31m"));
	CRIME("a name that", FILE_OF("a%2f"));
	CRIME("a name that", FILE_OF("trailing/"));
	CRIME("a name that", maker_member(&m, "/etc/passwd", "x", 1));
	CRIME("a name that", maker_member(&m, "d/1/x", "x", 1));
	CRIME("a name that", maker_member(&m, "d/000000001/x", "x", 1));
	CRIME("out of place", maker_member(&m, "README.txt", "x", 1));
	CRIME("out of place", maker_member(&m, "j/index", "x", 1));
	CRIME("out of place", maker_member(&m, "j/close.intoto.json", "x", 1));
	CRIME("out of place", maker_member(&m, "j/000001.jsonl", "x\n", 2));
	CRIME("out of place", maker_member(&m, "j/000000.note", "x\n", 2));
	CRIME("wrong checksum", memset(m.tar.data + 10, 'x', 1));
	/* what tar programs obey, each in its own way */
	CRIME("programs read differently", maker_forge(&m, 0, 100, "0004755", 7));
	CRIME("programs read differently", maker_forge(&m, 0, 108, "\x80", 1));
	CRIME("programs read differently", maker_forge(&m, 0, 136, "noon", 4));
	CRIME("programs read differently", maker_forge(&m, 0, 300, "\xc3", 1));
	CRIME("a key that no member has", maker_pax(&m, "26 SUN.holesdata= 0 1 100\n", 26));
	CRIME("a key that no member has", maker_pax(&m, "21 GNU.sparse.name=x\n", 21));
	CRIME("wrong length", maker_pax(&m, "9 size=1\n\0", 10));
	/* what no signature covers has one form */
	CRIME("signed by others",
	      m.behind_note = "\xe2\x80\x94 w eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4\n");
	CRIME("another form", m.behind_close = " ");
	CRIME("another form", m.behind_close = "\n\n");
#undef CRIME
}

static void a_seek_table_belongs_to_an_archive_that_ended(void **state)
{
	struct maker m;

	(void)state;
	maker_begin(&m, false);
	maker_segment(&m);
	maker_table(&m);
	assert_broken(&m, "no end of the archive");
	maker_clear(&m);
}

static void no_number_of_signatures_hides_a_verdict(void **state)
{
	static const char line[] = "\xe2\x80\x94 w eHh4eHh4eHh4eHh4\n";
	char lines[40 * sizeof(line)] = "";
	struct maker m;

	(void)state;
	for (int i = 0; i < 40; i++)
		memcpy(lines + (size_t)i * (sizeof(line) - 1), line, sizeof(line));
	maker_begin(&m, false);
	maker_segment(&m);
	m.behind_note = lines;
	maker_segment(&m);
	assert_broken(&m, "more signatures");
	assert_int_equal(result.trusted_segments, 1);
	maker_clear(&m);
}

static void pieces_cannot_be_moved_or_removed(void **state)
{
	struct {
		const char *because;
		int order[6];
	} rows[] = {
		{"out of place", {1, 2, 3, 4, 5, -1}}, {"out of place", {0, 2, 3, 4, 5, -1}},
		{"out of place", {0, 1, 3, 4, 5, -1}}, {"out of place", {0, 2, 1, 3, 4, -1}},
		{"out of place", {0, 1, 1, 2, 3, -1}}, {"out of place", {0, 0, 1, 2, 3, -1}},
	};
	size_t at[8] = {0}, count = 0;
	struct maker m;

	(void)state;
	maker_begin(&m, false);
	(void)FILE_OF("a");
	maker_segment(&m);
	at[++count] = m.file.len;
	(void)FILE_OF("b");
	maker_segment(&m);
	at[++count] = m.file.len;
	maker_close(&m, "complete");
	at[++count] = m.file.len;
	maker_tail(&m);
	at[++count] = m.file.len;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf file = BUF_INIT(SIZE_MAX / 2);

		for (const int *p = rows[i].order; *p >= 0 && (size_t)*p < count; p++)
			assert_int_equal(
				buf_append(&file, m.file.data + at[*p], at[*p + 1] - at[*p]), 0);
		if (judge(file.data, file.len, NULL) != SL_VERDICT_BROKEN)
			fail_msg("row %zu is %s", i, sl_verdict_name(result.verdict));
		if (strstr(result.fault, rows[i].because) == NULL)
			fail_msg("row %zu: %s", i, result.fault);
		buf_clear(&file);
	}
	maker_clear(&m);
}

static void nothing_may_follow_the_tail(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{"x", 1},
		{"\0\0\0\0", 4},
		{"\x50\x2a\x4d\x18\0\0\0\0", 8},
		{"\x28\xb5\x2f\xfd", 4},
		{"\x28", 1},
	};
	struct maker m;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		maker_small(&m, false);
		assert_int_equal(buf_append(&m.file, rows[i].bytes, rows[i].len), 0);
		assert_broken(&m, "behind the seek table");
		maker_clear(&m);
	}
	maker_begin(&m, false);
	maker_close(&m, "complete");
	maker_member(&m, "j/index", "", 0);
	maker_member(&m, "d/00000001/late", "x", 1);
	maker_tail(&m);
	assert_broken(&m, "out of place");
	maker_clear(&m);
}

static void anchors_bind_or_break(void **state)
{
	struct buf pem = BUF_INIT(4096);
	struct sl_verify_options options = {0};
	uint8_t public[SIGN_PUBLIC_SIZE];
	struct maker m, forged;

	(void)state;
	maker_small(&m, true);
	maker_small(&forged, true);
	options.fingerprint = m.fingerprint;
	assert_int_equal(judge(m.file.data, m.file.len, &options), SL_VERDICT_ANCHORED);
	assert_int_equal(judge(forged.file.data, forged.file.len, NULL),
			 SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(judge(forged.file.data, forged.file.len, &options), SL_VERDICT_BROKEN);
	assert_non_null(strstr(result.fault, "not the noted one"));

	sign_key_public(m.long_key, public);
	assert_int_equal(sign_public_pem(public, &pem), 0);
	options = (struct sl_verify_options){.key_pem = pem.data};
	assert_int_equal(judge(m.file.data, m.file.len, &options), SL_VERDICT_SIGNED);
	assert_int_equal(judge(forged.file.data, forged.file.len, &options), SL_VERDICT_BROKEN);
	maker_clear(&forged);
	maker_small(&forged, false);
	assert_int_equal(judge(forged.file.data, forged.file.len, &options),
			 SL_VERDICT_SELF_CONSISTENT);

	options = (struct sl_verify_options){.note = m.note, .note_len = strlen(m.note)};
	assert_int_equal(judge(m.file.data, m.file.len, &options), SL_VERDICT_ANCHORED);
	assert_true(result.anchored_note);
	assert_int_equal(judge(forged.file.data, forged.file.len, &options), SL_VERDICT_BROKEN);
	/* a cut bundle that once had more records */
	assert_int_equal(judge(m.file.data, m.file.len / 2, &options), SL_VERDICT_BROKEN);
	assert_non_null(strstr(result.fault, "proves"));
	buf_clear(&pem);
	maker_clear(&forged);
	maker_clear(&m);
}

static void the_first_fault_is_named_and_what_holds_before_it(void **state)
{
	struct sl_verify_options options = {0};
	struct maker m;
	uint64_t seq;

	(void)state;
	maker_begin(&m, false);
	(void)maker_file(&m, 1, "upper", "a", "1234", 4, "");
	maker_segment(&m);
	(void)maker_file(&m, 1, "upper", "b", "12345", 5, "");
	(void)maker_file(&m, 1, "upper", "c", "", 0, "");
	maker_segment(&m);
	(void)maker_file(&m, 1, "upper", "good", "123456", 6, "");
	m.wrong_digest = true;
	seq = maker_file(&m, 1, "upper", "bad", "x", 1, "");
	maker_close(&m, "complete");
	maker_tail(&m);
	options.fingerprint = m.fingerprint;
	assert_int_equal(judge(m.file.data, m.file.len, &options), SL_VERDICT_BROKEN);
	assert_int_equal(result.fault_segment, 2);
	assert_int_equal(result.fault_record, seq);
	assert_true(result.fault_offset > 0 && result.fault_offset < m.file.len);
	assert_int_equal(result.trusted_segments, 2);
	assert_int_equal(result.trusted_records, 6);
	assert_int_equal(result.trusted_payloads, 3);
	assert_int_equal(result.trusted_payload_bytes, 9);
	/* what is forged as a whole holds together just as well */
	options.fingerprint = "0000-0000-0000-0000-0000-0000-0000-0000";
	assert_int_equal(judge(m.file.data, m.file.len, &options), SL_VERDICT_BROKEN);
	assert_int_equal(result.trusted_records, 0);
	assert_int_equal(result.trusted_payloads, 0);
	maker_clear(&m);
}

static void what_is_not_signed_is_never_called_signed(void **state)
{
	struct sl_verify_options options = {0};
	struct maker m;

	(void)state;
	maker_begin(&m, false);
	m.is_unsigned = true;
	maker_segment(&m);
	maker_close(&m, "complete");
	maker_tail(&m);
	options.fingerprint = m.fingerprint;
	if (judge(m.file.data, m.file.len, &options) != SL_VERDICT_UNSIGNED)
		fail_msg("%s: %s", sl_verdict_name(result.verdict), result.fault);
	assert_int_equal(result.attested, 0);
	maker_clear(&m);

	maker_begin(&m, false);
	maker_segment(&m);
	m.is_unsigned = true;
	maker_close(&m, "complete");
	maker_tail(&m);
	assert_broken(&m, "not signed by the key of its segment");
	maker_clear(&m);
}

static void closing_otherwise_is_incomplete(void **state)
{
	struct maker m;

	(void)state;
	maker_begin(&m, false);
	maker_close(&m, "nospace");
	maker_tail(&m);
	assert_int_equal(judge(m.file.data, m.file.len, NULL), SL_VERDICT_INCOMPLETE);
	assert_true(result.closed);
	assert_int_equal(result.status, SL_BUNDLE_NOSPACE);
	maker_clear(&m);

	maker_begin(&m, false);
	m.status = "complete";
	maker_close(&m, "aborted");
	maker_tail(&m);
	assert_broken(&m, "speaks of something else");
	maker_clear(&m);
}

static void unknown_records_and_members_of_records_are_ignored(void **state)
{
	struct maker m;

	(void)state;
	maker_begin(&m, false);
	(void)maker_record(&m, "anchor.rfc3161", 0, ",\"token\":{\"deep\":[1,2,[3]]}");
	maker_close(&m, "complete");
	maker_tail(&m);
	assert_int_equal(judge(m.file.data, m.file.len, NULL), SL_VERDICT_SELF_CONSISTENT);
	maker_clear(&m);
}

static void long_lines_are_refused(void **state)
{
	size_t len = SL_BUNDLE_LINE_BYTES + 10;
	char *members = malloc(len);
	struct maker m;

	(void)state;
	assert_non_null(members);
	memset(members, 'x', len);
	memcpy(members, ",\"a\":\"", 6);
	memcpy(members + len - 2, "\"", 2);
	maker_begin(&m, false);
	(void)maker_record(&m, "note", 0, members);
	maker_close(&m, "complete");
	maker_tail(&m);
	assert_broken(&m, "more than 64 KiB");
	maker_clear(&m);
	free(members);
}

static void threads_do_not_change_the_verdict(void **state)
{
	struct sl_verify_options options = {.threads = 2};
	struct maker m;

	(void)state;
	maker_small(&m, false);
	assert_int_equal(judge(m.file.data, m.file.len, &options), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(judge(m.file.data, m.file.len - 40, &options), SL_VERDICT_INCOMPLETE);
	m.file.data[m.file.len / 2] ^= 1;
	assert_int_equal(judge(m.file.data, m.file.len, &options), SL_VERDICT_BROKEN);
	maker_clear(&m);
}

static void file_that_is_no_bundle_is_broken(void **state)
{
	(void)state;
	assert_int_equal(judge("hello, world", 12, NULL), SL_VERDICT_BROKEN);
	assert_int_equal(result.fault_offset, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_bundle_is_self_consistent),
		cmocka_unit_test(every_prefix_is_incomplete),
		cmocka_unit_test(every_flipped_byte_is_noticed),
		cmocka_unit_test(crimes_against_the_records_break_it),
		cmocka_unit_test(crimes_against_the_archive_break_it),
		cmocka_unit_test(a_seek_table_belongs_to_an_archive_that_ended),
		cmocka_unit_test(no_number_of_signatures_hides_a_verdict),
		cmocka_unit_test(pieces_cannot_be_moved_or_removed),
		cmocka_unit_test(nothing_may_follow_the_tail),
		cmocka_unit_test(anchors_bind_or_break),
		cmocka_unit_test(the_first_fault_is_named_and_what_holds_before_it),
		cmocka_unit_test(what_is_not_signed_is_never_called_signed),
		cmocka_unit_test(closing_otherwise_is_incomplete),
		cmocka_unit_test(unknown_records_and_members_of_records_are_ignored),
		cmocka_unit_test(long_lines_are_refused),
		cmocka_unit_test(threads_do_not_change_the_verdict),
		cmocka_unit_test(file_that_is_no_bundle_is_broken),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	sl_verify_result_clear(&result);
	return failed;
}
