/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/archivefile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"
#include "core/tempfile.h"
#include "core/zstream.h"
#include "snapshot/tarscan.h"

/* As for layers: from this size on, what compresses better than this is a bomb. */
#define RATIO_FROM (1ull << 30)
#define MAX_RATIO 2000

/* ---- the first bytes, seen before the rest ---- */

struct head_stream {
	struct istream stream;
	struct istream *inner;
	uint8_t head[512];
	size_t len;
};

static int head_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct head_stream *h = container_of(s, struct head_stream, stream);

	if (h->len == 0)
		return istream_next(h->inner, bytes, len, err);
	*bytes = h->head;
	*len = h->len;
	h->len = 0;
	return 0;
}

static void head_close(struct istream *s)
{
	struct head_stream *h = container_of(s, struct head_stream, stream);

	istream_close(h->inner);
	free(h);
}

static const struct istream_ops head_ops = {.next = head_next, .close = head_close};

/* Put a stream that knows its first bytes around *in, and say what they are. */
static int peek(struct istream **in, enum zkind *kind, struct sl_error *err)
{
	struct head_stream *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "stream");
	rc = istream_read(*in, h->head, sizeof(h->head), &h->len, err);
	if (rc < 0) {
		free(h);
		return rc;
	}
	*kind = zkind_sniff(h->head, h->len);
	h->stream.ops = &head_ops;
	h->inner = *in;
	*in = &h->stream;
	return 0;
}

/* ---- unpacking ---- */

struct spool {
	const struct archivefile_options *options;
	const char *name;  /* of the archive, quoted */
	const char *where; /* the temporary directory */
	struct istream *in;
	uint64_t raw, plain;
	int fd;
};

static int unpack(struct istream **in, enum zkind kind, struct sl_error *err)
{
	switch (kind) {
	case ZKIND_NONE:
		return 0;
	case ZKIND_GZIP:
		return istream_gzip(in, *in, err);
	case ZKIND_ZSTD:
		return istream_zstd(in, *in, err);
	case ZKIND_XZ:
		return sl_fail(err, SL_EUNSUPPORTED, 0, "compressed with xz");
	case ZKIND_BZIP2:
		return sl_fail(err, SL_EUNSUPPORTED, 0, "compressed with bzip2");
	}
	return 0;
}

static void tell(const struct spool *s, bool is_pipe)
{
	AUTO_FREE char *line = NULL;

	if (s->options->say == NULL)
		return;
	if (asprintf(&line, "'%s' is %s: unpacking it into a temporary file in '%s'", s->name,
		     is_pipe ? "a pipe" : "compressed as a whole", s->where) < 0)
		line = NULL;
	if (line != NULL)
		s->options->say(s->options->payload, line);
}

static int write_out(const struct spool *s, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	while (len > 0) {
		ssize_t n = write(s->fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno,
				       "unpack into a temporary file in '%s' (TMPDIR names another "
				       "directory)",
				       s->where);
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int check_room(const struct spool *s, struct sl_error *err)
{
	if (s->options->stop != NULL && *s->options->stop != 0)
		return sl_fail(err, SL_ECANCELLED, 0, "stopped");
	if (s->plain > s->options->max_spool)
		return sl_fail(err, SL_ELIMIT, 0, "unpacks to more than %" PRIu64 " bytes",
			       s->options->max_spool);
	if (s->plain > RATIO_FROM && s->plain / MAX_RATIO > s->raw)
		return sl_fail(err, SL_ELIMIT, 0, "unpacks to more than %d times its size",
			       MAX_RATIO);
	return 0;
}

static int copy_all(struct spool *s, struct sl_error *err)
{
	for (;;) {
		const uint8_t *bytes;
		size_t len;
		int rc = istream_next(s->in, &bytes, &len, err);

		if (rc != 0)
			return rc < 0 ? rc : 0;
		s->plain += len;
		rc = check_room(s, err);
		if (rc == 0)
			rc = write_out(s, bytes, len, err);
		if (rc < 0)
			return rc;
	}
}

static int spool_all(struct spool *s, bool is_pipe, struct sl_error *err)
{
	enum zkind kind = ZKIND_NONE;
	int rc = istream_hash(&s->in, s->in, NULL, &s->raw, err);

	if (rc == 0)
		rc = peek(&s->in, &kind, err);
	if (rc == 0)
		rc = unpack(&s->in, kind, err);
	if (rc < 0)
		return rc;
	s->fd = tempfile_open(&s->where, err);
	if (s->fd < 0)
		return s->fd;
	tell(s, is_pipe);
	return copy_all(s, err);
}

/* ---- the file ---- */

static bool is_compressed(int fd)
{
	uint8_t magic[8];
	ssize_t n = pread(fd, magic, sizeof(magic), 0);

	return n > 0 && zkind_sniff(magic, (size_t)n) != ZKIND_NONE;
}

int archivefile_open(const char *path, const struct archivefile_options *options,
		     struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_named(path, options->pipe_ok, err);
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	struct spool s = {.options = options, .fd = -1, .where = ""};
	struct stat st;
	bool is_pipe;
	int rc;

	if (fd < 0)
		return fd;
	s.name = shown != NULL ? shown : "?";
	is_pipe = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
	if (!is_pipe && !is_compressed(fd))
		return take_fd(&fd);
	rc = istream_from_fd(&s.in, take_fd(&fd), err);
	if (rc == 0)
		rc = spool_all(&s, is_pipe, err);
	istream_close(s.in);
	if (rc == 0)
		return s.fd;
	if (s.fd >= 0)
		close(s.fd);
	return sl_wrap(err, rc, "'%s'", s.name);
}

/* ---- what it holds ---- */

struct names_seen {
	bool layout, index, manifest;
};

static int look_at(void *payload, const struct tarscan_member *m, struct sl_error *err)
{
	struct names_seen *seen = payload;
	const char *at = m->name.data;
	size_t len = m->name.len;

	(void)err;
	while (len > 1 && at[0] == '.' && at[1] == '/') {
		at += 2;
		len -= 2;
	}
	seen->layout = seen->layout || (len == 10 && memcmp(at, "oci-layout", len) == 0);
	seen->index = seen->index || (len == 10 && memcmp(at, "index.json", len) == 0);
	seen->manifest = seen->manifest || (len == 13 && memcmp(at, "manifest.json", len) == 0);
	return seen->layout && seen->index ? 1 : 0;
}

int archivefile_sniff(int fd, enum archivefile_form *out, struct sl_error *err)
{
	struct names_seen seen = {0};
	int rc = tarscan(fd, look_at, &seen, err);

	if (rc < 0 && rc != -SL_ELIMIT) /* names longer than any image's */
		return rc;
	if (rc < 0 && err != NULL)
		sl_error_clear(err);
	*out = seen.layout && seen.index ? ARCHIVEFILE_OCI
	       : seen.manifest           ? ARCHIVEFILE_DOCKER
					 : ARCHIVEFILE_OTHER;
	return 0;
}
