/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines: for people, and for Timesketch. Events come sorted; nothing is kept. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/quote.h"
#include "report/outbuf.h"
#include "report/report.h"

struct event_sink {
	struct sl_event_sink sink;
	struct outbuf out;
	struct report_options options;
};

static struct event_sink *event_sink(struct sl_event_sink *s)
{
	return container_of(s, struct event_sink, sink);
}

static int on_end(struct sl_event_sink *s, struct sl_error *err)
{
	return outbuf_flush(&event_sink(s)->out, err);
}

static void on_close(struct sl_event_sink *s)
{
	outbuf_clear(&event_sink(s)->out);
	free(event_sink(s));
}

static int make(struct sl_event_sink **out, const struct sl_event_sink_ops *ops, struct ostream *to,
		const struct report_options *o, struct sl_error *err)
{
	struct event_sink *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	k->sink.ops = ops;
	if (o != NULL)
		k->options = *o;
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}

/* ---- table ---- */

static int table_begin(struct sl_event_sink *s, struct sl_error *err)
{
	(void)err;
	return buf_printf(&event_sink(s)->out.buf, "%-29s  %-11s  %-9s  %-25s  %-8s  %s\n",
			  "TIME (UTC)", "CERTAINTY", "SOURCE", "WHAT", "SEVERITY", "MESSAGE");
}

/* As many digits as are known: whole seconds where only these were recorded. */
static void put_time(struct buf *out, const struct sl_event *e)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_short(text, e->time);
	if (e->certainty == SL_CERTAIN_EXACT || e->time.nsec != 0)
		(void)buf_printf(out, "%s.%09u  ", text, e->time.nsec);
	else
		(void)buf_printf(out, "%-29s  ", text);
}

static int table_event(struct sl_event_sink *s, const struct sl_event *e, struct sl_error *err)
{
	struct event_sink *k = event_sink(s);
	struct buf *out = &k->out.buf;

	put_time(out, e);
	(void)buf_printf(out, "%-11s  %-9s  %-25s  %-8s  ", sl_certainty_name(e->certainty),
			 e->source, e->description, e->severity != NULL ? e->severity : "");
	if (e->container != NULL) {
		(void)quote_bytes(out, e->container, strlen(e->container));
		(void)buf_append_str(out, ": ");
	}
	(void)quote_bytes(out, e->message.data, e->message.len);
	(void)buf_append_char(out, '\n');
	return outbuf_maybe_flush(&k->out, err);
}

int report_events_table(struct sl_event_sink **out, struct ostream *to,
			const struct report_options *o, struct sl_error *err)
{
	static const struct sl_event_sink_ops ops = {
		.begin = table_begin, .event = table_event, .end = on_end, .close = on_close};

	return make(out, &ops, to, o, err);
}

/* ---- Timesketch JSONL ---- */

static int lines_begin(struct sl_event_sink *s, struct sl_error *err)
{
	(void)s;
	(void)err;
	return 0;
}

/* Microseconds since the epoch, cut towards the past. */
static int64_t microseconds(struct sl_time t)
{
	if (t.sec > INT64_MAX / 1000000 - 1 || t.sec < INT64_MIN / 1000000 + 1)
		return t.sec < 0 ? INT64_MIN : INT64_MAX;
	return t.sec * 1000000 + t.nsec / 1000;
}

/* "2026-11-22T15:00:14.000204+00:00" */
static void put_datetime(struct jout *j, struct sl_time t)
{
	char text[CLOCK_TEXT_SIZE + 8];
	char *dot;

	clock_format(text, t);
	dot = strchr(text, '.');
	if (dot != NULL)
		(void)snprintf(dot, 16, ".%06u+00:00", t.nsec / 1000);
	jout_key_str(j, "datetime", text);
}

/* Evidence that people read in a web page: escaped as on a terminal, so nothing is lost. */
static void put_message(struct jout *j, struct sl_bytes message)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIZE_MAX / 16);

	jout_key(j, "message");
	if (quote_bytes(&text, message.data, message.len) < 0)
		j->out->status = text.status;
	jout_strn(j, text.data != NULL ? text.data : "", text.len);
}

static int lines_event(struct sl_event_sink *s, const struct sl_event *e, struct sl_error *err)
{
	struct event_sink *k = event_sink(s);
	bool rooted = e->subject.len > 0 && e->subject.data[0] == '/';
	bool is_path = strcmp(e->source, "file") == 0;
	struct jout j;

	jout_begin(&j, &k->out.buf);
	jout_object(&j);
	put_message(&j, e->message);
	put_datetime(&j, e->time);
	jout_key(&j, "timestamp");
	jout_i64(&j, microseconds(e->time));
	jout_key_str(&j, "timestamp_desc", e->description);
	jout_key_str(&j, "source", e->source);
	jout_key_str(&j, "container", e->container);
	if (is_path)
		jout_bytes(&j, "path", rooted ? "" : "/", e->subject);
	else
		jout_bytes(&j, "subject", "", e->subject);
	jout_key_str(&j, "certainty", sl_certainty_name(e->certainty));
	jout_key_str(&j, "severity", e->severity);
	jout_key_u64(&j, "seq", e->seq);
	jout_key_time(&j, "time", e->time);
	jout_object_end(&j);
	(void)buf_append_char(&k->out.buf, '\n');
	return outbuf_maybe_flush(&k->out, err);
}

int report_events_jsonl(struct sl_event_sink **out, struct ostream *to, struct sl_error *err)
{
	static const struct sl_event_sink_ops ops = {
		.begin = lines_begin, .event = lines_event, .end = on_end, .close = on_close};

	return make(out, &ops, to, NULL, err);
}
