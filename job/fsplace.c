/* SPDX-License-Identifier: Apache-2.0 */
#include "job/fsplace.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"
#include "host/mountinfo.h"

#define MOUNTINFO_BYTES_MAX ((size_t)64 << 20)
#define PATH_BYTES_MAX ((size_t)64 << 10)

void fsplace_clear(struct fsplace *p)
{
	buf_clear(&p->path);
}

/* Where the descriptor's object is now, as this process sees it. */
static int path_of(struct buf *out, int fd, struct sl_error *err)
{
	char proc[48];
	ssize_t n;

	if (buf_reserve(out, PATH_BYTES_MAX) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, out->data, PATH_BYTES_MAX);
	if (n <= 0 || (size_t)n == PATH_BYTES_MAX || out->data[0] != '/')
		return 1;
	out->len = (size_t)n;
	return 0;
}

/* What of @path lies behind the mount point. NULL when it is not beneath it. */
static const char *behind(const struct buf *path, const struct buf *point)
{
	size_t len = point->len;

	while (len > 0 && point->data[len - 1] == '/')
		len--;
	if (path->len < len || memcmp(path->data, point->data, len) != 0 ||
	    (path->len > len && path->data[len] != '/'))
		return NULL;
	return path->data + len;
}

static int join(struct fsplace *out, const struct mountinfo_row *row, const struct buf *path,
		struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf point = BUF_INIT(PATH_BYTES_MAX);
	const char *rest;
	int rc = mountinfo_decode(&point, row->point, err);

	if (rc == 0)
		rc = mountinfo_decode(&out->path, row->root, err);
	if (rc < 0)
		return rc == -SL_ENOMEM ? rc : 1;
	rest = behind(path, &point);
	if (rest == NULL)
		return 1;
	while (out->path.len > 0 && out->path.data[out->path.len - 1] == '/')
		out->path.len--;
	if (buf_append(&out->path, rest, path->len - (size_t)(rest - path->data)) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	out->major = row->major;
	out->minor = row->minor;
	return 0;
}

int fsplace_of(struct fsplace *out, int dir_fd, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MOUNTINFO_BYTES_MAX);
	CLEANUP(buf_clear) struct buf path = BUF_INIT(2 * PATH_BYTES_MAX);
	struct mountinfo_row row;
	struct mountinfo mounts;
	uint64_t id;
	int rc = path_of(&path, dir_fd, err);

	if (rc != 0)
		return rc;
	if (!kernel_mount_id(dir_fd, &id) || !kernel_has_proc())
		return 1;
	rc = root_read_named("/proc/self/mountinfo", &text, err);
	if (rc < 0)
		return rc;
	mounts = MOUNTINFO_INIT(text.data, text.len);
	while ((rc = mountinfo_next(&mounts, &row, NULL)) != 1 && rc != -SL_ELIMIT)
		if (rc == 0 && row.id == id)
			return join(out, &row, &path, err);
	return 1;
}

bool fsplace_within(const struct fsplace *p, const struct fsplace *dir)
{
	size_t len = dir->path.len;

	return p->major == dir->major && p->minor == dir->minor && p->path.len >= len &&
	       (len == 0 || memcmp(p->path.data, dir->path.data, len) == 0) &&
	       (p->path.len == len || p->path.data[len] == '/');
}
