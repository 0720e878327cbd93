/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "snapshot/linkproof.h"

struct dir {
	char path[64];
	int fd;
};

static int begin(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return -1;
	memcpy(d->path, "/tmp/strandline-links-XXXXXX", 29);
	if (mkdtemp(d->path) == NULL)
		return -1;
	d->fd = open(d->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = d;
	return d->fd < 0;
}

static int end(void **state)
{
	static const char *const names[] = {"sub/link", "first", "link", "symlink", "far"};
	struct dir *d = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(d->fd, names[i], 0);
	(void)unlinkat(d->fd, "sub", AT_REMOVEDIR);
	(void)unlinkat(d->fd, "link", AT_REMOVEDIR);
	close(d->fd);
	(void)rmdir(d->path);
	free(d);
	return 0;
}

static void put(const struct dir *d, const char *name, const char *text)
{
	AUTO_CLOSE int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Is the entry @name, in the tar a hard link to @target, left for others to prove? */
static bool is_severed(const struct dir *d, const char *name, const char *target)
{
	const struct layer_item item = {.entry.path = {name, strlen(name)},
					.hardlink = {target, target ? strlen(target) : 0}};
	CLEANUP(inodeset_clear) struct inodeset severed = {0};
	struct stat st;

	assert_int_equal(linkproof_item(&severed, d->fd, &item, NULL), 0);
	if (severed.count == 0)
		return false;
	assert_int_equal(severed.count, 1);
	assert_int_equal(fstatat(d->fd, name, &st, 0), 0);
	assert_true(inodeset_has(&severed, st.st_ino));
	assert_false(inodeset_has(&severed, st.st_ino + 1));
	return true;
}

static void two_names_of_one_file_are_proven_by_either(void **state)
{
	const struct dir *d = *state;

	put(d, "first", "one");
	assert_int_equal(linkat(d->fd, "first", d->fd, "link", 0), 0);
	assert_false(is_severed(d, "link", "first"));
	assert_false(is_severed(d, "link", "./first"));
	assert_false(is_severed(d, "first", NULL));
}

static void a_copy_is_as_good_as_a_link(void **state)
{
	const struct dir *d = *state;

	put(d, "first", "one");
	put(d, "link", "one");
	assert_false(is_severed(d, "link", "first"));
}

static void other_bytes_in_the_place_of_a_link_are_not_proven(void **state)
{
	const struct dir *d = *state;

	put(d, "first", "one");
	put(d, "link", "two");
	assert_true(is_severed(d, "link", "first"));
	put(d, "link", "one and more");
	assert_true(is_severed(d, "link", "first"));
	assert_true(is_severed(d, "link", "nowhere"));
}

static void a_difference_far_into_the_file_is_found(void **state)
{
	const struct dir *d = *state;
	AUTO_CLOSE int fd = -1;

	put(d, "first", "one");
	put(d, "link", "one");
	assert_int_equal(fchmodat(d->fd, "first", 0600, 0), 0);
	fd = openat(d->fd, "first", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 100000), 0);
	close(take_fd(&fd));
	fd = openat(d->fd, "link", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 100000), 0);
	assert_false(is_severed(d, "link", "first"));
	assert_int_equal(pwrite(fd, "x", 1, 99999), 1);
	assert_true(is_severed(d, "link", "first"));
}

/* What has no bytes is seen by who walks the directory. */
static void what_is_no_file_is_not_compared(void **state)
{
	const struct dir *d = *state;

	put(d, "first", "one");
	assert_false(is_severed(d, "link", "first"));
	assert_int_equal(mkdirat(d->fd, "link", 0755), 0);
	assert_false(is_severed(d, "link", "first"));
	assert_int_equal(symlinkat("first", d->fd, "symlink"), 0);
	assert_false(is_severed(d, "symlink", "first"));
}

static void many_inodes_are_found_again(void **state)
{
	CLEANUP(inodeset_clear) struct inodeset s = {0};

	(void)state;
	assert_false(inodeset_has(&s, 0));
	for (uint64_t i = 1000; i > 0; i--)
		assert_int_equal(inodeset_add(&s, 3 * i, NULL), 0);
	for (uint64_t i = 0; i < 3010; i++)
		assert_int_equal(inodeset_has(&s, i), i > 0 && i <= 3000 && i % 3 == 0);
	assert_int_equal(inodeset_add(&s, 1, NULL), 0);
	assert_true(inodeset_has(&s, 1));
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(two_names_of_one_file_are_proven_by_either),
		WITH_DIR(a_copy_is_as_good_as_a_link),
		WITH_DIR(other_bytes_in_the_place_of_a_link_are_not_proven),
		WITH_DIR(a_difference_far_into_the_file_is_found),
		WITH_DIR(what_is_no_file_is_not_compared),
		cmocka_unit_test(many_inodes_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
