/* SPDX-License-Identifier: Apache-2.0 */
#include "job/outplace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"
#include "core/within.h"
#include "host/host.h"
#include "job/fsplace.h"
#include "job/resolve.h"

/* The nearest directory above @path that exists: what is missing would be made in it. */
static int open_above(const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);
	AUTO_FREE char *copy = strdup(real != NULL ? real : path);
	int fd = -1;

	while (fd < 0) {
		char *slash = copy != NULL ? strrchr(copy, '/') : NULL;

		if (slash == NULL)
			return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (slash == copy)
			return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		*slash = '\0';
		fd = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return fd;
}

int outplace_in_store(const struct job *job, const char *path, struct sl_error *err)
{
	AUTO_CLOSE int fd = open_above(path);
	struct host *host = NULL;
	int held;

	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "look where '%s' lies", path);
	if (resolve_host(job, &host, NULL) < 0)
		return 0;
	held = host_holds_dir(host, fd, err);
	host_close(host);
	return held < 0 ? sl_wrap(err, held, "'%s'", path) : held;
}

/* A directory that must not be written to, or beneath. */
static int check_one(int dir, int place, const char *path, struct sl_error *err)
{
	CLEANUP(fsplace_clear) struct fsplace here = FSPLACE_INIT, there = FSPLACE_INIT;
	struct stat st;
	int held, rc = 1, rc2 = 1;

	if (place < 0)
		return 0;
	held = fstat(place, &st) < 0 ? sl_fail(err, SL_EIO, errno, "stat")
				     : lies_within(dir, &st, 1, err);
	/* what is bind-mounted elsewhere has other parents there */
	if (held == 0)
		rc = fsplace_of(&here, dir, err);
	if (held == 0 && rc >= 0)
		rc2 = fsplace_of(&there, place, err);
	if (held < 0 || rc < 0 || rc2 < 0)
		return sl_wrap(err, held < 0 ? held : rc < 0 ? rc : rc2, "'%s'", path);
	if (held > 0 || (rc == 0 && rc2 == 0 && fsplace_within(&here, &there)))
		return sl_fail(err, SL_EINVAL, 0,
			       "'%s' lies inside what is examined: choose another place", path);
	return 0;
}

/* A disk mounted within a whole tree that is captured: the walk does not enter it. */
static bool is_elsewhere(int dir, const struct sl_stack *stack)
{
	struct stat here, root;

	return stack->is_whole && fstat(dir, &here) == 0 && fstat(stack->upper_fd, &root) == 0 &&
	       here.st_dev != root.st_dev;
}

/* What runs in the machine's own root says nothing about where a container writes. */
static bool is_own_root(int fd)
{
	struct stat own, st;

	return fd >= 0 && fstat(fd, &st) == 0 && stat("/", &own) == 0 && own.st_dev == st.st_dev &&
	       own.st_ino == st.st_ino;
}

/* Through the mount of a container that runs it is the writable layer, too. */
static int spare_root(int dir, const char *path, const struct host *host,
		      const struct sl_container *c, struct sl_error *err)
{
	AUTO_CLOSE int inside = -1;
	char proc[48];

	if (c->pid <= 0 || host == NULL || !host_is_live(host))
		return 0;
	(void)snprintf(proc, sizeof(proc), "/proc/%lld/root", (long long)c->pid);
	inside = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* one that has ended, or that is not ours to look at, leads nowhere */
	if (inside < 0 && kernel_ran_out(errno))
		return sl_fail(err, SL_EIO, errno, "open '%s'", proc);
	return is_own_root(inside) ? 0 : check_one(dir, inside, path, err);
}

int outplace_spare(int dir, const char *path, const struct host *host, const struct sl_container *c,
		   struct sl_error *err)
{
	AUTO_CLOSE int store = -1;
	int rc = is_elsewhere(dir, &c->stack) ? 0 : check_one(dir, c->stack.upper_fd, path, err);

	if (rc == 0 && c->store != NULL && host != NULL) {
		store = host_open_path(host, c->store, err);
		rc = store < 0 && store != -SL_ENOTFOUND ? store : 0;
	}
	if (rc == 0)
		rc = check_one(dir, store, path, err);
	return rc == 0 ? spare_root(dir, path, host, c, err) : rc;
}

/* Something that is no regular file is written to as it is, and holds nothing. */
static bool is_file_to_be(const char *path)
{
	struct stat st;

	if (path == NULL || strcmp(path, "-") == 0)
		return false;
	return stat(path, &st) < 0 || S_ISREG(st.st_mode);
}

int outplace_check(const struct job *job, const char *path, const char *tree, struct sl_error *err)
{
	AUTO_CLOSE int dir = -1, place = -1;
	int rc;

	if (!is_file_to_be(path))
		return 0;
	rc = outplace_in_store(job, path, err);
	if (rc > 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "'%s' lies inside an engine's store: choose another place", path);
	if (rc < 0 || tree == NULL)
		return rc;
	dir = open_above(path);
	if (dir < 0)
		return sl_fail(err, SL_EIO, errno, "look where '%s' lies", path);
	place = root_open_dir(tree, err);
	return place < 0 ? place : check_one(dir, place, path, err);
}

int outplace_check_container(const char *path, const struct host *host,
			     const struct sl_container *c, struct sl_error *err)
{
	AUTO_CLOSE int dir = -1;

	if (!is_file_to_be(path))
		return 0;
	dir = open_above(path);
	return dir < 0 ? sl_fail(err, SL_EIO, errno, "look where '%s' lies", path)
		       : spare_root(dir, path, host, c, err);
}
