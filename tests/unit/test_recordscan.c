/* SPDX-License-Identifier: Apache-2.0 */
/* What is scanned without a parser is what the parser would have said; all else it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forensics/recordscan.h"

#define HEAD                                                                                       \
	"{\"v\":1,\"seq\":7,\"prev\":\"0000000000000000000000000000000000000000000000000000000000" \
	"000000\",\"t\":\"2026-11-22T15:00:00.000000000Z\",\"boot_ns\":\"1\",\"type\":\"file\","   \
	"\"target\":1"
#define DIGEST "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""

static const char good[] =
	HEAD ",\"role\":\"upper\",\"src\":{\"path\":\"/etc/passwd\",\"mode\":420,"
	     "\"xattrs\":{\"user.a\":\"YQ==\"}},\"read\":{\"bytes\":22,\"changed\":"
	     "false},\"stored\":{\"member\":\"d/00000007/etc/passwd\",\"bytes\":22,"
	     "\"sha256\":" DIGEST "},\"map\":[[0,-1],[],[{}]],\"attributes\":null}";

/* False where it was left to the parser; fails the test where it was taken wrongly. */
static bool agrees(const char *line, size_t len)
{
	struct recordscan scan;
	struct record r = {0};

	if (recordscan(&scan, line, len) != 0)
		return false;
	if (record_parse(&r, line, len, NULL) != 0)
		fail_msg("taken, but no record: %.*s", (int)len, line);
	assert_int_equal(scan.head.seq, r.seq);
	assert_string_equal(scan.head.type, r.type);
	for (int i = 0; i < RECORDSCAN_MEMBERS; i++) {
		struct stored s = {0};
		int rc = record_stored(jval_get(r.doc, recordscan_key((enum recordscan_member)i)),
				       &s, NULL);

		if (rc != (scan.has[i] ? 0 : 1))
			fail_msg("%d for member %d: %.*s", rc, i, (int)len, line);
		if (rc != 0)
			continue;
		assert_int_equal(s.bytes, scan.said[i].bytes);
		assert_int_equal(s.member_len, scan.said[i].member_len);
		assert_memory_equal(s.member, scan.said[i].member, s.member_len);
		assert_memory_equal(s.sha256, scan.said[i].sha256, SL_SHA256_SIZE);
	}
	record_clear(&r);
	return true;
}

static void plain_records_need_no_parser(void **state)
{
	struct recordscan scan;

	(void)state;
	assert_true(agrees(good, strlen(good)));
	assert_int_equal(recordscan(&scan, good, strlen(good)), 0);
	assert_true(scan.has[RECORDSCAN_STORED]);
	assert_false(scan.has[RECORDSCAN_ATTRIBUTES]);
	assert_int_equal(scan.said[RECORDSCAN_STORED].bytes, 22);
	assert_true(agrees(HEAD "}", strlen(HEAD "}")));
}

static void what_a_parser_refuses_or_reads_otherwise_is_left_to_it(void **state)
{
	static const char *const lines[] = {
		HEAD ",\"seq\":7}",                       /* twice */
		HEAD ",\"a\":{\"b\":1,\"c\":2,\"b\":3}}", /* twice, inside */
		HEAD ",\"a\":1",                          /* open */
		HEAD ",\"a\":1}}",                        /* closed twice */
		HEAD ",\"a\":[1}]",                       /* crossed */
		HEAD ",\"a\":[1,]}",
		HEAD ",}",
		HEAD ",\"a\"}",
		HEAD ",\"a\":01}",
		HEAD ",\"a\":-}",
		HEAD ",\"a\":1.5}",
		HEAD ",\"a\":9223372036854775808}",
		HEAD ",\"a\":tru}",
		HEAD ",\"a\":\"\\u0000\"}",
		HEAD ",\"a\":\"\xff\"}",
		HEAD ",\"a\":\"\t\"}",
		HEAD ", \"a\":1}",
		HEAD "} ",
		HEAD ",\"stored\":{\"member\":\"d/1/x\",\"bytes\":1}}",
		HEAD ",\"stored\":{\"member\":\"d/1/x\",\"bytes\":-1,\"sha256\":" DIGEST "}}",
		HEAD ",\"stored\":{\"member\":\"d/1/x\",\"bytes\":\"01\",\"sha256\":" DIGEST "}}",
		HEAD ",\"stored\":{\"member\":\"d/1/x\",\"bytes\":1,\"sha256\":\"00\"}}",
		HEAD ",\"a\":[[[[[[[[[[]]]]]]]]]]}",
	};
	char epoch[sizeof(HEAD) + 8];
	struct recordscan scan;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (agrees(lines[i], strlen(lines[i])))
			fail_msg("taken: %s", lines[i]);
	/* of some types more is wanted than the scan gives */
	(void)snprintf(epoch, sizeof(epoch), "%s}", HEAD);
	memcpy(strstr(epoch, "file"), "open", 4);
	assert_int_equal(recordscan(&scan, epoch, strlen(epoch)), 1);
}

/* One to three bytes of a good record changed, left out or doubled. */
static void changed_records_are_never_taken_wrongly(void **state)
{
	static const char alphabet[] = "\"\\{}[],:-0123456789.eEabstored \x01\x7f\xc3";
	char line[2 * sizeof(good)];
	unsigned int seed = 1, taken = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t len = strlen(good);

		memcpy(line, good, sizeof(good));
		for (int n = rand_r(&seed) % 3; n >= 0; n--) {
			size_t at = (size_t)rand_r(&seed) % len;
			char c = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];

			switch (rand_r(&seed) % 4) {
			case 0:
				memmove(line + at, line + at + 1, len - at);
				len--;
				break;
			case 1:
				memmove(line + at + 1, line + at, len - at);
				len++;
				break;
			default:
				line[at] = c;
			}
		}
		taken += agrees(line, len);
	}
	/* the test would say nothing if none were */
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_records_need_no_parser),
		cmocka_unit_test(what_a_parser_refuses_or_reads_otherwise_is_left_to_it),
		cmocka_unit_test(changed_records_are_never_taken_wrongly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
