/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a capture leaves out, and what it says of it; which names are of one file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "job/capture_links.h"
#include "job/capture_scope.h"

/* Is a file of this path and size taken, with this one pattern? */
static bool takes(const char *include, const char *exclude, uint64_t max_file, const char *path,
		  uint64_t size)
{
	const struct capture_scope scope = {.include = &include,
					    .include_count = include != NULL,
					    .exclude = &exclude,
					    .exclude_count = exclude != NULL,
					    .max_file = max_file};
	struct sl_entry e = {.path = {path, strlen(path)}, .mode = S_IFREG, .size = size};
	struct capture_filter *f = NULL;
	bool is_taken;

	assert_int_equal(capture_filter_new(&f, &scope, NULL), 0);
	is_taken = capture_filter_rule(f, &e) == NULL;
	capture_filter_free(f);
	return is_taken;
}

static void a_pattern_is_of_the_whole_path_or_of_a_name(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool fits;
	} cases[] = {
		{"/etc/passwd", "etc/passwd", true},
		{"etc/passwd", "etc/passwd", true},
		{"/etc/passwd", "old/etc/passwd", false},
		{"/etc", "etc/ssh/key", true},
		{"/etc/", "etc/ssh/key", true},
		{"/etc", "etcetera", false},
		{"*.log", "var/log/a.log", true},
		{"*.log", "a.log", true},
		{"*.log", "a.log/inside", true},
		{"*.log", "a.logs", false},
		{"log", "var/log/a", true},
		{"/var/*/a", "var/log/a", true},
		{"/var/*", "var/log/deep/a", true},
		{"/**/cache", "home/x/cache/y", true},
		{"/va?", "var/x", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(takes(NULL, cases[i].pattern, 0, cases[i].path, 1),
				 !cases[i].fits);
		assert_int_equal(takes(cases[i].pattern, NULL, 0, cases[i].path, 1), cases[i].fits);
	}
}

static void an_exclusion_wins_and_a_size_comes_last(void **state)
{
	(void)state;
	assert_false(takes("/etc", "/etc/shadow", 0, "etc/shadow", 1));
	assert_true(takes("/etc", "/etc/shadow", 0, "etc/passwd", 1));
	assert_true(takes(NULL, NULL, 100, "x", 100));
	assert_false(takes(NULL, NULL, 100, "x", 101));
	assert_true(takes(NULL, NULL, 0, "x", UINT64_MAX));
}

static void the_rule_is_named_and_cannot_harm_a_terminal(void **state)
{
	const char *exclude = "a\x1b[31m*";
	const struct capture_scope scope = {.exclude = &exclude, .exclude_count = 1};
	struct sl_entry e = {.path = {"a\x1b[31mb", 7}, .mode = S_IFREG};
	struct capture_filter *f = NULL;
	const char *why;

	(void)state;
	assert_int_equal(capture_filter_new(&f, &scope, NULL), 0);
	why = capture_filter_rule(f, &e);
	assert_non_null(why);
	assert_non_null(strstr(why, "--exclude a"));
	assert_null(strchr(why, '\x1b'));
	capture_filter_free(f);
}

static void a_pattern_that_fits_nothing_is_refused(void **state)
{
	static const char *const bad[] = {"", "/", "///"};
	struct capture_filter *f = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct capture_scope scope = {.include = &bad[i], .include_count = 1};

		assert_int_equal(capture_filter_new(&f, &scope, NULL), -SL_EINVAL);
	}
}

static struct sl_entry named(uint64_t ino, uint32_t nlink)
{
	return (struct sl_entry){.mode = S_IFREG,
				 .dev = 7,
				 .ino = ino,
				 .nlink = nlink,
				 .size = 5,
				 .mtime = {1, 2},
				 .ctime = {3, 4},
				 .fields = SL_ENTRY_INODE | SL_ENTRY_MTIME | SL_ENTRY_CTIME};
}

static void a_further_name_is_known_unless_the_file_was_touched(void **state)
{
	const struct capture_link about = {.seq = 12};
	struct capture_links links = {0};
	struct sl_entry e = named(100, 2), touched = e, other = named(101, 2),
			single = named(102, 1);

	(void)state;
	touched.ctime.nsec++;
	assert_null(capture_links_find(&links, &e));
	capture_links_add(&links, &e, &about);
	capture_links_add(&links, &single, &about);
	assert_int_equal(capture_links_find(&links, &e)->seq, 12);
	assert_null(capture_links_find(&links, &touched));
	assert_null(capture_links_find(&links, &other));
	assert_null(capture_links_find(&links, &single));
	other = e;
	other.dev = 8;
	assert_null(capture_links_find(&links, &other));
	capture_links_clear(&links);
}

static void names_without_end_take_bounded_room(void **state)
{
	struct capture_links links = {0};

	(void)state;
	for (uint64_t i = 1; i <= CAPTURE_LINKS_MAX + 1000; i++) {
		const struct capture_link about = {.seq = i};
		struct sl_entry e = named(i, 2);

		capture_links_add(&links, &e, &about);
	}
	assert_int_equal(links.count, CAPTURE_LINKS_MAX);
	for (uint64_t i = 1; i <= CAPTURE_LINKS_MAX; i += 997) {
		struct sl_entry e = named(i, 2);

		assert_int_equal(capture_links_find(&links, &e)->seq, i);
	}
	capture_links_clear(&links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_of_the_whole_path_or_of_a_name),
		cmocka_unit_test(an_exclusion_wins_and_a_size_comes_last),
		cmocka_unit_test(the_rule_is_named_and_cannot_harm_a_terminal),
		cmocka_unit_test(a_pattern_that_fits_nothing_is_refused),
		cmocka_unit_test(a_further_name_is_known_unless_the_file_was_touched),
		cmocka_unit_test(names_without_end_take_bounded_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
