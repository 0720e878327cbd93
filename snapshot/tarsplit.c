/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tarsplit.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/crc64.h"
#include "core/quote.h"
#include "core/root.h"
#include "snapshot/splitline.h"

/* A segment holds headers, PAX data and padding; Docker cuts what follows the archive at 1 MiB. */
#define MAX_PAYLOAD (6u << 20)
#define MAX_NAME (1u << 20)
#define MAX_LINE (8u << 20)
#define CHUNK (256u << 10)
/* In the place of bytes that are not there: what a note claims costs time, and only time. */
#define MAX_ZEROS (UINT64_C(64) << 30)

struct tarsplit {
	struct istream stream;
	struct istream *lines;
	int dir_fd; /* borrowed */
	/* lines */
	const uint8_t *chunk; /* lent by lines, not yet consumed */
	size_t chunk_len;
	struct buf pieces; /* a line that spans chunks */
	struct splitline line;
	uint64_t line_count;
	/* what is being given out */
	size_t segment_at; /* consumed bytes of a segment */
	int fd;            /* a file, or -1 */
	uint64_t left;     /* bytes of the file still to come */
	uint64_t crc;
	struct crc64 crc64;
	uint8_t *buf; /* for next(); made when it is first asked for */
	/* damage */
	struct tarsplit_damage *damage; /* NULL: it ends the stream; borrowed */
	uint64_t zeros;                 /* still to come for bytes that are not there */
	uint64_t zeros_given;
};

/* ---- lines ---- */

/* Lend the next line without its line feed. 0; 1 at the end. */
static int next_line(struct tarsplit *t, const char **text, size_t *len, struct sl_error *err)
{
	buf_reset(&t->pieces);
	for (;;) {
		const uint8_t *end;
		size_t n;

		if (t->chunk_len == 0) {
			int rc = istream_next(t->lines, &t->chunk, &t->chunk_len, err);

			if (rc != 0) {
				t->chunk_len = 0;
				*text = t->pieces.data;
				*len = t->pieces.len;
				return rc == 1 && *len > 0 ? 0 : rc;
			}
		}
		end = memchr(t->chunk, '\n', t->chunk_len);
		n = end != NULL ? (size_t)(end - t->chunk) : t->chunk_len;
		*text = (const char *)t->chunk;
		*len = n;
		t->chunk += n + (end != NULL);
		t->chunk_len -= n + (end != NULL);
		if (end != NULL && t->pieces.len == 0)
			return 0;
		if (buf_append(&t->pieces, *text, n) < 0)
			return sl_fail(err, (enum sl_code)(-t->pieces.status), 0,
				       "line longer than %zu bytes", t->pieces.max);
		*text = t->pieces.data;
		*len = t->pieces.len;
		if (end != NULL)
			return 0;
	}
}

static int parse_line(struct tarsplit *t, struct sl_error *err)
{
	const char *text;
	size_t len;
	int rc = next_line(t, &text, &len, err);

	if (rc == 0) {
		rc = splitline_parse(&t->line, text, len, err);
		if (rc == 0 && t->line.position != t->line_count)
			rc = sl_fail(err, SL_EFORMAT, 0, "line is out of order");
		t->line_count++;
	}
	return rc < 0 ? sl_wrap(err, rc, "tar-split line %" PRIu64, t->line_count) : rc;
}

/* ---- files ---- */

int tarsplit_open_file(int dir_fd, const char *path, struct sl_error *err)
{
	struct sl_error first = SL_ERROR_INIT;
	int fd = root_open_file(dir_fd, path, ROOT_NO_LINKS, &first);
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *parent = NULL;
	bool is_link = first.sys == ELOOP && slash != NULL && slash[1] != '\0';

	if (fd >= 0 || !is_link) {
		if (fd < 0 && err != NULL) {
			sl_error_clear(err);
			*err = first;
		} else {
			sl_error_clear(&first);
		}
		return fd;
	}
	sl_error_clear(&first);
	parent = strndup(path, (size_t)(slash - path));
	if (parent == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	{
		AUTO_CLOSE int parent_fd =
			root_open_subdir(dir_fd, parent, ROOT_FOLLOW_INSIDE, err);

		return parent_fd < 0 ? parent_fd
				     : root_open_file(parent_fd, slash + 1, ROOT_NO_LINKS, err);
	}
}

static int file_fail(const struct tarsplit *t, enum sl_code code, int sys, const char *what,
		     struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(t->line.name.data, t->line.name.len);

	return sl_fail(err, code, sys, "'%s' %s", shown != NULL ? shown : "?", what);
}

/*
 * tar-split notes the size from the header even where the type has no content: of a directory, or
 * of a hard link, whose name is a file on disk. The checksum beside it is that of no bytes.
 */
static bool is_of_nothing(const struct splitline *line)
{
	static const char none[sizeof(uint64_t)];

	return line->payload.len == sizeof(none) &&
	       memcmp(line->payload.data, none, sizeof(none)) == 0;
}

/* A file can have that checksum, too: its own bytes decide. 0 when it has; 1 when it has not. */
static int has_crc_of_nothing(const struct tarsplit *t, int fd, struct sl_error *err)
{
	uint8_t bytes[16384];
	uint64_t crc = 0;
	ssize_t n;

	for (off_t at = 0;; at += n) {
		do
			n = pread(fd, bytes, sizeof(bytes), at);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return file_fail(t, SL_EIO, errno, "cannot be read", err);
		if (n == 0)
			return crc != 0;
		crc = crc64_update(&t->crc64, crc, bytes, (size_t)n);
	}
}

/* Make the file's bytes the next ones. 0; 1 when the entry has none after all. */
static int begin_file(struct tarsplit *t, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	bool may_be_nothing = is_of_nothing(&t->line), is_file;
	struct stat st;
	int rc = tarsplit_open_file(t->dir_fd, t->line.name.data, &why);
	int sys = why.sys;

	sl_error_clear(&why);
	if (may_be_nothing && (rc == -SL_ENOTFOUND || rc == -SL_EINVAL || (rc < 0 && sys == ELOOP)))
		return 1;
	if (rc == -SL_ENOTFOUND)
		return file_fail(t, SL_EUNTRUSTED, 0, "is missing from the layer directory", err);
	if (rc == -SL_EINVAL || (rc < 0 && sys == ELOOP))
		return file_fail(t, SL_EUNTRUSTED, 0, "is no regular file in the layer directory",
				 err);
	if (rc < 0 && sys == EXDEV)
		return file_fail(t, SL_EUNTRUSTED, 0, "lies outside the layer directory", err);
	if (rc < 0)
		return file_fail(t, SL_EIO, sys, "cannot be opened", err);
	t->fd = rc;
	if (fstat(t->fd, &st) < 0)
		return file_fail(t, SL_EIO, errno, "cannot be read", err);
	is_file = S_ISREG(st.st_mode) && (uint64_t)st.st_size == t->line.size;
	if (may_be_nothing) {
		rc = is_file ? has_crc_of_nothing(t, t->fd, err) : 1;
		if (rc == 1)
			close(take_fd(&t->fd));
		if (rc != 0)
			return rc;
	}
	if (!S_ISREG(st.st_mode))
		return file_fail(t, SL_EUNTRUSTED, 0, "is no regular file in the layer directory",
				 err);
	if (!is_file)
		return file_fail(t, SL_EUNTRUSTED, 0,
				 "has another size in the layer directory than in the layer", err);
	t->left = t->line.size;
	t->crc = 0;
	return 0;
}

/* The file failed with @rc: note it and go on, when that was asked for. */
static int damaged(struct tarsplit *t, uint64_t zeros, int rc, struct sl_error *err)
{
	struct tarsplit_damage *d = t->damage;

	if (d == NULL || rc != -SL_EUNTRUSTED || zeros > MAX_ZEROS - t->zeros_given)
		return rc;
	if (err != NULL)
		sl_error_clear(err);
	if (t->fd >= 0)
		close(take_fd(&t->fd));
	d->count++;
	(void)buf_append(&d->names, t->line.name.data, strlen(t->line.name.data) + 1);
	t->zeros = zeros;
	t->zeros_given += zeros;
	return 0;
}

static int end_file(struct tarsplit *t, struct sl_error *err)
{
	uint64_t want;

	close(take_fd(&t->fd));
	if (t->line.payload.len == 0)
		return 0; /* nothing noted: the diff_id will tell */
	memcpy(&want, t->line.payload.data, sizeof(want));
	if (be64toh(want) == t->crc)
		return 0;
	return damaged(t, 0,
		       file_fail(t, SL_EUNTRUSTED, 0,
				 "in the layer directory differs from the layer (tar-split "
				 "checksum)",
				 err),
		       err);
}

static int read_file(struct tarsplit *t, uint8_t *dst, size_t cap, size_t *len,
		     struct sl_error *err)
{
	ssize_t n;

	if (t->left < cap)
		cap = (size_t)t->left;
	do
		n = read(t->fd, dst, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return file_fail(t, SL_EIO, errno, "cannot be read", err);
	if (n == 0) {
		*len = 0;
		return damaged(t, t->left,
			       file_fail(t, SL_EUNTRUSTED, 0, "shrank while it was read", err),
			       err);
	}
	t->crc = crc64_update(&t->crc64, t->crc, dst, (size_t)n);
	t->left -= (uint64_t)n;
	*len = (size_t)n;
	return t->left == 0 ? end_file(t, err) : 0;
}

/* ---- the stream ---- */

void tarsplit_go_on(struct istream *tarsplit, struct tarsplit_damage *damage)
{
	container_of(tarsplit, struct tarsplit, stream)->damage = damage;
}

static size_t give_zeros(struct tarsplit *t, uint8_t *dst, size_t cap)
{
	size_t n = t->zeros < cap ? (size_t)t->zeros : cap;

	memset(dst, 0, n);
	t->zeros -= n;
	return n;
}

static int tarsplit_read(struct istream *s, void *dst, size_t cap, size_t *len,
			 struct sl_error *err)
{
	struct tarsplit *t = container_of(s, struct tarsplit, stream);

	for (;;) {
		size_t left;
		int rc;

		if (t->zeros > 0) {
			*len = give_zeros(t, dst, cap);
			return 0;
		}
		if (t->fd >= 0) {
			rc = read_file(t, dst, cap, len, err);
			if (rc != 0 || *len > 0)
				return rc;
			continue;
		}
		left = t->line.type == SPLITLINE_SEGMENT ? t->line.payload.len - t->segment_at : 0;
		if (left > 0) {
			*len = left < cap ? left : cap;
			memcpy(dst, t->line.payload.data + t->segment_at, *len);
			t->segment_at += *len;
			return 0;
		}
		rc = parse_line(t, err);
		if (rc != 0)
			return rc;
		t->segment_at = 0;
		if (t->line.type != SPLITLINE_FILE || t->line.size == 0)
			continue;
		rc = begin_file(t, err);
		if (rc < 0)
			rc = damaged(t, t->line.size, rc, err);
		if (rc < 0)
			return rc;
	}
}

static int tarsplit_next(struct istream *s, const uint8_t **bytes, size_t *len,
			 struct sl_error *err)
{
	struct tarsplit *t = container_of(s, struct tarsplit, stream);

	if (t->buf == NULL)
		t->buf = malloc(CHUNK);
	if (t->buf == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "tar-split buffer");
	*bytes = t->buf;
	return tarsplit_read(s, t->buf, CHUNK, len, err);
}

static void tarsplit_close(struct istream *s)
{
	struct tarsplit *t = container_of(s, struct tarsplit, stream);

	istream_close(t->lines);
	if (t->fd >= 0)
		close(t->fd);
	buf_clear(&t->pieces);
	splitline_clear(&t->line);
	free(t->buf);
	free(t);
}

static const struct istream_ops tarsplit_ops = {
	.next = tarsplit_next, .close = tarsplit_close, .read = tarsplit_read};

int tarsplit_open(struct istream **out, struct istream *lines, int dir_fd, struct sl_error *err)
{
	struct tarsplit *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "tar-split stream");
	t->stream.ops = &tarsplit_ops;
	t->lines = lines;
	t->dir_fd = dir_fd;
	t->fd = -1;
	t->pieces = BUF_INIT(MAX_LINE);
	t->line = SPLITLINE_INIT(MAX_PAYLOAD, MAX_NAME);
	crc64_init(&t->crc64);
	*out = &t->stream;
	return 0;
}
