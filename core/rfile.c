/* SPDX-License-Identifier: Apache-2.0 */
#include "core/rfile.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/halt.h"

#define STOP_WAIT_MS 100

int rfile_read_at(struct rfile *f, uint64_t offset, void *dst, size_t cap, size_t *len,
		  struct sl_error *err)
{
	int rc = halted(f->stop, err);

	return rc < 0 ? rc : f->ops->read_at(f, offset, dst, cap, len, err);
}

int rfile_fill(struct rfile *f, uint64_t offset, void *dst, size_t cap, size_t *len,
	       struct sl_error *err)
{
	int rc = 0;

	*len = 0;
	while (rc == 0 && *len < cap) {
		size_t n = 0;

		rc = rfile_read_at(f, offset + *len, (char *)dst + *len, cap - *len, &n, err);
		*len += rc == 0 ? n : 0;
	}
	return rc < 0 ? rc : 0;
}

int rfile_head(struct rfile *f, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	if (!f->is_forward)
		return rfile_fill(f, 0, dst, cap, len, err);
	if (f->ops->head == NULL || cap > RFILE_HEAD_MAX)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "input that cannot be looked at first");
	return f->ops->head(f, dst, cap, len, err);
}

int rfile_needs_twice(const struct rfile *f, struct sl_error *err)
{
	return f->is_forward ? sl_fail(err, SL_EUNSUPPORTED, 0,
				       "bundle that cannot be read twice: put it into a file first")
			     : 0;
}

void rfile_close(struct rfile *f)
{
	if (f != NULL)
		f->ops->close(f);
}

void rfile_closep(struct rfile **f)
{
	rfile_close(*f);
}

/* ---- a descriptor ---- */

struct fd_file {
	struct rfile base;
	int fd;
	uint64_t start; /* where position 0 is in the file */
	uint64_t at;    /* a pipe's position */
	uint8_t *head;  /* a pipe's first bytes, when they were looked at */
	size_t head_len;
};

static struct fd_file *fd_file(struct rfile *f)
{
	return container_of(f, struct fd_file, base);
}

static int judge_read(ssize_t n, size_t *len, struct sl_error *err)
{
	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read");
	*len = (size_t)n;
	return n == 0 ? 1 : 0;
}

static int file_read_at(struct rfile *base, uint64_t offset, void *dst, size_t cap, size_t *len,
			struct sl_error *err)
{
	const struct fd_file *f = fd_file(base);
	ssize_t n;

	if (offset > (uint64_t)INT64_MAX - f->start)
		return sl_fail(err, SL_EINVAL, 0, "position past every file");
	do
		n = pread(f->fd, dst, cap, (off_t)(f->start + offset));
	while (n < 0 && errno == EINTR);
	return judge_read(n, len, err);
}

/* Whoever writes into a pipe may take his time: the flag is looked at meanwhile. */
static int wait_pipe(const struct fd_file *f, struct sl_error *err)
{
	const volatile sig_atomic_t *stop = f->base.stop;
	struct pollfd p = {.fd = f->fd, .events = POLLIN};
	int n = 0;

	while (stop != NULL && n == 0) {
		if (is_halted(stop))
			return halted(stop, err);
		n = poll(&p, 1, STOP_WAIT_MS);
		if (n < 0 && errno == EINTR)
			n = 0;
	}
	return n < 0 ? sl_fail(err, SL_EIO, errno, "wait for a pipe") : 0;
}

static int read_pipe(const struct fd_file *f, void *dst, size_t cap, size_t *len,
		     struct sl_error *err)
{
	int rc = wait_pipe(f, err);
	ssize_t n;

	if (rc < 0)
		return rc;
	do
		n = read(f->fd, dst, cap);
	while (n < 0 && errno == EINTR);
	return judge_read(n, len, err);
}

static int pipe_read_at(struct rfile *base, uint64_t offset, void *dst, size_t cap, size_t *len,
			struct sl_error *err)
{
	struct fd_file *f = fd_file(base);
	int rc = 0;

	if (offset != f->at)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "a pipe is read in order only");
	if (f->at < f->head_len) {
		size_t left = f->head_len - (size_t)f->at;

		*len = left < cap ? left : cap;
		memcpy(dst, f->head + f->at, *len);
	} else {
		rc = read_pipe(f, dst, cap, len, err);
	}
	f->at += rc == 0 ? *len : 0;
	return rc;
}

static int pipe_head(struct rfile *base, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct fd_file *f = fd_file(base);
	int rc = 0;

	if (f->at != 0)
		return sl_fail(err, SL_EINVAL, 0, "the first bytes of a pipe are gone");
	if (f->head == NULL)
		f->head = malloc(RFILE_HEAD_MAX);
	if (f->head == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "input");
	while (rc == 0 && f->head_len < cap) {
		size_t n = 0;

		rc = read_pipe(f, f->head + f->head_len, cap - f->head_len, &n, err);
		f->head_len += rc == 0 ? n : 0;
	}
	if (rc < 0)
		return rc;
	*len = f->head_len < cap ? f->head_len : cap;
	memcpy(dst, f->head, *len);
	return 0;
}

static void fd_close(struct rfile *base)
{
	struct fd_file *f = fd_file(base);

	close(f->fd);
	free(f->head);
	free(f);
}

int rfile_from_fd(struct rfile **out, int fd, struct sl_error *err)
{
	static const struct rfile_ops file_ops = {.read_at = file_read_at, .close = fd_close};
	static const struct rfile_ops pipe_ops = {
		.read_at = pipe_read_at, .head = pipe_head, .close = fd_close};
	AUTO_CLOSE int owned = fd;
	struct fd_file *f;
	struct stat st;
	off_t at;

	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "input");
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "input");
	at = S_ISREG(st.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
	f->fd = take_fd(&owned);
	if (at < 0) {
		f->base = (struct rfile){
			.ops = &pipe_ops, .size = RFILE_SIZE_UNKNOWN, .is_forward = true};
	} else {
		f->start = (uint64_t)at;
		f->base = (struct rfile){.ops = &file_ops,
					 .size = st.st_size > at ? (uint64_t)(st.st_size - at) : 0};
	}
	*out = &f->base;
	return 0;
}

/* ---- memory ---- */

struct memory_file {
	struct rfile base;
	const uint8_t *bytes;
};

static int memory_read_at(struct rfile *base, uint64_t offset, void *dst, size_t cap, size_t *len,
			  struct sl_error *err)
{
	const struct memory_file *f = container_of(base, struct memory_file, base);

	(void)err;
	if (offset >= base->size)
		return 1;
	*len = base->size - offset < cap ? (size_t)(base->size - offset) : cap;
	memcpy(dst, f->bytes + offset, *len);
	return 0;
}

static void memory_close(struct rfile *base)
{
	free(container_of(base, struct memory_file, base));
}

int rfile_from_memory(struct rfile **out, const void *bytes, size_t len, struct sl_error *err)
{
	static const struct rfile_ops ops = {.read_at = memory_read_at, .close = memory_close};
	struct memory_file *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "input");
	f->base = (struct rfile){.ops = &ops, .size = len};
	f->bytes = bytes;
	*out = &f->base;
	return 0;
}
