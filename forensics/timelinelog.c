/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/timelinelog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/istream.h"
#include "core/tempfile.h"
#include "core/zstream.h"
#include "forensics/bundle_read.h"
#include "forensics/crilog.h"
#include "forensics/dockerlog.h"
#include "forensics/locallog.h"

#define HOLES_MAX ((off_t)1 << 30)

enum { MESSAGE_MAX = 32 << 10 };

/* Of one log, unpacked: a few bytes of gzip can stand for as much as one likes. */
#define UNPACKED_MAX (UINT64_C(1) << 30)

/* "docker-json" is what json-file was called in bundles of early versions. */
static const struct {
	const char *name;
	enum timelinelog_format format;
} formats[] = {
	{"json-file", TIMELINELOG_JSON}, {"docker-json", TIMELINELOG_JSON},
	{"k8s-file", TIMELINELOG_CRI},   {"cri", TIMELINELOG_CRI},
	{"local", TIMELINELOG_LOCAL},
};

static bool find_format(const char *name, enum timelinelog_format *out)
{
	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(formats); i++) {
		if (strcmp(name, formats[i].name) == 0) {
			*out = formats[i].format;
			return true;
		}
	}
	return false;
}

int timelinelogs_note(struct timelinelogs *l, const struct record *r, struct sl_error *err)
{
	struct timelinelog log = {.seq = r->seq, .target = r->target, .taken = r->time};
	const char *role = jval_str(jval_get(r->doc, "role"));

	if (role == NULL || strcmp(role, "log") != 0 || l->count == TIMELINELOGS_MAX ||
	    !find_format(jval_str(jval_get(r->doc, "log_format")), &log.format) ||
	    jval_type(jval_get(r->doc, "stored")) != JVAL_OBJECT)
		return 0;
	if (l->count == l->cap) {
		size_t cap = l->cap == 0 ? 8 : l->cap * 2;
		struct timelinelog *grown = reallocarray(l->items, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "logs");
		l->items = grown;
		l->cap = cap;
	}
	l->items[l->count++] = log;
	return 0;
}

void timelinelogs_clear(struct timelinelogs *l)
{
	free(l->items);
	*l = (struct timelinelogs){0};
}

struct log_reading {
	const struct timelinelog *log;
	struct eventsort *sort;
	const char *container;
	const volatile sig_atomic_t *stop;
	struct buf line, text;
	bool is_long;      /* the rest of this line is passed over */
	size_t frame_size; /* of the message under way, when its frame is known */
};

static int parse(const struct log_reading *g, struct logline *out, struct buf *text,
		 const char *bytes, size_t len)
{
	switch (g->log->format) {
	case TIMELINELOG_JSON:
		return dockerlog_parse(out, text, bytes, len);
	case TIMELINELOG_CRI:
		return crilog_parse(out, text, bytes, len);
	case TIMELINELOG_LOCAL:
		return locallog_parse(out, text, bytes, len);
	}
	return -SL_EFORMAT;
}

static int add_line(struct log_reading *g, const char *bytes, size_t len, struct sl_error *err)
{
	struct logline line;
	struct sl_event e = {
		.source = "log",
		.description = "Log Entry",
		.container = g->container,
		.seq = g->log->seq,
	};
	int rc;

	buf_reset(&g->text);
	rc = parse(g, &line, &g->text, bytes, len);
	if (rc == -SL_EFORMAT)
		return 0;
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "log line");
	e.time = line.time;
	e.subject = (struct sl_bytes){line.stream, strlen(line.stream)};
	e.message = (struct sl_bytes){g->text.data, g->text.len};
	return eventsort_add(g->sort, &e, err);
}

static int take_lines(struct log_reading *g, const char *bytes, size_t len, struct sl_error *err)
{
	while (len > 0) {
		const char *feed = memchr(bytes, '\n', len);
		size_t n = feed == NULL ? len : (size_t)(feed - bytes);
		int rc = 0;

		if (!g->is_long && g->line.len + n > DOCKERLOG_LINE_MAX)
			g->is_long = true;
		if (!g->is_long && buf_append(&g->line, bytes, n) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "log line");
		if (feed == NULL)
			return 0;
		if (!g->is_long && g->line.len > 0)
			rc = add_line(g, g->line.data, g->line.len, err);
		if (rc < 0)
			return rc;
		buf_reset(&g->line);
		g->is_long = false;
		bytes += n + 1;
		len -= n + 1;
	}
	return 0;
}

/* A frame of which both lengths are there. -SL_EFORMAT: where the next one begins is not known. */
static int take_frame(struct log_reading *g, struct sl_error *err)
{
	const char *end = g->line.data + LOCALLOG_FRAME + g->frame_size;
	int rc;

	if (locallog_length(end) != g->frame_size)
		return sl_fail(err, SL_EFORMAT, 0, "a message's two lengths differ");
	rc = add_line(g, g->line.data + LOCALLOG_FRAME, g->frame_size, err);
	buf_reset(&g->line);
	g->frame_size = 0;
	return rc;
}

static int take_messages(struct log_reading *g, const char *bytes, size_t len, struct sl_error *err)
{
	while (len > 0) {
		size_t want = LOCALLOG_FRAME;
		size_t n;

		if (g->frame_size > 0)
			want += g->frame_size + LOCALLOG_FRAME;
		n = want - g->line.len < len ? want - g->line.len : len;
		if (buf_append(&g->line, bytes, n) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "log message");
		bytes += n;
		len -= n;
		if (g->line.len < want)
			return 0;
		if (g->frame_size > 0) {
			int rc = take_frame(g, err);

			if (rc < 0)
				return rc;
			continue;
		}
		g->frame_size = locallog_length(g->line.data);
		if (g->frame_size == 0)
			return sl_fail(err, SL_EFORMAT, 0, "no length of a message");
	}
	return 0;
}

/* What was rotated away may be packed; what was packed is told by its first bytes, not its name. */
static int open_log(struct istream **out, int fd, const volatile sig_atomic_t *stop,
		    struct sl_error *err)
{
	struct istream *in = NULL, *wrapped;
	const uint8_t *head;
	size_t len;
	int own = dup(fd);
	int rc = own < 0 ? sl_fail(err, SL_EIO, errno, "temporary file")
			 : istream_from_fd(&in, own, err);

	if (rc == 0)
		istream_fd_stop(in, stop);
	if (rc == 0)
		rc = istream_fd_peek(in, 2, &head, &len, err);
	if (rc == 0 && zkind_sniff(head, len) == ZKIND_GZIP) {
		rc = istream_gzip(&wrapped, in, err);
		if (rc == 0)
			in = wrapped;
		if (rc == 0)
			rc = istream_limit(&wrapped, in, UNPACKED_MAX, "log", err);
		if (rc == 0)
			in = wrapped;
	}
	if (rc < 0)
		istream_close(in);
	else
		*out = in;
	return rc;
}

static int read_stream(struct log_reading *g, int fd, struct sl_error *err)
{
	struct istream *in = NULL;
	const uint8_t *bytes;
	size_t len;
	int rc = lseek(fd, 0, SEEK_SET) < 0 ? sl_fail(err, SL_EIO, errno, "temporary file")
					    : open_log(&in, fd, g->stop, err);

	/* a line without an end was being written when the log was taken */
	while (rc == 0 && (rc = istream_next(in, &bytes, &len, err)) == 0)
		rc = g->log->format == TIMELINELOG_LOCAL
			     ? take_messages(g, (const char *)bytes, len, err)
			     : take_lines(g, (const char *)bytes, len, err);
	istream_close(in);
	return rc < 0 ? rc : 0;
}

/* What follows in the log is missing in the timeline, which is no empty log. */
static int say_unread(struct log_reading *g, const struct sl_error *why, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf message = BUF_INIT(1024);
	struct sl_event e = {
		.time = g->log->taken,
		.source = "capture",
		.description = "Log Unreadable",
		.subject = {"log", 3},
		.container = g->container,
		.seq = g->log->seq,
	};

	(void)buf_printf(&message, "log cannot be read on: %.200s", sl_error_text(why));
	if (message.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "event");
	e.message = (struct sl_bytes){message.data, message.len};
	return eventsort_add(g->sort, &e, err);
}

/* Terabytes of holes cost a forger nothing, and whoever reads them line by line a day. */
static int check_holes(int fd, struct sl_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "temporary file");
	if (st.st_size - (off_t)st.st_blocks * 512 > HOLES_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than 1 GiB of holes");
	return 0;
}

int timelinelog_read(const struct timelinelog *l, struct rfile *file, struct eventsort *sort,
		     const char *container, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct log_reading g = {
		.log = l,
		.sort = sort,
		.container = container,
		.stop = file->stop,
		.line = BUF_INIT(LOCALLOG_MESSAGE_MAX + 2 * LOCALLOG_FRAME),
		.text = BUF_INIT(MESSAGE_MAX),
	};
	AUTO_CLOSE int fd = tempfile_open(NULL, err);
	int rc;

	if (fd < 0)
		return fd;
	rc = bundle_extract(file, l->seq, fd, err);
	/* a log whose end was cut off with the bundle, or that does not match, has no lines here */
	if (rc == 0) {
		rc = check_holes(fd, &why);
		if (rc == 0)
			rc = read_stream(&g, fd, &why);
		if (rc == -SL_EFORMAT || rc == -SL_ELIMIT)
			rc = say_unread(&g, &why, err);
		else if (rc < 0)
			(void)sl_fail(err, why.code, why.sys, "%s", sl_error_text(&why));
	} else if (rc == -SL_ENOTFOUND || rc == -SL_EUNTRUSTED) {
		rc = 0;
	}
	buf_clear(&g.line);
	buf_clear(&g.text);
	return rc;
}
