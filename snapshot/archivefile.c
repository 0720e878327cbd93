/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/archivefile.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/halt.h"
#include "core/quote.h"
#include "core/root.h"
#include "core/tempfile.h"
#include "core/zstream.h"
#include "snapshot/limits.h"
#include "snapshot/tarscan.h"

/* ---- a file or pipe whose first bytes are known, and that a signal can end ---- */

#define WAIT_MS 250

struct input {
	struct istream stream;
	int fd;
	const volatile sig_atomic_t *stop; /* or NULL */
	size_t head_len;                   /* seen, not yet passed on */
	uint8_t buf[256u << 10];
};

/* Whoever writes into a pipe may take his time: a signal is looked for meanwhile. */
static int wait_for_bytes(const struct input *in, struct sl_error *err)
{
	struct pollfd p = {.fd = in->fd, .events = POLLIN};

	for (;;) {
		int n = is_halted(in->stop) ? -1 : poll(&p, 1, WAIT_MS);

		if (is_halted(in->stop))
			return halted(in->stop, err);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return sl_fail(err, SL_EIO, errno, "wait for a pipe");
	}
}

static int input_fill(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err)
{
	struct input *in = container_of(s, struct input, stream);
	ssize_t n;

	do {
		int rc = wait_for_bytes(in, err);

		if (rc < 0)
			return rc;
		n = read(in->fd, dst, cap);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read");
	*len = (size_t)n;
	return n == 0 ? 1 : 0;
}

static int input_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct input *in = container_of(s, struct input, stream);

	*bytes = in->buf;
	*len = in->head_len;
	in->head_len = 0;
	return *len > 0 ? 0 : input_fill(s, in->buf, sizeof(in->buf), len, err);
}

static void input_close(struct istream *s)
{
	struct input *in = container_of(s, struct input, stream);

	close(in->fd);
	free(in);
}

static const struct istream_ops input_ops = {.next = input_next, .close = input_close};

/* Read enough to say what the file is compressed with. Takes over @fd, also on failure. */
static int input_open(struct istream **out, enum zkind *kind, int fd,
		      const volatile sig_atomic_t *stop, struct sl_error *err)
{
	struct input *in = malloc(sizeof(*in));
	int rc = 0;

	if (in == NULL) {
		close(fd);
		return sl_fail(err, SL_ENOMEM, 0, "input buffer");
	}
	*in = (struct input){.stream = {.ops = &input_ops}, .fd = fd, .stop = stop};
	while (rc == 0 && in->head_len < 8) {
		size_t n = 0;

		rc = input_fill(&in->stream, in->buf + in->head_len, sizeof(in->buf) - in->head_len,
				&n, err);
		in->head_len += rc == 0 ? n : 0;
	}
	if (rc < 0) {
		input_close(&in->stream);
		return rc;
	}
	*kind = zkind_sniff(in->buf, in->head_len);
	*out = &in->stream;
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

/* The limits of a layer hold for an archive, too: nothing in it is larger than all of it. */
static int check_room(const struct spool *s, struct sl_error *err)
{
	const struct sl_limits *limits = s->options->limits;

	if (s->plain > limits->bytes)
		return limit_hit(limits, LIMIT_BYTES, err);
	if (s->plain > LIMIT_RATIO_FROM && s->plain / limits->ratio > s->raw)
		return limit_hit(limits, LIMIT_RATIO, err);
	return 0;
}

static int write_out(const struct spool *s, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	int rc = tempfile_write(s->fd, bytes, len, err);

	return rc < 0 ? sl_wrap(err, rc, "unpack into a temporary file in '%s'", s->where) : 0;
}

/* What unpacks knows one limit, and not how people call it. */
static int window_hit(const struct spool *s, struct sl_error *err)
{
	if (err != NULL)
		sl_error_clear(err);
	return limit_hit(s->options->limits, LIMIT_WINDOW, err);
}

static int copy_all(struct spool *s, struct sl_error *err)
{
	for (;;) {
		const uint8_t *bytes;
		size_t len;
		int rc = istream_next(s->in, &bytes, &len, err);

		if (rc == -SL_ELIMIT)
			return window_hit(s, err);
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

/* @fd is taken over. */
static int spool_all(struct spool *s, int fd, bool is_pipe, struct sl_error *err)
{
	enum zkind kind = ZKIND_NONE;
	int rc = input_open(&s->in, &kind, fd, s->options->stop, err);

	if (rc == 0)
		rc = istream_hash(&s->in, s->in, NULL, &s->raw, err);
	if (rc == 0)
		rc = istream_unpack(&s->in, kind, s->options->limits->window, err);
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
	rc = spool_all(&s, take_fd(&fd), is_pipe, err);
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
