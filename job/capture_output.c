/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_output.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "core/within.h"
#include "host/host.h"
#include "job/capture_run.h"
#include "job/fsplace.h"

/* A directory that must not be written to, or beneath. */
static int check_one(int dir, int place, const char *path, struct sl_error *err)
{
	CLEANUP(fsplace_clear) struct fsplace here = FSPLACE_INIT, there = FSPLACE_INIT;
	struct stat st;
	bool is_within;
	int rc, rc2;

	if (place < 0 || fstat(place, &st) < 0)
		return 0;
	is_within = lies_within(dir, &st, 1);
	/* what is bind-mounted elsewhere has other parents there */
	rc = is_within ? 1 : fsplace_of(&here, dir, err);
	rc2 = is_within || rc < 0 ? 1 : fsplace_of(&there, place, err);
	if (rc < 0 || rc2 < 0)
		return rc < 0 ? rc : rc2;
	if (is_within || (rc == 0 && rc2 == 0 && fsplace_within(&here, &there)))
		return sl_fail(err, SL_EINVAL, 0,
			       "'%s' lies inside what is to be captured: choose another place",
			       path);
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

static int check_target(int dir, const char *path, const struct capture *c,
			const struct sl_container *t, struct sl_error *err)
{
	AUTO_CLOSE int store = -1, inside = -1;
	char proc[48];
	int rc = is_elsewhere(dir, &t->stack) ? 0 : check_one(dir, t->stack.upper_fd, path, err);

	if (rc == 0 && t->store != NULL && c->host != NULL)
		store = host_open_path(c->host, t->store, NULL);
	if (rc == 0)
		rc = check_one(dir, store, path, err);
	/* through the container's own mount it is the writable layer, too */
	(void)snprintf(proc, sizeof(proc), "/proc/%lld/root", (long long)t->pid);
	if (t->pid > 0 && c->host != NULL && host_is_live(c->host))
		inside = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return rc < 0 || is_own_root(inside) ? rc : check_one(dir, inside, path, err);
}

static bool is_on_one_disk(int dir, const struct capture *c)
{
	struct stat here, upper;

	for (size_t i = 0; i < c->target_count; i++) {
		int fd = c->targets[i].container->stack.upper_fd;

		if (fd >= 0 && fstat(dir, &here) == 0 && fstat(fd, &upper) == 0 &&
		    here.st_dev == upper.st_dev)
			return true;
	}
	return false;
}

static int check_place(struct capture_output *out, int dir, const char *path,
		       const struct capture *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->target_count; i++)
		rc = check_target(dir, path, c, c->targets[i].container, err);
	out->shares_disk |= rc == 0 && is_on_one_disk(dir, c);
	return rc;
}

/* A name is on the disk before anything is in its file; not every file system can do that. */
static void sync_name(int dir_path_fd)
{
	AUTO_CLOSE int dir = openat(dir_path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0)
		(void)fsync(dir);
}

static int create_file(struct capture_output *out, const char *path, const struct capture *c,
		       struct sl_error *err)
{
	AUTO_FREE char *copy = strdup(path);
	AUTO_CLOSE int dir = -1;
	char *slash;
	int rc;

	if (copy == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "output path");
	slash = strrchr(copy, '/');
	if (slash != NULL)
		slash[1] = '\0';
	dir = root_open_dir(slash != NULL ? copy : ".", err);
	if (dir < 0)
		return dir;
	rc = check_place(out, dir, path, c, err);
	if (rc < 0)
		return rc;
	slash = strrchr(path, '/');
	out->fd = openat(dir, slash != NULL ? slash + 1 : path,
			 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out->fd < 0)
		return sl_fail(err, SL_EIO, errno, "create '%s'", path);
	sync_name(dir);
	return 0;
}

static int open_sidecar(struct capture_output *out, const char *path, const struct capture *c,
			struct sl_error *err)
{
	out->sidecar_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->sidecar_fd < 0)
		return sl_fail(err, SL_EIO, errno, "open '%s'", path);
	return check_place(out, out->sidecar_fd, path, c, err);
}

int capture_output_open(struct capture_output *out, const struct capture *c, struct sl_error *err)
{
	const struct capture_request *request = c->request;
	int rc = 0;

	*out = (struct capture_output){.fd = -1, .sidecar_fd = -1};
	if (request->sidecar != NULL)
		rc = open_sidecar(out, request->sidecar, c, err);
	if (rc == 0 && strcmp(request->output, "-") != 0) {
		rc = create_file(out, request->output, c, err);
	} else if (rc == 0) {
		out->to_stderr = out->sidecar_fd < 0;
		out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (out->fd < 0)
			rc = sl_fail(err, SL_EIO, errno, "standard output");
	}
	if (rc < 0)
		capture_output_close(out);
	if (out->shares_disk && rc == 0)
		job_say(c->job, "the bundle grows on a file system that is captured from: it may "
				"overwrite deleted files there");
	return rc;
}

void capture_output_close(struct capture_output *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (out->sidecar_fd >= 0)
		close(out->sidecar_fd);
	out->fd = out->sidecar_fd = -1;
}

/* Best effort by design: the checkpoint is in the bundle as well. */
void capture_output_checkpoint(void *payload, const char *note, size_t len)
{
	struct capture_output *out = payload;
	char name[32];
	int fd;

	if (out->to_stderr && write(STDERR_FILENO, note, len) < 0)
		return;
	if (out->sidecar_fd < 0)
		return;
	(void)snprintf(name, sizeof(name), "%06u.note", out->checkpoints++);
	fd = openat(out->sidecar_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, note, len) == (ssize_t)len)
		(void)fdatasync(fd);
	close(fd);
}
