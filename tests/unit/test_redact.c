/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "job/redact.h"

static int collect(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	(void)err;
	return buf_append(payload, bytes, len);
}

/* The whole through the masker, in pieces of @step bytes. */
static int mask_as(struct buf *out, const char *role, const char *path, const char *text,
		   size_t len, size_t step)
{
	CLEANUP(redact_clear) struct redact r;
	int rc = 0;

	redact_init(&r, role, (struct sl_bytes){path, strlen(path)}, collect, out);
	for (size_t at = 0; rc == 0 && at < len; at += step)
		rc = redact_bytes(&r, text + at, len - at < step ? len - at : step, NULL);
	return rc < 0 ? rc : redact_end(&r, NULL);
}

static void expect_as(const char *role, const char *path, const char *text, size_t len,
		      const char *want, size_t want_len)
{
	static const size_t steps[] = {1, 2, 3, 7, 64, 1 << 20};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);

		assert_int_equal(mask_as(&out, role, path, text, len, steps[i]), 0);
		if (out.len != want_len || memcmp(out.data, want, want_len) != 0)
			fail_msg("'%s' became '%.*s', not '%s'", text, (int)out.len, out.data,
				 want);
	}
}

static void expect(const char *text, const char *want)
{
	expect_as("upper", "/etc/app.conf", text, strlen(text), want, strlen(want));
}

struct pair {
	const char *text, *want;
};

static void values_behind_names_are_masked_and_lines_stay(void **state)
{
	static const struct pair pairs[] = {
		{"db_password=hunter2\nport=5432\n", "db_password=[redacted]\nport=5432\n"},
		{"  password: correct horse battery\r\n", "  password: [redacted]\r\n"},
		{"export API_KEY='a b'; run", "export API_KEY='[redacted]'; run"},
		{"mysql --password=hunter2 -e x", "mysql --password=[redacted]"},
		{"mysql --password hunter2", "mysql --password [redacted]"},
		{"requirepass hunter2", "requirepass [redacted]"},
		{"$c['password'] = \"hun\\\"ter2\";", "$c['password'] = \"[redacted]\";"},
		{"password='it''s'", "password='[redacted]"},
		{"password=\"a\"b'c'", "password=\"[redacted]"},
		{"\"password\": \"hunter2\", \"port\": 1",
		 "\"password\": \"[redacted]\", \"port\": 1"},
		{"x \\\"token\\\":\\\"hunter2\\\",\\\"a\\\":1",
		 "x \\\"token\\\":\\\"[redacted]\\\",\\\"a\\\":1"},
		{"\x1b[36mpassword\x1b[0m=hunter2", "\x1b[36mpassword\x1b[0m=[redacted]"},
		{"<password>hunter2</password>", "<password>[redacted]"},
		{"<p name=\"password\" value=\"hunter2\"/>",
		 "<p name=\"password\" value=\"[redacted]"},
		{"Authorization: Basic aHVudGVyMg==", "Authorization: [redacted]"},
		{"create user x identified by 'hunter2';",
		 "create user x identified by '[redacted]';"},
		{"login ada password hunter2", "login ada password [redacted]"},
		{"\xc3\xa9t\xc3\xa9 password=h\xc3\xbcnter",
		 "\xc3\xa9t\xc3\xa9 password=[redacted]"},
		{"password = \"\"", "password = \"\""},
		{"password\xc2\xa0=\xc2\xa0hunter2", "password\xc2\xa0=[redacted]"},
		{"curl -u ada:hunter2 x", "curl -u ada:[redacted]"},
		{"PrivateKey = abc", "PrivateKey = [redacted]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		expect(pairs[i].text, pairs[i].want);
}

static void what_is_no_secret_stays_as_it_is(void **state)
{
	static const char *const texts[] = {
		"Failed password for root from 192.0.2.1 port 22 ssh2\n",
		"sshd: Accepted publickey for ada: ED25519 "
		"SHA256:3xKp0vQ1nZ8yW2sLr5tUb7mDc9fGh4jKa6eRi0oTq2A\n",
		"ls: /etc/passwd: No such file\n",
		"overlay 3a7f8bc0d1e2f3a4b5c6d7e8f90123453a7f8bc0d1e2f3a4b5c6d7e8f9012345\n",
		"/usr/lib/x86_64-linux-gnu/perl-base/unicore/lib/GCB/EX.pl\n",
		"see https://example.org:8443/a?b=c and ftp://example.org\n",
		"\n\n \n",
		"{\"a\": 1.10, \"b\": [true, null, \"\\u00e9\"]}\n",
		"cmd --file=/x key=value -u 1000:1000 x\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		expect(texts[i], texts[i]);
}

static void values_over_several_lines_are_masked_to_their_end(void **state)
{
	static const struct pair pairs[] = {
		{"password: |\n  one\n\n  two\nport: 1\n",
		 "password: [redacted]\n[redacted]\n\n[redacted]\nport: 1\n"},
		{"password:\n  hunter2\nport: 1\n", "password:\n[redacted]\nport: 1\n"},
		{"token=\"one\ntwo\nthree\"\nport=1\n",
		 "token=\"[redacted]\n[redacted]\n[redacted]\nport=1\n"},
		{"x --token \\\n  hunter2 \\\n  more\nport=1\n",
		 "x --token [redacted]\n[redacted]\n[redacted]\nport=1\n"},
		{"- name: DB_PASSWORD\n  value: hunter2\n- name: PORT\n  value: 1\n",
		 "- name: DB_PASSWORD\n  value: [redacted]\n- name: PORT\n  value: 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		expect(pairs[i].text, pairs[i].want);
}

static void private_keys_are_masked_from_begin_to_end(void **state)
{
	static const struct pair pairs[] = {
		{"a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE "
		 "KEY-----\nb\n",
		 "a\n[redacted]\n[redacted]\n[redacted]\n[redacted]\nb\n"},
		{"k='-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n' b",
		 "k='[redacted]\\n' b"},
		{"api_key=\"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\"\nb=1\n",
		 "api_key=\"[redacted]\n[redacted]\n[redacted]\nb=1\n"},
		{"-----BEGIN PUBLIC KEY-----\nMIIB\n", "-----BEGIN PUBLIC KEY-----\nMIIB\n"},
		{"-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\nnever ended\n",
		 "[redacted]\n[redacted]\n[redacted]\n"},
		{"Private-Lines: 1\nAAAA\nPrivate-MAC: 12\nend\n",
		 "[redacted]\n[redacted]\n[redacted]\nend\n"},
		{"{\"log\":\"-----BEGIN PRIVATE KEY-----\\n\",\"n\":1}\n{\"log\":\"MIIE\\n\"}\n"
		 "{\"log\":\"-----END PRIVATE KEY-----\\n\"}\n{\"log\":\"x\\n\"}\n",
		 "{\"log\":\"[redacted]\\n\",\"n\":1}\n{\"log\":\"[redacted]\"}\n"
		 "{\"log\":\"[redacted]\"}\n{\"log\":\"x\\n\"}\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		expect(pairs[i].text, pairs[i].want);
}

static void tokens_urls_and_hashes_are_known_by_their_form(void **state)
{
	static const struct pair pairs[] = {
		{"x postgres://ada:hunter2@db/x y", "x postgres://ada:[redacted]@db/x y"},
		{"x postgres://ada:h/un@ter2@db/x", "x postgres://ada:[redacted]@db/x"},
		{"http://a/?u=http://b:hunter2@c/", "http://a/?u=http://b:[redacted]@c/"},
		{"git clone https://t0ken@example.org/x",
		 "git clone https://[redacted]@example.org/x"},
		{"use ghp_0123456789abcdefABCDEF0123456789abcd now", "use [redacted] now"},
		{"id AKIAIOSFODNN7EXAMPLE.", "id [redacted]"},
		{"(eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln)", "([redacted])"},
		{"x wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY y", "x [redacted] y"},
		{"AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQ", "[redacted]"},
		{"ada {SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "ada {SSHA}[redacted]"},
		{"ada:$6$salt$0123456789abcdefghij:1", "ada:$6$(masked):1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		expect(pairs[i].text, pairs[i].want);
}

static void json_on_one_line_is_masked_by_its_names(void **state)
{
	static const struct pair pairs[] = {
		{"{\"Env\":[\"A=hunter2\",\"PATH=/bin\"],\"Cmd\":[\"x\",\"--password\",\"hunter2\","
		 "\"y\"],\"n\":1.10}\n",
		 "{\"Env\":[\"A=[redacted]\",\"PATH=[redacted]\"],\"Cmd\":[\"x\",\"--password\","
		 "\"[redacted]\",\"y\"],\"n\":1.10}\n"},
		{"{\"env\":{\"A\":\"hunter2\"},\"b\":\"c\"}",
		 "{\"env\":{\"A\":\"[redacted]\"},\"b\":\"c\"}"},
		{"{\"credentials\":{\"a\":[\"hunter2\"],\"pin\":1234},\"b\":[2]}",
		 "{\"credentials\":{\"a\":[\"[redacted]\"],\"pin\":\"[redacted]\"},\"b\":[2]}"},
		{"{\"log\":\"{\\\"password\\\":\\\"hunter2\\\"}\\n\"}",
		 "{\"log\":\"{\\\"password\\\":\\\"[redacted]\\\"}\\n\"}"},
		{"[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"},{\"name\":\"a\",\"value\":"
		 "\"b\"}]",
		 "[{\"name\":\"DB_PASSWORD\",\"value\":\"[redacted]\"},{\"name\":\"a\",\"value\":"
		 "\"b\"}]"},
		{"{\"a\":\"\\u0070assword=hunter2\"}", "{\"a\":\"password=[redacted]\"}"},
		{"{\"pass\\u0077ord\":\"hunter2\"}", "{\"pass\\u0077ord\":\"[redacted]\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		expect(pairs[i].text, pairs[i].want);
}

static void of_an_environment_only_names_stay(void **state)
{
	static const char text[] = "A=hunter2\0B=\0=x\0no name at all\0\0P=two\nlines";
	static const char want[] =
		"A=[redacted]\0B=[redacted]\0[redacted]\0[redacted]\0\0P=[redacted]";

	(void)state;
	expect_as("process", "/17/environ", text, sizeof(text) - 1, want, sizeof(want) - 1);
}

static void arguments_are_masked_one_by_one(void **state)
{
	static const char text[] =
		"x\0--token\0hunter2\0-p=1\0--password=a b\0-u\0ada:hunter2\0-u\0"
		"1:2\0";
	static const char want[] =
		"x\0--token\0[redacted]\0-p=1\0--password=[redacted]\0-u\0ada:[redacted]\0-u\0"
		"1:2\0";

	(void)state;
	expect_as("process", "/17/cmdline", text, sizeof(text) - 1, want, sizeof(want) - 1);
}

static void files_of_accounts_and_secrets_are_masked_by_what_they_are(void **state)
{
	static const char shadow[] = "ada:abcdefgh:1:\nroot:!:2:\n";
	static const char masked[] = "ada:(masked):1:\nroot:!:2:\n";
	static const char pass[] = "h:1:db:ada:hunter2\n\n", whole[] = "[redacted]\n\n";

	(void)state;
	expect_as("upper", "/etc/shadow", shadow, strlen(shadow), masked, strlen(masked));
	expect_as("lower", "/2/etc/shadow", shadow, strlen(shadow), masked, strlen(masked));
	expect_as("upper", "/root/.pgpass", pass, strlen(pass), whole, strlen(whole));
	expect_as("tmpfs", "/run/secrets/db", pass, strlen(pass), whole, strlen(whole));
}

static void what_is_no_text_is_refused(void **state)
{
	static const char *const texts[] = {"\x7f"
					    "ELF\x02\x01",
					    "\x1f\x8b\x08x", "plain\n\x01"};
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(mask_as(&out, "upper", "/x", texts[i], strlen(texts[i]), 3),
				 -SL_EUNSUPPORTED);
	assert_int_equal(mask_as(&out, "upper", "/17/environ", "a\0b", 3, 3), -SL_EUNSUPPORTED);
}

/* A line too long to be looked at as one is masked, and what begins in it still counts behind it.
 */
static void a_line_beyond_the_window_is_masked_whole(void **state)
{
	static const char key[] = "-----BEGIN PRIVATE KEY-----";
	size_t len = REDACT_LINE_MAX * 2 + 100, at[] = {0, REDACT_LINE_MAX - 13, len - 50};
	AUTO_FREE char *text = malloc(len + 64);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20);

		memset(text, 'x', len);
		for (size_t k = 0; k < len; k += 61)
			text[k] = ' ';
		memcpy(text + at[i], key, sizeof(key) - 1);
		strcpy(text + len, "\nhunter2\n");
		assert_int_equal(mask_as(&out, "upper", "/x", text, strlen(text), 4096), 0);
		assert_string_equal(out.data, "[redacted]\n[redacted]\n");
	}
}

/* ---- property ---- */

static unsigned int draw(unsigned int *seed, unsigned int below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static const char secret[] = "hunter2!Zx";

/* Something around the secret that says so, in whatever stands before and behind. */
static void plant(struct buf *text, unsigned int *seed)
{
	static const char *const before[] = {
		"password=",        "\"secret\": \"",    "TOKEN: '",
		"--api-key ",       "http://u:",         "{\"db_pass\":\"",
		"\\\"pwd\\\":\\\"", "token => ",         "-----BEGIN PRIVATE KEY-----\n",
		"secret: |\n   ",   "passphrase = \"\n",
	};
	static const char *const behind[] = {
		"", "\"", "'", "", "@host/", "\"}", "\\\"", "", "\n-----END PRIVATE KEY-----",
		"", "\"",
	};
	unsigned int i = draw(seed, ARRAY_SIZE(before));

	(void)buf_append_str(text, before[i]);
	(void)buf_append_str(text, secret);
	(void)buf_append_str(text, behind[i]);
}

static void no_planted_secret_passes_wherever_it_stands(void **state)
{
	static const char *const noise[] = {"word ",    "\n", "\xc3\xa9", "=",     ": ",
					    "\"a\":1,", " ",  "\t",       "0x1f ", "\r\n",
					    "/etc/x ",  "} ", "\xff ",    "a.b-c "};
	unsigned int seed = 17;

	(void)state;
	for (unsigned int round = 0; round < 4000; round++) {
		CLEANUP(buf_clear) struct buf text = BUF_INIT(1 << 16);
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
		unsigned int before = round, parts = draw(&seed, 12);

		for (unsigned int i = 0; i < parts; i++)
			(void)buf_append_str(&text, noise[draw(&seed, ARRAY_SIZE(noise))]);
		if (draw(&seed, 2) == 0)
			(void)buf_append_char(&text, ' ');
		plant(&text, &seed);
		for (unsigned int i = draw(&seed, 8); i > 0; i--)
			(void)buf_append_str(&text, noise[draw(&seed, ARRAY_SIZE(noise))]);
		assert_int_equal(mask_as(&out, "upper", "/x", text.data, text.len,
					 1 + draw(&seed, (unsigned int)text.len + 3)),
				 0);
		if (memmem(out.data, out.len, secret, strlen(secret)) != NULL)
			fail_msg("round %u: '%s' became '%s'", before, text.data, out.data);
		assert_int_equal(mask_as(&again, "upper", "/x", text.data, text.len, text.len), 0);
		assert_string_equal(out.data, again.data);
	}
}

/* ---- records ---- */

static void a_record_stays_a_record(void **state)
{
	static const char line[] =
		"{\"v\":1,\"seq\":7,\"key\":{\"type\":1,\"spki\":"
		"\"MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\"},"
		"\"sessionid\":3,\"argv\":[\"x\",\"--password=hunter2\",\"--token\",\"hunter2\"],"
		"\"env\":[\"PATH\",\"DB_PASSWORD\"],\"secrets_in_clear\":true,"
		"\"src\":{\"path_b64\":\"cGFzc3dvcmQ9aHVudGVyMv8=\",\"xattrs\":{\"user.pw\":"
		"\"aHVudGVyMg==\",\"security.capability\":\"AQAA\"}},"
		"\"stored\":{\"member\":\"d/00000007/tmp/token%3Dhunter2\",\"sha256\":\"00\"}}";
	static const char want[] =
		"{\"v\":1,\"seq\":7,\"key\":{\"type\":1,\"spki\":"
		"\"MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\"},"
		"\"sessionid\":3,\"argv\":[\"x\",\"--password=[redacted]\",\"--token\",\"[redacted]"
		"\"],"
		"\"env\":[\"PATH\",\"DB_PASSWORD\"],\"secrets_in_clear\":true,"
		"\"src\":{\"path_b64\":\"cGFzc3dvcmQ9W3JlZGFjdGVkXQ==\",\"xattrs\":{\"user.pw\":\"["
		"redacted]\",\"security.capability\":\"AQAA\"}},"
		"\"stored\":{\"member\":\"[redacted]\",\"sha256\":\"00\"}}";
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 16);

	(void)state;
	assert_int_equal(redact_record(&out, line, strlen(line), NULL), 0);
	assert_string_equal(out.data, want);
}

static void names_that_are_masked_stay_apart(void **state)
{
	static const char line[] = "{\"password=a\":1,\"b\":2,\"password=c\":3,\"[redacted]\":4,"
				   "\"$6$salt$aaaaaaaaaaaaaaaa\":5,\"$6$salt$bbbbbbbbbbbbbbbb\":6}";
	CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 16);
	AUTO_JVAL struct jval *doc = NULL;

	(void)state;
	assert_int_equal(redact_record(&out, line, strlen(line), NULL), 0);
	/* a name twice is refused */
	assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
	assert_int_equal(jval_len(doc), 6);
	assert_non_null(jval_get(doc, "password=[redacted]#1"));
	assert_non_null(jval_get(doc, "b"));
	assert_null(strstr(out.data, "aaaaaaaa"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_behind_names_are_masked_and_lines_stay),
		cmocka_unit_test(what_is_no_secret_stays_as_it_is),
		cmocka_unit_test(values_over_several_lines_are_masked_to_their_end),
		cmocka_unit_test(private_keys_are_masked_from_begin_to_end),
		cmocka_unit_test(tokens_urls_and_hashes_are_known_by_their_form),
		cmocka_unit_test(json_on_one_line_is_masked_by_its_names),
		cmocka_unit_test(of_an_environment_only_names_stay),
		cmocka_unit_test(arguments_are_masked_one_by_one),
		cmocka_unit_test(files_of_accounts_and_secrets_are_masked_by_what_they_are),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(a_line_beyond_the_window_is_masked_whole),
		cmocka_unit_test(no_planted_secret_passes_wherever_it_stands),
		cmocka_unit_test(a_record_stays_a_record),
		cmocka_unit_test(names_that_are_masked_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
