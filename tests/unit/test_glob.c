/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/caps.h"
#include "diff/glob.h"

#include <strandline/error.h>

static const struct {
	const char *pattern, *text;
	bool fits;
} rows[] = {
	{"etc/passwd", "etc/passwd", true},
	{"etc/passwd", "etc/passwd-", false},
	{"etc/passwd", "etc/passw", false},
	{"", "", true},
	{"", "a", false},
	{"?", "a", true},
	{"?", "", false},
	{"?", "/", false},
	{"etc/rc?.d/x", "etc/rc5.d/x", true},
	{"*", "name", true},
	{"*", "", true},
	{"*", "a/b", false},
	{"etc/*.conf", "etc/pam.conf", true},
	{"etc/*.conf", "etc/sub/pam.conf", false},
	{"etc/*.conf", "etc/.conf", true},
	{"a*b*c", "aXbYbZc", true},
	{"a*b*c", "aXbYbZ", false},
	{"*.php", "a.php.php", true},
	{"tmp/**", "tmp/x", true},
	{"tmp/**", "tmp/x/y/z", true},
	{"tmp/**", "tmp", false},
	{"tmp/**", "tmp/", false},
	{"tmp/**", "tmpx/y", false},
	{"**", "a/b", true},
	{"**/.bashrc", ".bashrc", true},
	{"**/.bashrc", "root/.bashrc", true},
	{"**/.bashrc", "home/a/b/.bashrc", true},
	{"**/.bashrc", "root/x.bashrc", false},
	{"**/.ssh/authorized_keys", "home/.ssh/x/.ssh/authorized_keys", true},
	{"**/.ssh/authorized_keys", "home/.ssh/x/authorized_keys", false},
	{"a/**/b", "a/b", true},
	{"a/**/b", "a/x/y/b", true},
	{"a/**/b", "a/xb", false},
	{"**/lib/*.so", "usr/lib/x/lib/libc.so", true},
	{"**/lib/*.so", "usr/lib/x/libc.so", false},
	{"**/a*/b", "a1/c/a2/b", true},
	{"**/*a/b", "xa/xb/ya/b", true},
	{"**/x/**/y", "x/1/x/2/y", true},
	{"**/x/**", "a/x", false},
	{"**/x/**", "a/x/b", true},
	{"a**b", "axxb", true},
	{"a**b", "a/b", false},
	{"**x", "abx", true},
	{"**x", "a/bx", false},
};

static void a_pattern_fits_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (glob_match(rows[i].pattern, strlen(rows[i].pattern), rows[i].text,
			       strlen(rows[i].text)) != rows[i].fits)
			fail_msg("'%s' on '%s': want %d", rows[i].pattern, rows[i].text,
				 rows[i].fits);
}

static void bytes_are_bytes(void **state)
{
	(void)state;
	assert_true(glob_match("a*b", 3,
			       "a\0\xff"
			       "b",
			       4));
	assert_false(glob_match("a", 1, "a\0", 2));
}

/* The naive meaning, by recursion: fine for short texts only. */
static bool naive(const char *p, const char *start, const char *t, bool at_start)
{
	if (*p == '\0')
		return *t == '\0';
	if (p[0] == '*' && p[1] == '*' && (p == start || p[-1] == '/') &&
	    (p[2] == '\0' || p[2] == '/')) {
		if (p[2] == '\0')
			return *t != '\0';
		for (const char *at = t; at != NULL;
		     at = strchr(at, '/') != NULL ? strchr(at, '/') + 1 : NULL)
			if (naive(p + 3, start, at, true))
				return true;
		return false;
	}
	if (*p == '*')
		return naive(p + 1, start, t, at_start) ||
		       (*t != '\0' && *t != '/' && naive(p, p, t + 1, false));
	if (*t == '\0' || (*p != *t && (*p != '?' || *t == '/')))
		return false;
	return naive(p + 1, start, t + 1, *p == '/');
}

static void the_fast_way_and_the_naive_way_agree(void **state)
{
	unsigned int seed = 4711;
	char pattern[12], text[12];
	unsigned int fits = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t p = 0, t = 0;

		for (unsigned int n = (unsigned int)rand_r(&seed) % 5; n > 0 && p < 8; n--) {
			/* single stars only inside components: "a**" means two of them */
			static const char *const parts[] = {"a", "b", "/", "?", "*", "**/"};
			const char *part = parts[(unsigned int)rand_r(&seed) % 6];

			if (part[0] == '*' && p > 0 && pattern[p - 1] != '/')
				part = p > 0 && pattern[p - 1] == '*' ? "a" : "*";
			memcpy(pattern + p, part, strlen(part));
			p += strlen(part);
		}
		for (unsigned int n = (unsigned int)rand_r(&seed) % 8; n > 0; n--)
			text[t++] = "ab/"[(unsigned int)rand_r(&seed) % 3];
		pattern[p] = text[t] = '\0';
		fits += glob_match(pattern, p, text, t);
		if (glob_match(pattern, p, text, t) != naive(pattern, pattern, text, true))
			fail_msg("'%s' on '%s'", pattern, text);
	}
	assert_in_range(fits, 5000, 100000);
}

static void a_hostile_name_costs_no_more_than_its_length_times_the_pattern(void **state)
{
	size_t len = 1u << 20;
	AUTO_FREE char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	/* backtracking without bounds would take hours */
	assert_false(glob_match("*a*a*a*a*b", 10, text, len));
	for (size_t i = 1; i < len; i += 2)
		text[i] = '/';
	assert_false(glob_match("**/a/**/a/**/a/*/b", 18, text, len));
}

static const struct {
	const char *sentence;
	size_t len;
	uint8_t value[24];
	int rc;
	const char *text;
} caps[] = {
	{"net_raw as setcap writes it", 20, {1, 0, 0, 2, 0, 0x20}, 0, "cap_net_raw=ep"},
	{"two, permitted only", 20, {0, 0, 0, 2, 0xc0}, 0, "cap_setgid,cap_setuid=p"},
	{"beyond 31", 20, {1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}, 0, "cap_bpf=ep"},
	{"a number without a name",
	 20,
	 {0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80},
	 0,
	 "63=p"},
	{"inheritable only", 20, {0, 0, 0, 2, 0, 0, 0, 0, 1}, 0, "cap_chown=i"},
	{"permitted and inheritable",
	 20,
	 {1, 0, 0, 2, 3, 0, 0, 0, 1},
	 0,
	 "cap_chown=eip cap_dac_override=ep"},
	{"revision 1", 12, {1, 0, 0, 1, 1}, 0, "cap_chown=ep"},
	{"revision 3 with a root id", 24, {1, 0, 0, 3, 1}, 0, "cap_chown=ep"},
	{"too short for its revision", 19, {1, 0, 0, 2, 1}, -SL_EFORMAT, NULL},
	{"too long for its revision", 20, {1, 0, 0, 1, 1}, -SL_EFORMAT, NULL},
	{"an unknown revision", 20, {1, 0, 0, 4, 1}, -SL_EFORMAT, NULL},
	{"nothing", 0, {0}, -SL_EFORMAT, NULL},
};

static void capabilities_are_told_as_getcap_tells_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		struct buf text = BUF_INIT(4096);
		struct caps c;
		int rc = caps_decode(&c, caps[i].value, caps[i].len);

		if (rc != caps[i].rc)
			fail_msg("%s: %d", caps[i].sentence, rc);
		if (rc == 0) {
			assert_int_equal(caps_format(&text, &c), 0);
			if (strcmp(text.data, caps[i].text) != 0)
				fail_msg("%s: %s", caps[i].sentence, text.data);
		}
		buf_clear(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_fits_what_it_says),
		cmocka_unit_test(bytes_are_bytes),
		cmocka_unit_test(the_fast_way_and_the_naive_way_agree),
		cmocka_unit_test(a_hostile_name_costs_no_more_than_its_length_times_the_pattern),
		cmocka_unit_test(capabilities_are_told_as_getcap_tells_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
