/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of its own for each test that walks one. */
#ifndef UNIT_TREE_SCRATCH_H
#define UNIT_TREE_SCRATCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "snapshot/layertree.h"
#include "unit/cmocka_all.h"

/* Each test works in its own empty directory. */
static inline int enter_scratch(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *dir;

	if (asprintf(&dir, "%s/strandline-tree-XXXXXX", tmp != NULL ? tmp : "/tmp") < 0 ||
	    mkdtemp(dir) == NULL || chdir(dir) < 0)
		return -1;
	(void)umask(022);
	*state = dir;
	return 0;
}

/* nftw() gives up on trees this deep; rm does not. */
static inline int leave_scratch(void **state)
{
	AUTO_FREE char *dir = *state;
	int status = -1;
	pid_t child;

	if (chdir("/") < 0)
		return -1;
	child = fork();
	if (child == 0) {
		execlp("rm", "rm", "-rf", "--one-file-system", "--", dir, (char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

static inline struct sl_source *walk(enum sl_marker marker)
{
	AUTO_CLOSE int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sl_source *src;

	assert_int_equal(layertree_open(&src, fd, marker, NULL, NULL), 0);
	return src;
}

static inline void put(const char *path, const char *content)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
}

static inline const struct sl_entry *expect_at(struct sl_source *src, const char *path)
{
	const struct sl_entry *e;

	assert_int_equal(sl_source_seek(src, (struct sl_bytes){path, strlen(path)}, NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, path);
	return e;
}

static inline bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	print_message("skipped: needs root\n");
	return false;
}

#define IN_SCRATCH(f) cmocka_unit_test_setup_teardown(f, enter_scratch, leave_scratch)

#endif
