/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"
#include "snapshot/tarball.h"

static int open_in_archive(const struct tarball *a, const char *path, struct blob *out,
			   struct sl_error *err)
{
	struct tarball_range range;
	int fd, rc = tarball_find(a, path, &range, err);

	if (rc < 0)
		return rc;
	fd = fcntl(tarball_fd(a), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "archive");
	*out = (struct blob){
		.fd = fd, .offset = range.offset, .size = range.size, .in_archive = true};
	return 0;
}

static int open_in_directory(int dir_fd, const char *path, struct blob *out, struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_file(dir_fd, path, ROOT_FOLLOW_INSIDE, err);
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat '%s'", shown != NULL ? shown : "?");
	if (!S_ISREG(st.st_mode))
		return sl_fail(err, SL_EFORMAT, 0, "'%s' is no regular file",
			       shown != NULL ? shown : "?");
	*out = (struct blob){.fd = take_fd(&fd), .size = (uint64_t)st.st_size};
	return 0;
}

int blobs_open(const struct blobs *b, const char *path, struct blob *out, struct sl_error *err)
{
	if (b->archive != NULL)
		return open_in_archive(b->archive, path, out, err);
	return open_in_directory(b->dir_fd, path, out, err);
}

int blob_read(const struct blob *blob, struct buf *out, struct sl_error *err)
{
	uint64_t done = 0;

	if (blob->size > out->max)
		return sl_fail(err, SL_ELIMIT, 0, "larger than %zu bytes", out->max);
	if (buf_reserve(out, (size_t)blob->size) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "file of an image");
	out->data[out->len] = '\0';
	while (done < blob->size) {
		ssize_t n = pread(blob->fd, out->data + out->len, (size_t)(blob->size - done),
				  (off_t)(blob->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "read");
		if (n == 0)
			return sl_fail(err, SL_EFORMAT, 0, "cut off");
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		done += (uint64_t)n;
	}
	return 0;
}

int blobs_read(const struct blobs *b, const char *path, struct buf *out, struct sl_error *err)
{
	struct blob blob;
	int rc = blobs_open(b, path, &blob, err);

	if (rc < 0)
		return rc;
	rc = blob_read(&blob, out, err);
	close(blob.fd);
	if (rc < 0) {
		AUTO_FREE char *shown = quote_dup(path, strlen(path));

		return sl_wrap(err, rc, "'%s'", shown != NULL ? shown : "?");
	}
	return 0;
}

void blob_give(struct blob *blob, struct sl_layer *layer)
{
	layer->blob_fd = take_fd(&blob->fd);
	layer->blob_size = blob->size;
	layer->blob_in_archive = blob->in_archive;
	layer->blob_offset = blob->offset;
}
