/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/timelinelog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "forensics/bundle_read.h"
#include "forensics/dockerlog.h"

enum { MESSAGE_MAX = 32 << 10, READ_BYTES = 64 << 10 };

int timelinelogs_note(struct timelinelogs *l, const struct record *r, struct sl_error *err)
{
	const char *role = jval_str(jval_get(r->doc, "role"));
	const char *format = jval_str(jval_get(r->doc, "log_format"));

	if (role == NULL || strcmp(role, "log") != 0 || format == NULL ||
	    strcmp(format, "docker-json") != 0 || l->count == TIMELINELOGS_MAX ||
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
	l->items[l->count++] = (struct timelinelog){.seq = r->seq, .target = r->target};
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
	struct buf line, text;
	bool is_long; /* the rest of this line is passed over */
};

static int add_line(struct log_reading *g, struct sl_error *err)
{
	struct dockerlog_line line;
	struct sl_event e = {
		.source = "log",
		.description = "Log Entry",
		.container = g->container,
		.seq = g->log->seq,
	};
	int rc;

	buf_reset(&g->text);
	rc = dockerlog_parse(&line, &g->text, g->line.data, g->line.len);
	if (rc == -SL_EFORMAT)
		return 0;
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "log line");
	e.time = line.time;
	e.subject = (struct sl_bytes){line.stream, strlen(line.stream)};
	e.message = (struct sl_bytes){g->text.data, g->text.len};
	return eventsort_add(g->sort, &e, err);
}

static int take(struct log_reading *g, const char *bytes, size_t len, struct sl_error *err)
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
			rc = add_line(g, err);
		if (rc < 0)
			return rc;
		buf_reset(&g->line);
		g->is_long = false;
		bytes += n + 1;
		len -= n + 1;
	}
	return 0;
}

static int read_lines(struct log_reading *g, int fd, struct sl_error *err)
{
	AUTO_FREE char *bytes = malloc(READ_BYTES);
	off_t at = 0;

	if (bytes == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "log");
	for (;;) {
		ssize_t n = pread(fd, bytes, READ_BYTES, at);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "temporary file");
		if (n == 0)
			/* a line without an end was being written when the log was taken */
			return 0;
		at += n;
		rc = take(g, bytes, (size_t)n, err);
		if (rc < 0)
			return rc;
	}
}

int timelinelog_read(const struct timelinelog *l, struct rfile *file, struct eventsort *sort,
		     const char *container, struct sl_error *err)
{
	struct log_reading g = {
		.log = l,
		.sort = sort,
		.container = container,
		.line = BUF_INIT(DOCKERLOG_LINE_MAX),
		.text = BUF_INIT(MESSAGE_MAX),
	};
	FILE *f = tmpfile();
	int rc;

	if (f == NULL)
		return sl_fail(err, SL_EIO, errno, "temporary file");
	rc = bundle_extract(file, l->seq, fileno(f), err);
	/* a log whose end was cut off with the bundle, or that does not match, has no lines here */
	if (rc == 0)
		rc = read_lines(&g, fileno(f), err);
	else if (rc == -SL_ENOTFOUND || rc == -SL_EUNTRUSTED)
		rc = 0;
	(void)fclose(f);
	buf_clear(&g.line);
	buf_clear(&g.text);
	return rc;
}
