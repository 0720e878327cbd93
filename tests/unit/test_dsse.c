/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/dsse.h"
#include "core/json.h"

static struct sign_key *new_key(uint8_t public[SIGN_PUBLIC_SIZE])
{
	struct sign_key *k = NULL;

	assert_int_equal(sign_key_generate(&k, NULL), 0);
	sign_key_public(k, public);
	return k;
}

static void what_is_signed_is_the_encoding_of_the_specification(void **state)
{
	struct buf pae = BUF_INIT(1024);

	(void)state;
	assert_int_equal(dsse_pae(&pae, "http://example.com/HelloWorld", 29, "hello world", 11), 0);
	assert_string_equal(pae.data, "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
	buf_clear(&pae);
}

static void envelopes_round_trip(void **state)
{
	uint8_t a[SIGN_PUBLIC_SIZE], b[SIGN_PUBLIC_SIZE], c[SIGN_PUBLIC_SIZE];
	struct sign_key *key_a = new_key(a), *key_b = new_key(b), *key_c = new_key(c);
	const struct sign_key *const keys[] = {key_a, key_b};
	struct buf text = BUF_INIT(65536);
	struct dsse d;

	(void)state;
	assert_int_equal(dsse_write(&text, DSSE_INTOTO_TYPE, "{\"x\":1}", 7, keys, 2, NULL), 0);
	assert_int_equal(dsse_parse(&d, text.data, text.len, 65536, NULL), 0);
	assert_string_equal(d.type, DSSE_INTOTO_TYPE);
	assert_int_equal(d.payload.len, 7);
	assert_memory_equal(d.payload.data, "{\"x\":1}", 7);
	assert_int_equal(d.count, 2);
	assert_int_equal(dsse_verify(&d, a, NULL), 0);
	assert_int_equal(dsse_verify(&d, b, NULL), 0);
	assert_int_equal(dsse_verify(&d, c, NULL), 1);
	d.payload.data[5] = '2';
	assert_int_equal(dsse_verify(&d, a, NULL), -SL_EUNTRUSTED);
	d.payload.data[5] = '1';
	d.type[0] = 'A';
	assert_int_equal(dsse_verify(&d, a, NULL), -SL_EUNTRUSTED);
	dsse_clear(&d);
	buf_clear(&text);
	sign_key_free(key_a);
	sign_key_free(key_b);
	sign_key_free(key_c);
}

static void what_is_no_envelope_is_refused(void **state)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[]}", 0},
		{"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"AAAA\"}]}", 0},
		{"", -SL_EFORMAT},
		{"[]", -SL_EFORMAT},
		{"{\"payloadType\":\"t\",\"payload\":\"\"}", -SL_EFORMAT},
		{"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":{}}", -SL_EFORMAT},
		{"{\"payloadType\":1,\"payload\":\"\",\"signatures\":[]}", -SL_EFORMAT},
		{"{\"payloadType\":\"t\",\"payload\":\"A\",\"signatures\":[]}", -SL_EFORMAT},
		{"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{}]}", -SL_EFORMAT},
		{"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[1]}", -SL_EFORMAT},
		{"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[]} x", -SL_EFORMAT},
		{"{\"payloadType\":\"t\",\"payload\":\"\",\"payload\":\"\",\"signatures\":[]}",
		 -SL_EFORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dsse d;
		int got = dsse_parse(&d, rows[i].text, strlen(rows[i].text), 4096, NULL);

		if (got != rows[i].want)
			fail_msg("row %zu: got %d", i, got);
		dsse_clear(&d);
	}
}

static void an_envelope_longer_than_the_bound_is_refused(void **state)
{
	static const char text[] = "{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[]}";
	struct dsse d;

	(void)state;
	assert_int_equal(dsse_parse(&d, text, strlen(text), 10, NULL), -SL_ELIMIT);
	dsse_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_is_the_encoding_of_the_specification),
		cmocka_unit_test(envelopes_round_trip),
		cmocka_unit_test(what_is_no_envelope_is_refused),
		cmocka_unit_test(an_envelope_longer_than_the_bound_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
