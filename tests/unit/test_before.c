/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "before" is: the lower object on disk once its layer is proven, else the tar header. The
 * rows are the image's entries and the container's; real files stand for the lower objects.
 */
#include "unit/drift_case.h"

#include <fcntl.h>
#include <sys/xattr.h>

#define FINE(s, ns) .mtime = {(s), (ns)}
#define COARSE(s) .mtime = {(s), 0}, .flags = SL_ENTRY_COARSE_TIME

static const struct sl_xattr user[] = {{"user.note", "1", 1}};
static const struct sl_xattr lost[] = {{"user.lost", "1", 1}};
static const struct sl_xattr lost_two[] = {{"user.lost", "1", 1}, {"user.lost2", "1", 1}};

/* On disk every lower object below has mtime 100.25 and the attribute user.note=1. */
static const struct {
	struct drift_case c;
	bool proven;
} rows[] = {
	{{"a copy-up with the disk's nanoseconds is only touched",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 250000000))},
	  ""},
	 true},
	{{"proven, a touch within the same second shows",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 900000000))},
	  "metadata d/f info\n"},
	 true},
	{{"unproven, it cannot: the tar has whole seconds",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 900000000))},
	  ""},
	 false},
	{{"the engine gave the file another time than the tar: proven, that is the before",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(7, 7))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 250000000))},
	  ""},
	 true},
	{{"unproven, the disk is not asked",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(7, 7))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 250000000))},
	  "metadata d/f info\n"},
	 false},
	{{"a time set back to the disk's own is forged",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "two", FINE(100, 250000000))},
	  "modified d/f high [forged-mtime] {forged-mtime}\n"},
	 true},
	{{"proven, another nanosecond is another time",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "two", FINE(100, 250000001))},
	  "modified d/f low\n"},
	 true},
	{{"unproven, the tar's second is all there is",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "two", FINE(100, 999))},
	  "modified d/f high [forged-mtime] {forged-mtime}\n"},
	 false},
	{{"an attribute that the engine could not restore is no change",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100), .xattrs = lost, .xattr_count = 1)},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 250000000))},
	  ""},
	 true},
	{{"one that the copy carries as the tar has it is none either",
	  true,
	  {DIRECTORY("d"),
	   FILE_WITH("d/f", "one", COARSE(100), .xattrs = lost_two, .xattr_count = 2)},
	  {DIRECTORY("d"),
	   FILE_WITH("d/f", "one", FINE(100, 250000000), .xattrs = lost, .xattr_count = 1)},
	  ""},
	 true},
	{{"one that the lower object has and the copy has not is",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100), .xattrs = user, .xattr_count = 1)},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 250000000))},
	  "metadata d/f info\n"},
	 true},
	{{"unproven, a missing attribute is a change",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100), .xattrs = lost, .xattr_count = 1)},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 0))},
	  "metadata d/f info\n"},
	 false},
	{{"mode and owner are the proven header's, not the disk's",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100), .mode = S_IFREG | 0600)},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 250000000))},
	  "metadata d/f info\n"},
	 true},
	{{"a link on the way down is not followed: the header counts",
	  true,
	  {DIRECTORY("link"), FILE_WITH("link/f", "one", FINE(7, 7))},
	  {DIRECTORY("link"), FILE_WITH("link/f", "one", FINE(100, 250000000))},
	  "metadata link/f info\n"},
	 true},
	{{"a lower object of another size is not the one: the header counts",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "four", FINE(7, 7))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "four", FINE(100, 250000000))},
	  "metadata d/f info\n"},
	 true},
	{{"neighbours in several directories each find their own",
	  true,
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", COARSE(100)), FILE_WITH("d/g", "one", COARSE(7)),
	   DIRECTORY("e"), FILE_WITH("e/f", "one", FINE(7, 7)), FILE_WITH("top", "one", COARSE(7))},
	  {DIRECTORY("d"), FILE_WITH("d/f", "one", FINE(100, 250000000)),
	   FILE_WITH("d/g", "one", FINE(100, 250000000)), DIRECTORY("e"),
	   FILE_WITH("e/f", "one", FINE(100, 250000000)),
	   FILE_WITH("top", "one", FINE(100, 250000000))},
	  ""},
	 true},
};

static void make_file(int dir, const char *path)
{
	const struct timespec times[] = {{.tv_sec = 100}, {.tv_sec = 100, .tv_nsec = 250000000}};
	int fd = openat(dir, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "one", 3), 3);
	if (fsetxattr(fd, "user.note", "1", 1, 0) < 0)
		skip(); /* this file system has no attributes */
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static void before_is_the_proven_lower_object_else_the_header(void **state)
{
	char root[] = "/tmp/strandline-before-XXXXXX";
	struct sl_lower lower = {.kind = SL_LOWER_IMAGE};
	struct sl_stack stack = {.upper_fd = -1, .lowers = &lower, .lower_count = 1};
	static const char *const files[] = {"d/f", "d/g", "e/f", "top"};

	(void)state;
	assert_non_null(mkdtemp(root));
	lower.dir_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(lower.dir_fd >= 0);
	assert_int_equal(mkdirat(lower.dir_fd, "d", 0755), 0);
	assert_int_equal(mkdirat(lower.dir_fd, "e", 0755), 0);
	assert_int_equal(symlinkat("d", lower.dir_fd, "link"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		make_file(lower.dir_fd, files[i]);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct drift_setup setup = {.disk = {.stack = &stack, .proven = rows[i].proven}};

		drift_expect(&rows[i].c, &setup);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(unlinkat(lower.dir_fd, files[i], 0), 0);
	assert_int_equal(unlinkat(lower.dir_fd, "link", 0), 0);
	assert_int_equal(unlinkat(lower.dir_fd, "d", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(lower.dir_fd, "e", AT_REMOVEDIR), 0);
	close(lower.dir_fd);
	assert_int_equal(rmdir(root), 0);
}

/* Entries that name a layer the stack does not have must not be looked for outside of it. */
static void a_layer_beyond_the_stack_falls_back_to_the_header(void **state)
{
	static const struct drift_case c = {"beyond",
					    true,
					    {FILE_WITH("f", "one", FINE(7, 7), .layer = 9)},
					    {FILE_WITH("f", "one", FINE(8, 8))},
					    "metadata f info\n"};
	struct sl_lower lower = {.dir_fd = -1};
	struct sl_stack stack = {.upper_fd = -1, .lowers = &lower, .lower_count = 1};
	struct drift_setup setup = {.disk = {.stack = &stack, .proven = true}};

	(void)state;
	drift_expect(&c, &setup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_is_the_proven_lower_object_else_the_header),
		cmocka_unit_test(a_layer_beyond_the_stack_falls_back_to_the_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
