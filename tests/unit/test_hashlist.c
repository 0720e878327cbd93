/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of known digests, line by line and by the million. */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/digestset.h"
#include "core/encode.h"
#include "diff/hashlist.h"

#define SHA256_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SHA1_A "00112233445566778899aabbccddeeff00112233"
#define MD5_A "00112233445566778899aabbccddeeff"

static const struct line_row {
	const char *line;
	enum hashlist_line kind;
	const char *label;
} lines[] = {
	{SHA256_A, HASHLIST_SHA256, ""},
	{"  " SHA256_A "\r", HASHLIST_SHA256, ""},
	{"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff", HASHLIST_SHA256, ""},
	{"sha256:" SHA256_A " x", HASHLIST_SHA256, "x"},
	{SHA256_A "  a name, with; signs", HASHLIST_SHA256, "a name, with; signs"},
	{SHA256_A " *binary", HASHLIST_SHA256, "binary"},
	{"SHA256 (a (b) = c) = " SHA256_A, HASHLIST_SHA256, "a (b) = c"},
	{"SHA256 () = " SHA256_A, HASHLIST_SHA256, ""},
	{"SHA256 (x) = " MD5_A, HASHLIST_ODD, NULL},
	{"SHA256 (x)= " SHA256_A, HASHLIST_ODD, NULL},
	{SHA256_A ",Mirai", HASHLIST_SHA256, "Mirai"},
	{SHA256_A ", \"Mirai, the second\" ,2020", HASHLIST_SHA256, "Mirai, the second"},
	{SHA256_A ";Mirai", HASHLIST_SHA256, "Mirai"},
	{"\"" SHA256_A "\"", HASHLIST_SHA256, ""},
	{"\"" SHA1_A "\",\"" MD5_A "\",\"" SHA256_A "\",\"ls.exe\",12", HASHLIST_SHA256, "ls.exe"},
	{"2024-01-01," SHA256_A ",x", HASHLIST_SHA256, "2024-01-01"},
	{"\"" SHA1_A "\",\"" MD5_A "\",\"00112233\",\"ls.exe\"", HASHLIST_WEAK, NULL},
	{MD5_A, HASHLIST_WEAK, NULL},
	{SHA1_A "  name", HASHLIST_WEAK, NULL},
	{"", HASHLIST_EMPTY, NULL},
	{" \t\r", HASHLIST_EMPTY, NULL},
	{"# " SHA256_A, HASHLIST_EMPTY, NULL},
	{"\"SHA-1\",\"MD5\",\"FileName\"", HASHLIST_ODD, NULL},
	{SHA256_A "0", HASHLIST_ODD, NULL},
	{"x" SHA256_A, HASHLIST_ODD, NULL},
	{"name  " SHA256_A, HASHLIST_ODD, NULL},
	{"\"" SHA256_A, HASHLIST_ODD, NULL},
	{"hello", HASHLIST_ODD, NULL},
	{",", HASHLIST_ODD, NULL},
};

static void each_form_of_a_line_is_read(void **state)
{
	uint8_t want[SL_SHA256_SIZE];

	(void)state;
	assert_int_equal(hex_decode(want, sizeof(want), SHA256_A, 64), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct sl_bytes line = {lines[i].line, strlen(lines[i].line)}, label;
		uint8_t digest[SL_SHA256_SIZE] = {0};

		if (hashlist_parse(line, digest, &label) != lines[i].kind)
			fail_msg("'%s' is another kind", lines[i].line);
		if (lines[i].kind != HASHLIST_SHA256)
			continue;
		assert_memory_equal(digest, want, sizeof(want));
		if (label.len != strlen(lines[i].label) ||
		    memcmp(label.data, lines[i].label, label.len) != 0)
			fail_msg("'%s' is called '%.*s'", lines[i].line, (int)label.len,
				 label.data);
	}
}

/* As spread out as a digest, and faster (splitmix64). */
static void digest_of(uint64_t n, uint8_t out[SL_SHA256_SIZE])
{
	for (size_t i = 0; i < SL_SHA256_SIZE; i += sizeof(n)) {
		uint64_t z = (n + i + 1) * 0x9e3779b97f4a7c15u;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		z ^= z >> 31;
		memcpy(out + i, &z, sizeof(z));
	}
}

static void free_set(struct digestset **s)
{
	digestset_free(*s);
}

static void what_was_added_is_found_and_nothing_else(void **state)
{
	static const uint64_t sizes[] = {0, 1, 63, 64, 65, 600000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP(free_set) struct digestset *s = NULL;
		uint64_t step = sizes[i] < 1000 ? 1 : 997;
		uint8_t digest[SL_SHA256_SIZE];
		uint64_t found = 0;

		assert_int_equal(digestset_new(&s, NULL), 0);
		for (uint64_t n = 0; n < sizes[i]; n++) {
			digest_of(n, digest);
			assert_int_equal(digestset_add(s, digest, n, NULL), 0);
		}
		assert_int_equal(digestset_settle(s, NULL), 0);
		for (uint64_t n = 0; n < sizes[i]; n += step) {
			digest_of(n, digest);
			assert_int_equal(digestset_find(s, digest, &found, NULL), 0);
			assert_int_equal(found, n);
			digest[31] ^= 1; /* all but the last bit are alike */
			assert_int_equal(digestset_find(s, digest, &found, NULL), 1);
		}
		memset(digest, 0xff, sizeof(digest));
		assert_int_equal(digestset_find(s, digest, &found, NULL), 1);
		memset(digest, 0, sizeof(digest));
		assert_int_equal(digestset_find(s, digest, &found, NULL), 1);
	}
}

static void of_one_digest_the_lowest_number_counts_wherever_it_lies(void **state)
{
	CLEANUP(free_set) struct digestset *s = NULL;
	uint8_t same[SL_SHA256_SIZE], other[SL_SHA256_SIZE];
	uint64_t found = 0;

	(void)state;
	assert_int_equal(digestset_new(&s, NULL), 0);
	memset(same, 7, sizeof(same));
	/* enough of one kind to fill blocks, and enough in all to fill a run */
	for (uint64_t n = 0; n < 200; n++)
		assert_int_equal(digestset_add(s, same, 1000 - n, NULL), 0);
	for (uint64_t n = 0; n < 270000; n++) {
		digest_of(n, other);
		assert_int_equal(digestset_add(s, other, n, NULL), 0);
	}
	assert_int_equal(digestset_add(s, same, 5, NULL), 0);
	assert_int_equal(digestset_settle(s, NULL), 0);
	assert_int_equal(digestset_find(s, same, &found, NULL), 0);
	assert_int_equal(found, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_a_line_is_read),
		cmocka_unit_test(what_was_added_is_found_and_nothing_else),
		cmocka_unit_test(of_one_digest_the_lowest_number_counts_wherever_it_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
