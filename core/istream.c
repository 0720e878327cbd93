/* SPDX-License-Identifier: Apache-2.0 */
#include "core/istream.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/halt.h"

/* Large enough that system calls do not show, small enough to stay in the cache. */
#define FD_CHUNK (256u << 10)
#define STOP_WAIT_MS 250

static int stuck(const struct istream *s, struct sl_error *err)
{
	if (s->status == 1)
		return 1;
	return sl_fail(err, (enum sl_code)(-s->status), 0, "stream failed before");
}

int istream_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	if (s->rest_len > 0) {
		*bytes = s->rest;
		*len = s->rest_len;
		s->rest_len = 0;
		return 0;
	}
	if (s->status != 0)
		return stuck(s, err);
	s->status = s->ops->next(s, bytes, len, err);
	return s->status;
}

/* One step towards a full buffer. */
static int read_some(struct istream *s, uint8_t *dst, size_t cap, size_t *len, struct sl_error *err)
{
	const uint8_t *bytes;
	size_t n;
	int rc;

	if (s->rest_len == 0 && s->ops->read != NULL) {
		if (s->status != 0)
			return stuck(s, err);
		s->status = s->ops->read(s, dst, cap, len, err);
		return s->status;
	}
	rc = istream_next(s, &bytes, &n, err);
	if (rc != 0)
		return rc;
	*len = n < cap ? n : cap;
	memcpy(dst, bytes, *len);
	s->rest = bytes + *len;
	s->rest_len = n - *len;
	return 0;
}

int istream_read(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	size_t have = 0;

	while (have < cap) {
		size_t n = 0;
		int rc = read_some(s, (uint8_t *)dst + have, cap - have, &n, err);

		if (rc < 0)
			return rc;
		if (rc == 1)
			break;
		have += n;
	}
	*len = have;
	return have > 0 ? 0 : 1;
}

void istream_close(struct istream *s)
{
	if (s != NULL)
		s->ops->close(s);
}

/* ---- a descriptor ---- */

struct fd_stream {
	struct istream stream;
	int fd;
	const volatile sig_atomic_t *stop; /* or NULL */
	uint8_t buf[FD_CHUNK];
};

/* Whoever writes into a pipe may take his time: the flag is looked at meanwhile. */
static int fd_wait(const struct fd_stream *f, struct sl_error *err)
{
	struct pollfd p = {.fd = f->fd, .events = POLLIN};
	int n = 0;

	while (f->stop != NULL && n == 0) {
		if (is_halted(f->stop))
			return halted(f->stop, err);
		n = poll(&p, 1, STOP_WAIT_MS);
		if (n < 0 && errno == EINTR)
			n = 0;
	}
	return n < 0 ? sl_fail(err, SL_EIO, errno, "wait for a pipe") : 0;
}

static int fd_fill(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct fd_stream *f = container_of(s, struct fd_stream, stream);
	ssize_t n;
	int rc = fd_wait(f, err);

	if (rc < 0)
		return rc;
	do
		n = read(f->fd, dst, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read");
	*len = (size_t)n;
	return n == 0 ? 1 : 0;
}

static int fd_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct fd_stream *f = container_of(s, struct fd_stream, stream);

	*bytes = f->buf;
	return fd_fill(s, f->buf, sizeof(f->buf), len, err);
}

static void fd_close(struct istream *s)
{
	struct fd_stream *f = container_of(s, struct fd_stream, stream);

	close(f->fd);
	free(f);
}

static const struct istream_ops fd_ops = {.next = fd_next, .close = fd_close, .read = fd_fill};

int istream_from_fd(struct istream **out, int fd, struct sl_error *err)
{
	struct fd_stream *f = malloc(sizeof(*f));

	if (f == NULL) {
		close(fd);
		return sl_fail(err, SL_ENOMEM, 0, "input buffer");
	}
	f->stream = (struct istream){.ops = &fd_ops};
	f->fd = fd;
	f->stop = NULL;
	*out = &f->stream;
	return 0;
}

void istream_fd_stop(struct istream *s, const volatile sig_atomic_t *stop)
{
	container_of(s, struct fd_stream, stream)->stop = stop;
}

int istream_fd_peek(struct istream *s, size_t want, const uint8_t **bytes, size_t *len,
		    struct sl_error *err)
{
	struct fd_stream *f = container_of(s, struct fd_stream, stream);
	size_t have = 0;

	while (have < want && have < sizeof(f->buf)) {
		size_t n = 0;
		int rc = fd_fill(s, f->buf + have, sizeof(f->buf) - have, &n, err);

		if (rc < 0)
			return s->status = rc;
		if (rc == 1)
			break;
		have += n;
	}
	s->rest = *bytes = f->buf;
	s->rest_len = *len = have;
	return 0;
}

/* ---- a range of a file ---- */

struct range_stream {
	struct istream stream;
	int fd;
	uint64_t at, left;
	uint8_t buf[FD_CHUNK];
};

static int range_fill(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct range_stream *r = container_of(s, struct range_stream, stream);
	ssize_t n;

	if (r->left == 0)
		return 1;
	do
		n = pread(r->fd, dst, cap < r->left ? cap : (size_t)r->left, (off_t)r->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read");
	if (n == 0)
		return sl_fail(err, SL_EFORMAT, 0, "file ends %" PRIu64 " bytes early", r->left);
	r->at += (uint64_t)n;
	r->left -= (uint64_t)n;
	*len = (size_t)n;
	return 0;
}

static int range_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct range_stream *r = container_of(s, struct range_stream, stream);

	*bytes = r->buf;
	return range_fill(s, r->buf, sizeof(r->buf), len, err);
}

static void range_close(struct istream *s)
{
	struct range_stream *r = container_of(s, struct range_stream, stream);

	close(r->fd);
	free(r);
}

static const struct istream_ops range_ops = {
	.next = range_next, .close = range_close, .read = range_fill};

int istream_from_range(struct istream **out, int fd, uint64_t offset, uint64_t len,
		       struct sl_error *err)
{
	struct range_stream *r;

	if (offset > INT64_MAX || len > INT64_MAX - offset) {
		close(fd);
		return sl_fail(err, SL_EFORMAT, 0, "range beyond any file");
	}
	r = malloc(sizeof(*r));
	if (r == NULL) {
		close(fd);
		return sl_fail(err, SL_ENOMEM, 0, "input buffer");
	}
	r->stream = (struct istream){.ops = &range_ops};
	r->fd = fd;
	r->at = offset;
	r->left = len;
	*out = &r->stream;
	return 0;
}

/* ---- memory ---- */

struct memory_stream {
	struct istream stream;
	const uint8_t *bytes;
	size_t len;
};

static int memory_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct memory_stream *m = container_of(s, struct memory_stream, stream);

	(void)err;
	if (m->len == 0)
		return 1;
	*bytes = m->bytes;
	*len = m->len;
	m->len = 0;
	return 0;
}

static void memory_close(struct istream *s)
{
	free(container_of(s, struct memory_stream, stream));
}

static const struct istream_ops memory_ops = {.next = memory_next, .close = memory_close};

int istream_from_memory(struct istream **out, const void *bytes, size_t len, struct sl_error *err)
{
	struct memory_stream *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "memory stream");
	m->stream.ops = &memory_ops;
	m->bytes = bytes;
	m->len = len;
	*out = &m->stream;
	return 0;
}

/* ---- hash and limit: look at what passes ---- */

struct watch_stream {
	struct istream stream;
	struct istream *inner;
	struct sha256 *hash; /* borrowed; or NULL */
	uint64_t *count;     /* borrowed; or NULL */
	uint64_t left;
	uint64_t max;
	char *what;
};

static int watch_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct watch_stream *w = container_of(s, struct watch_stream, stream);
	int rc = istream_next(w->inner, bytes, len, err);

	if (rc != 0)
		return rc;
	if (*len > w->left)
		return sl_fail(err, SL_ELIMIT, 0, "%s: more than %" PRIu64 " bytes", w->what,
			       w->max);
	w->left -= *len;
	if (w->hash != NULL)
		sha256_update(w->hash, *bytes, *len);
	if (w->count != NULL)
		*w->count += *len;
	return 0;
}

static void watch_close(struct istream *s)
{
	struct watch_stream *w = container_of(s, struct watch_stream, stream);

	istream_close(w->inner);
	free(w->what);
	free(w);
}

static const struct istream_ops watch_ops = {.next = watch_next, .close = watch_close};

static int watch_new(struct istream **out, struct istream *inner, const struct watch_stream *init,
		     struct sl_error *err)
{
	struct watch_stream *w = malloc(sizeof(*w));

	if (w == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "stream");
	*w = *init;
	w->stream = (struct istream){.ops = &watch_ops};
	w->inner = inner;
	*out = &w->stream;
	return 0;
}

int istream_hash(struct istream **out, struct istream *inner, struct sha256 *h, uint64_t *count,
		 struct sl_error *err)
{
	struct watch_stream init = {
		.hash = h, .count = count, .left = UINT64_MAX, .max = UINT64_MAX};

	if (count != NULL)
		*count = 0;
	return watch_new(out, inner, &init, err);
}

int istream_limit(struct istream **out, struct istream *inner, uint64_t max, const char *what,
		  struct sl_error *err)
{
	struct watch_stream init = {.left = max, .max = max, .what = strdup(what)};
	int rc;

	if (init.what == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "stream");
	rc = watch_new(out, inner, &init, err);
	if (rc < 0)
		free(init.what);
	return rc;
}
