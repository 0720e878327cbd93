/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a directory, in order, a window at a time. */
#include "snapshot/dialect.h"
#include "snapshot/dirnames.h"
#include "unit/tree_scratch.h"

static void pairs_of_names_stay_together_in_windows(void **state)
{
	AUTO_FREE void *scratch = malloc(DIRNAMES_BUFFER);
	AUTO_CLOSE int fd = open(".", O_RDONLY | O_DIRECTORY);
	struct dirnames n = {.key = dialect_key(dialect_of(SL_MARKER_AUFS))};
	char last[16] = "", name[16];
	size_t objects = 0, windows = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "n%04d", i);
		put(name, "");
		(void)snprintf(name, sizeof(name), ".wh.n%04d", i);
		put(name, "");
	}
	do {
		const char *got;

		assert_int_equal(
			dirnames_read(&n, fd, windows++ == 0 ? NULL : last, 700, scratch, NULL), 0);
		while ((got = dirnames_take(&n)) != NULL) {
			const char *key = n.key(got);

			if (strcmp(key, last) == 0)
				continue;
			/* the object itself always comes before what deletes it */
			assert_ptr_equal(key, got);
			(void)snprintf(name, sizeof(name), "n%04zu", objects++);
			assert_string_equal(got, name);
			(void)strcpy(last, name);
		}
	} while (n.more);
	assert_int_equal(objects, 300);
	assert_true(windows > 5);
	dirnames_clear(&n);
}

static void a_huge_directory_is_listed_in_windows(void **state)
{
	AUTO_FREE void *scratch = malloc(DIRNAMES_BUFFER);
	AUTO_CLOSE int fd = open(".", O_RDONLY | O_DIRECTORY);
	struct dirnames n = {0};
	char last[16] = "", name[16];
	size_t count = 0, windows = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "n%04d", i * 7 % 1000);
		put(name, "");
	}
	do {
		const char *got;

		assert_int_equal(
			dirnames_read(&n, fd, windows++ == 0 ? NULL : last, 2000, scratch, NULL),
			0);
		assert_true(n.count > 1 && n.count < 400);
		while ((got = dirnames_take(&n)) != NULL) {
			if (strcmp(got, last) == 0)
				continue;
			(void)snprintf(name, sizeof(name), "n%04zu", count++);
			assert_string_equal(got, name);
			(void)strcpy(last, name);
		}
	} while (n.more);
	assert_int_equal(count, 1000);
	assert_true(windows > 5);
	assert_true(dirnames_position(&n, "n0999", 5));
	assert_string_equal(dirnames_peek(&n), "n0999");
	assert_false(dirnames_position(&n, "n0001", 5));
	dirnames_clear(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(pairs_of_names_stay_together_in_windows),
		IN_SCRATCH(a_huge_directory_is_listed_in_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
