/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/filecontent.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "core/cleanup.h"

#define PIECE ((size_t)262144)
/* What a file may have grown since it was looked at: what lies beyond is not read. */
#define GROWTH ((uint64_t)1 << 30)

struct file {
	struct sl_content content;
	int fd;
	uint64_t size, most; /* most: that are read */
	struct sl_time mtime, ctime;
};

/* One read of one file. */
struct reading {
	struct sl_tap *const *taps;
	size_t tap_count;
	struct sl_sparse_tap *sparse; /* instead of taps, or NULL */
	struct sl_read *out;
	struct sl_error *err;
	char *buffer;
	size_t buffer_size;
};

static int feed(struct reading *r, const void *bytes, size_t len)
{
	if (r->sparse != NULL) {
		int rc = r->sparse->data(r->sparse, bytes, len, r->err);

		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < r->tap_count; i++) {
		int rc = r->taps[i]->data(r->taps[i], bytes, len, r->err);

		if (rc < 0)
			return rc;
	}
	r->out->bytes += len;
	return 0;
}

/* Read up to @end. 0 when there, 1 when the file ended or broke off before. */
static int feed_data(struct reading *r, int fd, uint64_t end)
{
	while (r->out->bytes < end) {
		uint64_t left = end - r->out->bytes;
		size_t want = left < r->buffer_size ? (size_t)left : r->buffer_size;
		ssize_t n = pread(fd, r->buffer, want, (off_t)r->out->bytes);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r->out->sys = errno;
		if (n <= 0)
			return 1;
		rc = feed(r, r->buffer, (size_t)n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int feed_hole(struct reading *r, uint64_t end)
{
	uint64_t len = end - r->out->bytes;
	int rc = len > 0 ? r->sparse->hole(r->sparse, len, r->err) : 0;

	if (rc == 0)
		r->out->bytes = end;
	return rc;
}

static int feed_zeros(struct reading *r, uint64_t end)
{
	static const char zeros[65536];

	if (r->sparse != NULL)
		return feed_hole(r, end);

	while (r->out->bytes < end) {
		uint64_t left = end - r->out->bytes;
		int rc = feed(r, zeros, left < sizeof(zeros) ? (size_t)left : sizeof(zeros));

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Data by reading, holes without: a petabyte of hole costs no I/O. */
static int feed_sparse(struct reading *r, int fd, uint64_t size)
{
	int rc = 0;

	while (rc == 0 && r->out->bytes < size) {
		off_t data = lseek(fd, (off_t)r->out->bytes, SEEK_DATA);
		off_t hole;

		if (data < 0 && errno != ENXIO)
			return feed_data(r, fd, size);
		if (data < 0 || (uint64_t)data >= size)
			return feed_zeros(r, size);
		rc = feed_zeros(r, (uint64_t)data);
		hole = rc == 0 ? lseek(fd, data, SEEK_HOLE) : -1;
		if (rc == 0)
			rc = feed_data(r, fd,
				       hole < 0 || (uint64_t)hole > size ? size : (uint64_t)hole);
	}
	return rc;
}

static bool same_time(const struct timespec *t, struct sl_time s)
{
	return t->tv_sec == s.sec && (uint32_t)t->tv_nsec == s.nsec;
}

static bool moved(const struct stat *st, const struct file *f)
{
	return (uint64_t)st->st_size != f->size || !same_time(&st->st_mtim, f->mtime) ||
	       !same_time(&st->st_ctim, f->ctime);
}

/* The next read begins with the file as it is now; this one is about it, too. */
static void remember(struct file *f, const struct stat *st, struct sl_read *out)
{
	f->size = (uint64_t)st->st_size;
	f->mtime = (struct sl_time){st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec};
	f->ctime = (struct sl_time){st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec};
	out->has_times = true;
	out->mtime = f->mtime;
	out->ctime = f->ctime;
}

static int read_file(struct file *f, struct reading *r)
{
	struct sl_error *err = r->err;
	struct sl_read *out = r->out;
	AUTO_FREE char *buffer = NULL;
	struct stat st;
	uint64_t size;
	int rc;

	if (fstat(f->fd, &st) < 0) {
		out->sys = errno;
		out->is_short = f->size > 0;
		return 0;
	}
	size = (uint64_t)st.st_size < f->most ? (uint64_t)st.st_size : f->most;
	out->changed = moved(&st, f) || size < (uint64_t)st.st_size;
	r->buffer_size = size < PIECE ? (size_t)size : PIECE;
	buffer = malloc(r->buffer_size > 0 ? r->buffer_size : 1);
	if (buffer == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "read buffer");
	r->buffer = buffer;
	if (r->sparse != NULL || (size > PIECE && (uint64_t)st.st_blocks * 512 < size / 2))
		rc = feed_sparse(r, f->fd, size);
	else
		rc = feed_data(r, f->fd, size);
	if (rc < 0)
		return rc;
	out->is_short = out->bytes < f->size;
	if (fstat(f->fd, &st) < 0) {
		out->changed = true;
		return 0;
	}
	out->changed = out->changed || moved(&st, f);
	remember(f, &st, out);
	return 0;
}

static int file_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
		     struct sl_read *out, struct sl_error *err)
{
	struct reading r = {.taps = taps, .tap_count = count, .out = out, .err = err};

	return read_file(container_of(c, struct file, content), &r);
}

static int file_read_sparse(struct sl_content *c, struct sl_sparse_tap *tap, struct sl_read *out,
			    struct sl_error *err)
{
	struct reading r = {.sparse = tap, .out = out, .err = err};

	return read_file(container_of(c, struct file, content), &r);
}

static uint64_t file_holes(struct sl_content *c)
{
	const struct file *f = container_of(c, struct file, content);
	struct stat st;
	uint64_t stored;

	if (fstat(f->fd, &st) < 0)
		return 0;
	stored = (uint64_t)st.st_blocks * 512;
	return (uint64_t)st.st_size > stored ? (uint64_t)st.st_size - stored : 0;
}

/*
 * A read lease is granted only while no open file, and no shared mapping of one that has been
 * closed, may write to the inode. It is given back at once. Whoever opens the file for writing
 * between the two calls waits that long, and the kernel tells us by a signal: by one that is
 * ignored unless it is asked for, for SIGIO would end the process.
 */
static bool file_is_quiet(struct sl_content *c)
{
	const struct file *f = container_of(c, struct file, content);

	if (fcntl(f->fd, F_SETSIG, SIGURG) < 0 || fcntl(f->fd, F_SETLEASE, F_RDLCK) < 0)
		return false;
	return fcntl(f->fd, F_SETLEASE, F_UNLCK) == 0;
}

static void file_close(struct sl_content *c)
{
	struct file *f = container_of(c, struct file, content);

	close(f->fd);
	free(f);
}

int filecontent_new(struct sl_content **out, int fd, const struct sl_entry *e, struct sl_error *err)
{
	static const struct sl_content_ops ops = {.read = file_read,
						  .close = file_close,
						  .holes = file_holes,
						  .read_sparse = file_read_sparse,
						  .is_quiet = file_is_quiet};
	struct file *f = malloc(sizeof(*f));

	if (f == NULL) {
		close(fd);
		return sl_fail(err, SL_ENOMEM, 0, "content");
	}
	*f = (struct file){.content.ops = &ops,
			   .fd = fd,
			   .size = e->size,
			   .most = e->size < UINT64_MAX - GROWTH ? e->size + GROWTH : UINT64_MAX,
			   .mtime = e->mtime,
			   .ctime = e->ctime};
	*out = &f->content;
	return 0;
}
