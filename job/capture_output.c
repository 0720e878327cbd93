/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_output.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "core/within.h"

static bool is_evidence(int dir_fd, const struct sl_container *c)
{
	struct stat places[2];
	size_t count = 0;

	if (c->stack.upper_fd >= 0 && fstat(c->stack.upper_fd, &places[count]) == 0)
		count++;
	if (c->store != NULL && stat(c->store, &places[count]) == 0)
		count++;
	return lies_within(dir_fd, places, count);
}

static int create_file(struct capture_output *out, const char *path,
		       const struct sl_container *container, struct sl_error *err)
{
	AUTO_FREE char *copy = strdup(path);
	AUTO_CLOSE int dir = -1;
	char *slash;

	if (copy == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "output path");
	slash = strrchr(copy, '/');
	if (slash != NULL)
		slash[1] = '\0';
	dir = root_open_dir(slash != NULL ? copy : ".", err);
	if (dir < 0)
		return dir;
	if (is_evidence(dir, container))
		return sl_fail(err, SL_EINVAL, 0,
			       "'%s' lies inside what is to be captured: choose another place",
			       path);
	out->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out->fd < 0)
		return sl_fail(err, SL_EIO, errno, "create '%s'", path);
	return 0;
}

int capture_output_open(struct capture_output *out, const struct capture_request *request,
			const struct sl_container *container, struct sl_error *err)
{
	int rc = 0;

	*out = (struct capture_output){.fd = -1, .sidecar_fd = -1};
	if (request->sidecar != NULL) {
		out->sidecar_fd = open(request->sidecar, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (out->sidecar_fd < 0)
			return sl_fail(err, SL_EIO, errno, "open '%s'", request->sidecar);
	}
	if (strcmp(request->output, "-") != 0) {
		rc = create_file(out, request->output, container, err);
	} else {
		out->to_stderr = out->sidecar_fd < 0;
		out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (out->fd < 0)
			rc = sl_fail(err, SL_EIO, errno, "standard output");
	}
	if (rc < 0)
		capture_output_close(out);
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
