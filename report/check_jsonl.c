/* SPDX-License-Identifier: Apache-2.0 */
/* One record a line: run, difference, gap, layer, contradiction, and at the end run once more. */
#include <stdlib.h>

#include "core/cleanup.h"
#include "report/check.h"
#include "report/check_members.h"
#include "report/document.h"
#include "report/outbuf.h"

struct check_lines {
	struct sl_check_sink sink;
	struct outbuf out;
	struct jout j;
	struct buf subject; /* members of the directory under way; empty: none is */
};

static struct check_lines *lines_of(struct sl_check_sink *s)
{
	return container_of(s, struct check_lines, sink);
}

static struct jout *start(struct check_lines *k, const char *record)
{
	jout_begin(&k->j, &k->out.buf);
	jout_object(&k->j);
	jout_key_str(&k->j, "record", record);
	return &k->j;
}

/* A line stands alone: it says whose it is. */
static void whose(struct check_lines *k)
{
	if (k->subject.len == 0)
		return;
	jout_key(&k->j, "layer");
	jout_raw(&k->j, k->subject.data, k->subject.len);
}

static int end_line(struct check_lines *k, struct sl_error *err)
{
	jout_object_end(&k->j);
	(void)buf_append_char(&k->out.buf, '\n');
	return outbuf_maybe_flush(&k->out, err);
}

static int lines_begin(struct sl_check_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct check_lines *k = lines_of(s);

	document_run_as(start(k, "run"), CHECK_SCHEMA, run);
	return end_line(k, err);
}

static int lines_layer(struct sl_check_sink *s, const struct sl_check_subject *subject,
		       struct sl_error *err)
{
	struct check_lines *k = lines_of(s);
	struct jout j;

	buf_reset(&k->subject);
	jout_begin(&j, &k->subject);
	jout_object(&j);
	check_json_subject(&j, subject);
	jout_object_end(&j);
	return jout_end(&j) < 0 ? sl_fail(err, SL_ENOMEM, 0, "report") : 0;
}

static int lines_difference(struct sl_check_sink *s, const struct sl_difference *d,
			    struct sl_error *err)
{
	struct check_lines *k = lines_of(s);

	(void)start(k, "difference");
	whose(k);
	check_json_difference(&k->j, d);
	return end_line(k, err);
}

static int lines_gap(struct sl_check_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct check_lines *k = lines_of(s);

	(void)start(k, "gap");
	whose(k);
	document_gap(&k->j, gap);
	return end_line(k, err);
}

static int lines_layer_end(struct sl_check_sink *s, const struct sl_layer_check *check,
			   struct sl_error *err)
{
	struct check_lines *k = lines_of(s);
	int rc;

	(void)start(k, "layer");
	whose(k);
	buf_reset(&k->subject);
	check_json_result(&k->j, check);
	rc = end_line(k, err);
	return rc < 0 ? rc : outbuf_flush(&k->out, err); /* what is finished is told at once */
}

static int lines_contradiction(struct sl_check_sink *s, const char *what, const char *why,
			       struct sl_error *err)
{
	struct check_lines *k = lines_of(s);

	check_json_contradiction(start(k, "contradiction"), what, why);
	return end_line(k, err);
}

static int lines_end(struct sl_check_sink *s, const struct sl_run *run,
		     const struct sl_check_totals *totals, struct sl_error *err)
{
	struct check_lines *k = lines_of(s);
	int rc;

	document_run_as(start(k, "run"), CHECK_SCHEMA, run);
	check_json_totals(&k->j, totals);
	jout_key_time(&k->j, "finished", run->finished);
	rc = end_line(k, err);
	return rc < 0 ? rc : outbuf_flush(&k->out, err);
}

static void lines_close(struct sl_check_sink *s)
{
	struct check_lines *k = lines_of(s);

	buf_clear(&k->subject);
	outbuf_clear(&k->out);
	free(k);
}

int report_check_jsonl(struct sl_check_sink **out, struct ostream *to, struct sl_error *err)
{
	static const struct sl_check_sink_ops ops = {.begin = lines_begin,
						     .layer = lines_layer,
						     .difference = lines_difference,
						     .gap = lines_gap,
						     .layer_end = lines_layer_end,
						     .contradiction = lines_contradiction,
						     .end = lines_end,
						     .close = lines_close};
	struct check_lines *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct check_lines){.sink.ops = &ops, .subject = BUF_INIT((size_t)64 << 20)};
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}
