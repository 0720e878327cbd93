/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page that stands alone. Findings stream in the order of every other format; the lines of the
 * table at the top, and the gaps of a container, wait in spools and are written behind them.
 */
#include "report/html.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "report/outbuf.h"
#include "report/report.h"
#include "report/rowspool.h"
#include "report/words.h"

#define IN_MEMORY ((size_t)256 << 10)
#define SEVERITIES (SL_SEVERITY_CRITICAL + 1)

struct html_sink {
	struct sl_sink sink;
	struct outbuf out;
	struct rowspool overview, gaps; /* pieces of the page */
	uint64_t containers, explained, by_severity[SEVERITIES];
	bool show_touched;
};

static struct html_sink *html_sink(struct sl_sink *s)
{
	return container_of(s, struct html_sink, sink);
}

static int on_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct html_sink *k = html_sink(s);
	int rc = html_head(&k->out.buf, run, err);

	return rc < 0 ? rc : outbuf_maybe_flush(&k->out, err);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct html_sink *k = html_sink(s);

	rowspool_clear(&k->gaps);
	html_container(&k->out.buf, subject, ++k->containers);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct html_sink *k = html_sink(s);

	if (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED && !k->show_touched)
		return 0;
	if ((size_t)f->severity >= SEVERITIES)
		return sl_fail(err, SL_EINVAL, 0, "unknown severity %d", (int)f->severity);
	if (f->cause != SL_CAUSE_NONE)
		k->explained++;
	else
		k->by_severity[f->severity]++;
	html_finding(&k->out.buf, f);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIZE_MAX / 16);

	html_gap(&text, gap);
	if (text.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "gap");
	return rowspool_put(&html_sink(s)->gaps, text.data, text.len, err);
}

static int put_rows(struct html_sink *k, struct rowspool *rows, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf row = BUF_INIT(SIZE_MAX / 16);
	int rc = rowspool_rewind(rows, err);

	while (rc == 0 && (rc = rowspool_next(rows, &row, err)) == 0) {
		(void)buf_append(&k->out.buf, row.data, row.len);
		rc = outbuf_maybe_flush(&k->out, err);
	}
	return rc < 0 ? rc : 0;
}

static int put_gaps(struct html_sink *k, struct sl_error *err)
{
	struct buf *out = &k->out.buf;
	int rc;

	if (k->gaps.count == 0)
		return 0;
	(void)buf_append_str(out, "<div class=gaps><h3>Not read: ");
	words_plural(out, k->gaps.count, "gap", "gaps");
	(void)buf_append_str(out, "</h3><ul>\n");
	rc = put_rows(k, &k->gaps, err);
	(void)buf_append_str(out, "</ul></div>\n");
	return rc;
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct html_sink *k = html_sink(s);
	CLEANUP(buf_clear) struct buf row = BUF_INIT((size_t)1 << 20);
	int rc;

	(void)buf_append_str(&k->out.buf, "</div>\n");
	rc = put_gaps(k, err);
	if (rc < 0)
		return rc;
	html_outcome(&k->out.buf, sum, k->gaps.count);
	(void)buf_append_str(&k->out.buf, "</section>\n");
	html_overview_row(&row, sum, k->gaps.count, k->containers);
	if (row.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	rc = rowspool_put(&k->overview, row.data, row.len, err);
	return rc < 0 ? rc : outbuf_maybe_flush(&k->out, err);
}

/* What is shown below, by severity; the style sheet looks at the boxes. */
static void put_filter(struct html_sink *k)
{
	struct buf *out = &k->out.buf;

	(void)buf_append_str(out, "<fieldset class=filter><legend>Show</legend>\n");
	for (int level = SL_SEVERITY_CRITICAL; level >= 0; level--) {
		const char *name = sl_severity_name((enum sl_severity)level);

		(void)buf_printf(out, "<label class=%s><input type=checkbox id=s%d checked> %s <b>",
				 name, level, name);
		words_count(out, k->by_severity[level]);
		(void)buf_append_str(out, "</b></label>\n");
	}
	(void)buf_append_str(out, "<label><input type=checkbox id=e> explained <b>");
	words_count(out, k->explained);
	(void)buf_append_str(out, "</b></label>\n</fieldset>\n");
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct html_sink *k = html_sink(s);
	struct buf *out = &k->out.buf;
	int rc;

	(void)buf_append_str(out, "<section class=overview><h2>");
	words_plural(out, k->containers, "container", "containers");
	(void)buf_append_str(out, "</h2>\n<div class=wide><table><thead><tr><th>container"
				  "<th class=n>critical<th class=n>high<th class=n>medium<th "
				  "class=n>low<th class=n>info<th class=n>explained"
				  "<th class=n>gaps<th>layers<th>verdict</thead>\n<tbody>\n");
	rc = put_rows(k, &k->overview, err);
	if (rc < 0)
		return rc;
	(void)buf_append_str(out, "</tbody></table></div>\n");
	put_filter(k);
	(void)buf_append_str(out, "</section>\n");
	html_foot(out, run);
	return outbuf_flush(&k->out, err);
}

static void on_close(struct sl_sink *s)
{
	struct html_sink *k = html_sink(s);

	rowspool_clear(&k->overview);
	rowspool_clear(&k->gaps);
	outbuf_clear(&k->out);
	free(k);
}

int report_html(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.begin = on_begin,
					       .container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct html_sink *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct html_sink){.sink.ops = &ops,
				.overview = ROWS_INIT(IN_MEMORY),
				.gaps = ROWS_INIT(IN_MEMORY),
				.show_touched = o != NULL && o->show_touched};
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}
