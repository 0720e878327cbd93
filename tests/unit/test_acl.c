/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <strandline/error.h>

#include "core/cleanup.h"
#include "diff/acl.h"

#define HEAD "\2\0\0\0"
#define OWNER "\1\0\6\0\377\377\377\377"
#define WWW "\2\0\7\0\41\0\0\0"
#define GROUP "\4\0\4\0\377\377\377\377"
#define STAFF "\10\0\5\0\0\0\1\0"
#define MASK "\20\0\7\0\377\377\377\377"
#define OTHER "\40\0\0\0\377\377\377\377"
#define LIST HEAD OWNER WWW GROUP STAFF MASK OTHER

static void a_list_is_told_as_getfacl_does(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);

	(void)state;
	assert_int_equal(acl_format(&out, LIST, sizeof(LIST) - 1), 0);
	assert_string_equal(out.data, "u::rw-,u:33:rwx,g::r--,g:65536:r-x,m::rwx,o::---");
	buf_reset(&out);
	assert_int_equal(acl_format(&out, HEAD, sizeof(HEAD) - 1), 0);
	assert_string_equal(out.data, "empty");
}

static void what_is_no_list_is_refused_whole(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
	char value[sizeof(LIST)];

	(void)state;
	for (size_t len = 0; len < sizeof(LIST) - 1; len++)
		if (len < 4 || (len - 4) % 8 != 0)
			assert_int_equal(acl_format(&out, LIST, len), -SL_EFORMAT);
	memcpy(value, LIST, sizeof(value));
	value[0] = 1; /* version */
	assert_int_equal(acl_format(&out, value, sizeof(value) - 1), -SL_EFORMAT);
	memcpy(value, LIST, sizeof(value));
	value[4] = 3; /* tag */
	assert_int_equal(acl_format(&out, value, sizeof(value) - 1), -SL_EFORMAT);
	memcpy(value, LIST, sizeof(value));
	value[6] = 8; /* permission */
	assert_int_equal(acl_format(&out, value, sizeof(value) - 1), -SL_EFORMAT);
	assert_int_equal(out.len, 0);
}

static void a_very_long_list_is_cut(void **state)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
	char value[4 + 8 * 70] = HEAD;

	(void)state;
	for (size_t at = 4; at < sizeof(value); at += 8)
		memcpy(value + at, WWW, 8);
	assert_int_equal(acl_format(&out, value, sizeof(value)), 0);
	assert_non_null(strstr(out.data, "u:33:rwx,and 6 more"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_told_as_getfacl_does),
		cmocka_unit_test(what_is_no_list_is_refused_whole),
		cmocka_unit_test(a_very_long_list_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
