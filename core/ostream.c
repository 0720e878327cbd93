/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ostream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/pool.h"

int ostream_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	return len == 0 ? 0 : s->ops->write(s, bytes, len, err);
}

int ostream_sync_point(struct ostream *s, struct sl_error *err)
{
	return s->ops->sync_point != NULL ? s->ops->sync_point(s, err) : 0;
}

int ostream_sync_begin(struct ostream *s, struct sl_error *err)
{
	return s->ops->sync_begin != NULL ? s->ops->sync_begin(s, err) : ostream_sync_point(s, err);
}

int ostream_sync_wait(struct ostream *s, struct sl_error *err)
{
	return s->ops->sync_wait != NULL ? s->ops->sync_wait(s, err) : 0;
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
	bool can_sync;       /* a regular file: anything else has no disk to reach */
	struct pool *syncer; /* one thread, from the first sync_begin on */
	int sync_errno;      /* written by the syncer while a job is with it */
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

int fd_write_all(int fd, const void *bytes, size_t len, struct sl_error *err)
{
	const char *p = bytes;

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

static int fd_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	return fd_write_all(fd_stream(s)->fd, bytes, len, err);
}

/* Runs on the syncer, or on the caller's thread while the syncer is idle. */
static void sync_fd(void *job, void *worker)
{
	struct fd_stream *f = job;
	int rc;

	(void)worker;
	do
		rc = fdatasync(f->fd);
	while (rc < 0 && errno == EINTR);
	f->sync_errno = rc < 0 ? errno : 0;
}

static int judge_sync(struct fd_stream *f, struct sl_error *err)
{
	if (f->sync_errno == EINVAL || f->sync_errno == ENOTSUP)
		f->can_sync = false; /* this file system has nothing to sync to */
	else if (f->sync_errno != 0)
		return sl_fail(err, SL_EIO, f->sync_errno, "write to disk");
	return 0;
}

static int fd_sync_begin(struct ostream *s, struct sl_error *err)
{
	static const struct pool_options options = {.workers = 1, .queue = 1, .run = sync_fd};
	struct fd_stream *f = fd_stream(s);
	int rc = 0;

	if (!f->can_sync)
		return 0;
	if (f->syncer == NULL)
		rc = pool_new(&f->syncer, &options, err);
	return rc == 0 ? pool_submit(f->syncer, f, err) : rc;
}

static int fd_sync_wait(struct ostream *s, struct sl_error *err)
{
	struct fd_stream *f = fd_stream(s);
	void *job;

	if (f->syncer == NULL || pool_take(f->syncer, &job) != 0)
		return 0;
	return judge_sync(f, err);
}

static int fd_sync_point(struct ostream *s, struct sl_error *err)
{
	struct fd_stream *f = fd_stream(s);
	int rc = fd_sync_wait(s, err);

	if (rc < 0 || !f->can_sync)
		return rc;
	sync_fd(f, NULL);
	return judge_sync(f, err);
}

static void fd_close(struct ostream *s)
{
	struct fd_stream *f = fd_stream(s);

	(void)fd_sync_wait(s, NULL);
	pool_free(f->syncer);
	close(f->fd);
	free(f);
}

int ostream_to_fd(struct ostream **out, int fd, struct sl_error *err)
{
	static const struct ostream_ops ops = {.write = fd_write,
					       .sync_point = fd_sync_point,
					       .sync_begin = fd_sync_begin,
					       .sync_wait = fd_sync_wait,
					       .close = fd_close};
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
