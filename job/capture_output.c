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
#include "job/outplace.h"

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
		rc = outplace_spare(dir, path, c->host, c->targets[i].container, err);
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
