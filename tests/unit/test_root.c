/* SPDX-License-Identifier: Apache-2.0 */
/* Opening beneath a root, against trees that want out. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/root.h"

static char base[] = "/tmp/strandline-root.XXXXXX";
static int root_fd = -1;

static void put(const char *path, const char *text)
{
	AUTO_CLOSE int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int make_tree(void **state)
{
	(void)state;
	if (mkdtemp(base) == NULL)
		return -1;
	root_fd = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0 || mkdirat(root_fd, "etc", 0755) < 0 ||
	    symlinkat("/etc", root_fd, "abs") < 0 || symlinkat("../../..", root_fd, "etc/up") < 0 ||
	    symlinkat("loop", root_fd, "loop") < 0 || mkfifoat(root_fd, "fifo", 0644) < 0 ||
	    symlinkat("/proc/self/root", root_fd, "magic") < 0)
		return -1;
	put("etc/name", "inside\n");
	return 0;
}

static int remove_tree(void **state)
{
	static const char *const names[] = {"etc/name", "etc/up", "abs", "loop", "fifo", "magic"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(root_fd, names[i], 0);
	(void)unlinkat(root_fd, "etc", AT_REMOVEDIR);
	close(root_fd);
	return rmdir(base);
}

static void expect_text(const char *path, enum root_follow follow, const char *want)
{
	struct buf text = BUF_INIT(64);
	int rc = root_read_file(root_fd, path, follow, &text, NULL);

	if (want == NULL) {
		if (rc >= 0)
			fail_msg("'%s' was opened", path);
	} else {
		assert_int_equal(rc, 0);
		assert_string_equal(text.data, want);
	}
	buf_clear(&text);
}

static void links_are_resolved_inside_the_root_or_not_at_all(void **state)
{
	(void)state;
	expect_text("etc/name", ROOT_NO_LINKS, "inside\n");
	expect_text("/etc/name", ROOT_NO_LINKS, "inside\n");
	expect_text("abs/name", ROOT_FOLLOW_INSIDE, "inside\n");
	expect_text("etc/up/etc/name", ROOT_FOLLOW_INSIDE, "inside\n");
	expect_text("../../../etc/name", ROOT_FOLLOW_INSIDE, "inside\n");
	expect_text("abs/name", ROOT_NO_LINKS, NULL);
	expect_text("etc/up/etc/name", ROOT_NO_LINKS, NULL);
	expect_text("../etc/passwd", ROOT_NO_LINKS, NULL);
	expect_text("loop", ROOT_FOLLOW_INSIDE, NULL);
	expect_text("loop", ROOT_NO_LINKS, NULL);
	expect_text("magic/etc/passwd", ROOT_FOLLOW_INSIDE, NULL);
}

static void what_could_block_is_refused_at_once(void **state)
{
	struct sl_error err = SL_ERROR_INIT;

	(void)state;
	assert_int_equal(root_open_file(root_fd, "fifo", ROOT_NO_LINKS, &err), -SL_EINVAL);
	assert_non_null(strstr(err.msg, "neither a regular file nor a directory"));
	sl_error_clear(&err);
}

static void expect_named(const char *name, bool pipe_ok, int want, const char *says)
{
	struct sl_error err = SL_ERROR_INIT;
	AUTO_FREE char *path = NULL;
	int fd;

	assert_true(asprintf(&path, "%s/%s", name[0] == '/' ? "" : base, name) > 0);
	fd = root_open_named(path, pipe_ok, &err);
	if (want < 0) {
		assert_int_equal(fd, want);
		if (strstr(err.msg, says) == NULL)
			fail_msg("'%s' does not say '%s'", err.msg, says);
	} else if (fd < 0) {
		fail_msg("%s", err.msg);
	} else {
		close(fd);
	}
	sl_error_clear(&err);
}

static void a_file_named_by_the_user_is_a_file_or_a_pipe_that_is_meant(void **state)
{
	(void)state;
	expect_named("etc/name", false, 0, NULL);
	expect_named("abs", false, -SL_EINVAL, "is a directory");
	expect_named("fifo", false, -SL_EINVAL, "is a pipe");
	expect_named("nothing", true, -SL_ENOTFOUND, "nothing");
	expect_named("loop", true, -SL_EIO, "Too many levels");
	expect_named("/dev/null", true, -SL_EINVAL, "neither a regular file nor a pipe");
}

static void a_file_larger_than_allowed_names_the_limit(void **state)
{
	struct sl_error err = SL_ERROR_INIT;
	struct buf text = BUF_INIT(3);

	(void)state;
	assert_int_equal(root_read_file(root_fd, "etc/name", ROOT_NO_LINKS, &text, &err),
			 -SL_ELIMIT);
	assert_non_null(strstr(err.msg, "larger than 3 bytes"));
	sl_error_clear(&err);
	buf_clear(&text);
	text = BUF_INIT(7);
	assert_int_equal(root_read_file(root_fd, "etc/name", ROOT_NO_LINKS, &text, NULL), 0);
	buf_clear(&text);
}

static void a_directory_is_listed_in_byte_order_up_to_a_limit(void **state)
{
	struct root_names names;

	(void)state;
	assert_int_equal(root_list(root_fd, &names, 100, NULL), 0);
	assert_int_equal(names.count, 5);
	assert_string_equal(names.names[0], "abs");
	assert_string_equal(names.names[4], "magic");
	root_names_clear(&names);
	assert_int_equal(root_list(root_fd, &names, 4, NULL), -SL_ELIMIT);
}

static void a_path_longer_than_the_kernel_takes_is_opened_in_pieces(void **state)
{
	enum { DEPTH = 40, NAME = 200 };
	char name[NAME + 1], path[DEPTH * (NAME + 1)];
	int at = dup(root_fd), next;

	(void)state;
	memset(name, 'd', NAME);
	name[NAME] = '\0';
	path[0] = '\0';
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdirat(at, name, 0755), 0);
		next = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
		(void)strcat(path, i == 0 ? "" : "/");
		(void)strcat(path, name);
	}
	assert_true(strlen(path) > 4096);
	next = root_open_path(root_fd, path, ROOT_NO_LINKS, NULL);
	assert_true(next >= 0);
	close(next);
	path[strlen(path) - 1] = 'x';
	assert_int_equal(root_open_path(root_fd, path, ROOT_NO_LINKS, NULL), -SL_ENOTFOUND);
	for (int i = 0; i < DEPTH; i++) {
		next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(unlinkat(next, name, AT_REMOVEDIR), 0);
		close(at);
		at = next;
	}
	close(at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_resolved_inside_the_root_or_not_at_all),
		cmocka_unit_test(what_could_block_is_refused_at_once),
		cmocka_unit_test(a_file_named_by_the_user_is_a_file_or_a_pipe_that_is_meant),
		cmocka_unit_test(a_file_larger_than_allowed_names_the_limit),
		cmocka_unit_test(a_directory_is_listed_in_byte_order_up_to_a_limit),
		cmocka_unit_test(a_path_longer_than_the_kernel_takes_is_opened_in_pieces),
	};

	return cmocka_run_group_tests_name("root", tests, make_tree, remove_tree);
}
