/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "host/ctrd_codec.h"

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	int rc;
	uint64_t plain;
} numbers[] = {
	{BYTES("\x00"), 0, 0},
	{BYTES("\x01"), 0, 1},
	{BYTES("\x06"), 0, 6},
	{BYTES("\x7f"), 0, 127},
	{BYTES("\x80\x01"), 0, 128},
	{BYTES("\xe0\x08"), 0, 1120},
	{BYTES("\x80\x00"), 0, 0},
	{BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0, UINT64_MAX},
	{BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0, UINT64_MAX - 1},
	{BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), -SL_EFORMAT, 0},
	{BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"), -SL_EFORMAT, 0},
	{BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), -SL_EFORMAT, 0},
	{BYTES("\x80"), -SL_EFORMAT, 0},
	{BYTES(""), -SL_EFORMAT, 0},
	{BYTES("\x01\x00"), -SL_EFORMAT, 0},
};

static void numbers_are_read_and_bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		uint64_t plain = 0;

		assert_int_equal(ctrd_uvarint(numbers[i].bytes, numbers[i].len, &plain, NULL, &err),
				 numbers[i].rc);
		assert_true(plain == numbers[i].plain);
	}
}

static void a_number_at_the_beginning_says_how_long_it_is(void **state)
{
	uint64_t n;
	size_t used;

	(void)state;
	assert_int_equal(ctrd_uvarint(BYTES("\xac\x02\x00\x07"), &n, &used, NULL), 0);
	assert_int_equal(n, 300);
	assert_int_equal(used, 2);
}

/* What Go's time.Time{...}.MarshalBinary() gave. */
static const struct {
	const char *bytes;
	size_t len;
	int rc;
	int64_t sec;
	uint32_t nsec;
} times[] = {
	{BYTES("\x01\x00\x00\x00\x0e\x77\x91\xf7\x00\x00\x00\x00\x00\xff\xff"), 0, 0, 0},
	{BYTES("\x01\x00\x00\x00\x0e\x77\x91\xf6\xff\x3b\x9a\xc9\xff\x00\x3c"), 0, -1, 999999999},
	{BYTES("\x02\x00\x00\x00\x0e\x77\x91\xf7\x01\x00\x00\x00\x07\x00\x12\x1e"), 0, 1, 7},
	{BYTES("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"), 0, -62135596800, 0},
	{BYTES("\x01\x00\x00\x00\x0e\x77\x91\xf7\x00\x3b\x9a\xca\x00\xff\xff"), -SL_EFORMAT, 0, 0},
	{BYTES("\x01\x00\x00\x00\x0e\x77\x91\xf7\x00\xff\xff\xff\xff\xff\xff"), -SL_EFORMAT, 0, 0},
	{BYTES("\x01\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"), -SL_EFORMAT, 0, 0},
	{BYTES("\x01\x00\x00\x00\x0e\x77\x91\xf7\x00\x00\x00\x00\x00\xff"), -SL_EFORMAT, 0, 0},
	{BYTES("\x01\x00\x00\x00\x0e\x77\x91\xf7\x00\x00\x00\x00\x00\xff\xff\x00"), -SL_EFORMAT, 0,
	 0},
	{BYTES("\x02\x00\x00\x00\x0e\x77\x91\xf7\x00\x00\x00\x00\x00\xff\xff"), -SL_EFORMAT, 0, 0},
	{BYTES("\x03\x00\x00\x00\x0e\x77\x91\xf7\x00\x00\x00\x00\x00\xff\xff"), -SL_EFORMAT, 0, 0},
	{BYTES(""), -SL_EFORMAT, 0, 0},
};

static void times_of_go_become_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		struct sl_time time = {0};

		assert_int_equal(ctrd_time(times[i].bytes, times[i].len, &time, &err), times[i].rc);
		assert_true(time.sec == times[i].sec);
		assert_int_equal(time.nsec, times[i].nsec);
	}
}

static const struct {
	const char *what, *bytes;
	size_t len;
	int rc;
	const char *type, *value;
} anys[] = {
	{"both fields", BYTES("\x0a\x02tt\x12\x03vvv"), 0, "tt", "vvv"},
	{"the other order", BYTES("\x12\x03vvv\x0a\x02tt"), 0, "tt", "vvv"},
	{"no value", BYTES("\x0a\x02tt"), 0, "tt", ""},
	{"an empty value", BYTES("\x0a\x02tt\x12\x00"), 0, "tt", ""},
	{"nothing", BYTES(""), 0, "", ""},
	{"the last of two", BYTES("\x12\x01x\x0a\x01t\x12\x02yy"), 0, "t", "yy"},
	{"unknown fields", BYTES("\x18\x96\x01\x21zzzzzzzz\x2dzzzz\x32\x01z\x0a\x01t"), 0, "t", ""},
	{"a far field", BYTES("\xfa\xff\xff\xff\x0f\x01z\x0a\x01t"), 0, "t", ""},
	{"a long length", BYTES("\x0a\x82\x80\x00tt"), 0, "tt", ""},
	{"a length beyond the end", BYTES("\x0a\x03tt"), -SL_EFORMAT, NULL, NULL},
	{"a huge length", BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01tt"), -SL_EFORMAT,
	 NULL, NULL},
	{"a cut tag", BYTES("\x0a\x01t\x80"), -SL_EFORMAT, NULL, NULL},
	{"no length", BYTES("\x0a"), -SL_EFORMAT, NULL, NULL},
	{"eight bytes cut", BYTES("\x21zzzzzzz"), -SL_EFORMAT, NULL, NULL},
	{"four bytes cut", BYTES("\x2dzzz"), -SL_EFORMAT, NULL, NULL},
	{"a number cut", BYTES("\x18\x80"), -SL_EFORMAT, NULL, NULL},
	{"a type that is a number", BYTES("\x08\x01"), -SL_EFORMAT, NULL, NULL},
	{"field 0", BYTES("\x02\x01z"), -SL_EFORMAT, NULL, NULL},
	{"a field beyond 29 bits", BYTES("\x82\x80\x80\x80\x10\x01z"), -SL_EFORMAT, NULL, NULL},
	{"a group", BYTES("\x1b\x1c"), -SL_EFORMAT, NULL, NULL},
};

static void an_any_is_a_type_and_a_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(anys); i++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		struct ctrd_any any;
		int rc = ctrd_any(anys[i].bytes, anys[i].len, &any, &err);

		if (rc != anys[i].rc)
			fail_msg("%s: %d %s", anys[i].what, rc, sl_error_text(&err));
		if (rc < 0)
			continue;
		assert_int_equal(any.type_url_len, strlen(anys[i].type));
		assert_memory_equal(any.type_url, anys[i].type, any.type_url_len);
		assert_int_equal(any.value_len, strlen(anys[i].value));
		assert_memory_equal(any.value, anys[i].value, any.value_len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_and_bounded),
		cmocka_unit_test(a_number_at_the_beginning_says_how_long_it_is),
		cmocka_unit_test(times_of_go_become_ours),
		cmocka_unit_test(an_any_is_a_type_and_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
