/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ostream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

int ostream_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	return len == 0 ? 0 : s->ops->write(s, bytes, len, err);
}

int ostream_sync_point(struct ostream *s, struct sl_error *err)
{
	return s->ops->sync_point != NULL ? s->ops->sync_point(s, err) : 0;
}

int ostream_finish(struct ostream *s, struct sl_error *err)
{
	return s->ops->finish != NULL ? s->ops->finish(s, err) : 0;
}

void ostream_close(struct ostream *s)
{
	if (s != NULL)
		s->ops->close(s);
}

/* ---- a descriptor ---- */

struct fd_stream {
	struct ostream base;
	int fd;
	bool can_sync; /* a regular file: anything else has no disk to reach */
};

static struct fd_stream *fd_stream(struct ostream *s)
{
	return container_of(s, struct fd_stream, base);
}

/* A descriptor that somebody else made non-blocking: wait, as if it were not. */
static int wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -1 : 0;
}

static int fd_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	const char *p = bytes;
	int fd = fd_stream(s)->fd;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && wait_writable(fd) == 0)
			continue;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int fd_sync_point(struct ostream *s, struct sl_error *err)
{
	struct fd_stream *f = fd_stream(s);

	if (!f->can_sync)
		return 0;
	while (fdatasync(f->fd) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EINVAL || errno == ENOTSUP) {
			f->can_sync = false; /* this file system has nothing to sync to */
			return 0;
		}
		return sl_fail(err, SL_EIO, errno, "write to disk");
	}
	return 0;
}

static void fd_close(struct ostream *s)
{
	struct fd_stream *f = fd_stream(s);

	close(f->fd);
	free(f);
}

int ostream_to_fd(struct ostream **out, int fd, struct sl_error *err)
{
	static const struct ostream_ops ops = {
		.write = fd_write, .sync_point = fd_sync_point, .close = fd_close};
	AUTO_CLOSE int owned = fd;
	struct fd_stream *f;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "output");
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "output");
	*f = (struct fd_stream){
		.base.ops = &ops, .fd = take_fd(&owned), .can_sync = S_ISREG(st.st_mode)};
	*out = &f->base;
	return 0;
}

/* ---- memory ---- */

struct buf_stream {
	struct ostream base;
	struct buf *buf;
};

static int buf_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	struct buf *b = container_of(s, struct buf_stream, base)->buf;

	if (buf_append(b, bytes, len) == 0)
		return 0;
	if (b->status == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "output larger than %zu bytes", b->max);
	return sl_fail(err, SL_ENOMEM, 0, "output");
}

static void buf_close(struct ostream *s)
{
	free(container_of(s, struct buf_stream, base));
}

int ostream_to_buf(struct ostream **out, struct buf *b, struct sl_error *err)
{
	static const struct ostream_ops ops = {.write = buf_write, .close = buf_close};
	struct buf_stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "output");
	*s = (struct buf_stream){.base.ops = &ops, .buf = b};
	*out = &s->base;
	return 0;
}
