/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of chance are told from text, tables, programs and what is packed. */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/scrambled.h"

static struct sl_bytes path(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

/* reference: Marsaglia, "Xorshift RNGs" */
static void fill(uint8_t *out, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		out[i] = (uint8_t)(seed >> 32);
	}
}

static void chance_of_any_length_is_chance(void **state)
{
	uint8_t bytes[2 * SCRAMBLED_WINDOW];
	size_t missed = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 1000; seed++) {
		size_t len = SCRAMBLED_LEAST + seed * 7 % (sizeof(bytes) - SCRAMBLED_LEAST);

		fill(bytes, len, seed * UINT64_C(0x9e3779b97f4a7c15));
		bytes[0] |= 0x80; /* no format begins by accident */
		bytes[1] |= 0xc0;
		missed += !scrambled_is_chance(bytes, len);
	}
	if (missed > 2)
		fail_msg("%zu of 1000 were missed", missed);
	assert_false(scrambled_is_chance(bytes, SCRAMBLED_LEAST - 1));
}

static void what_has_a_form_is_not(void **state)
{
	static const char *const formats[] = {"PK\3\4", "\037\213\10", "\211PNG", "%PDF-1.7"};
	uint8_t bytes[SCRAMBLED_WINDOW];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		fill(bytes, sizeof(bytes), 42);
		memcpy(bytes, formats[i], strlen(formats[i]));
		assert_false(scrambled_is_chance(bytes, sizeof(bytes)));
	}
	/* letters of base64, each as likely as the next */
	fill(bytes, sizeof(bytes), 42);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = '0' + bytes[i] % 64;
	assert_false(scrambled_is_chance(bytes, sizeof(bytes)));
	/* a table: numbers with zeros between them */
	fill(bytes, sizeof(bytes), 42);
	for (size_t i = 0; i < sizeof(bytes); i += 4)
		bytes[i] = 0;
	assert_false(scrambled_is_chance(bytes, sizeof(bytes)));
	memset(bytes, 0, sizeof(bytes));
	assert_false(scrambled_is_chance(bytes, sizeof(bytes)));
}

static void documents_are_known_by_their_names(void **state)
{
	struct sl_bytes original;

	(void)state;
	assert_true(scrambled_is_document(path("srv/a.txt")));
	assert_true(scrambled_is_document(path("srv/A.PDF")));
	assert_false(scrambled_is_document(path("srv/random-seed")));
	assert_false(scrambled_is_document(path("srv/.conf")));
	assert_false(scrambled_is_document(path("srv/a.txt/key")));
	assert_false(scrambled_is_document(path("")));
	assert_true(scrambled_original(path("srv/a.txt.x7f"), &original));
	assert_int_equal(original.len, strlen("srv/a.txt"));
	assert_false(scrambled_original(path("srv/a.txt"), &original));
	assert_false(scrambled_original(path("srv/a.css.br"), &original));
	assert_false(scrambled_original(path("srv/a.bin.x7f"), &original));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chance_of_any_length_is_chance),
		cmocka_unit_test(what_has_a_form_is_not),
		cmocka_unit_test(documents_are_known_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
