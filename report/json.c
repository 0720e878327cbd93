/* SPDX-License-Identifier: Apache-2.0 */
/* The drift document: findings stream, gaps wait for their place behind them. */
#include <stdlib.h>

#include "core/cleanup.h"
#include "report/document.h"
#include "report/outbuf.h"
#include "report/report.h"
#include "report/rowarray.h"

#define GAPS_IN_MEMORY ((size_t)256 << 10)

struct json_sink {
	struct sl_sink sink;
	struct outbuf out;
	struct jout j;
	struct rowspool gaps; /* JSON objects of this container */
	bool show_touched;
};

static struct json_sink *json_sink(struct sl_sink *s)
{
	return container_of(s, struct json_sink, sink);
}

static int on_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct json_sink *k = json_sink(s);

	jout_begin(&k->j, &k->out.buf);
	jout_object(&k->j);
	document_run(&k->j, run);
	jout_key(&k->j, "containers");
	jout_array(&k->j);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct json_sink *k = json_sink(s);

	rowspool_clear(&k->gaps);
	jout_object(&k->j);
	document_subject(&k->j, subject);
	document_settings(&k->j, subject);
	jout_key(&k->j, "findings");
	jout_array(&k->j);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct json_sink *k = json_sink(s);

	if (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED && !k->show_touched)
		return 0;
	jout_object(&k->j);
	report_finding_members(&k->j, f);
	jout_object_end(&k->j);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIZE_MAX / 16);
	struct jout j;

	jout_begin(&j, &text);
	jout_object(&j);
	document_gap(&j, gap);
	jout_object_end(&j);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "gap");
	return rowspool_put(&json_sink(s)->gaps, text.data, text.len, err);
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct json_sink *k = json_sink(s);
	int rc;

	jout_array_end(&k->j);
	document_counts(&k->j, &sum->counts);
	rc = rowarray_write(&k->j, "gaps", &k->gaps, &k->out, err);
	if (rc < 0)
		return rc;
	document_outcome(&k->j, sum);
	jout_object_end(&k->j);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct json_sink *k = json_sink(s);

	jout_array_end(&k->j);
	jout_key_time(&k->j, "finished", run->finished);
	jout_object_end(&k->j);
	(void)buf_append_char(&k->out.buf, '\n');
	if (jout_end(&k->j) == -SL_EINVAL)
		return sl_fail(err, SL_EINVAL, 0, "report calls out of order");
	return outbuf_flush(&k->out, err);
}

static void on_close(struct sl_sink *s)
{
	struct json_sink *k = json_sink(s);

	rowspool_clear(&k->gaps);
	outbuf_clear(&k->out);
	free(k);
}

int report_json(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.begin = on_begin,
					       .container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct json_sink *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct json_sink){.sink.ops = &ops,
				.gaps = ROWS_INIT(GAPS_IN_MEMORY),
				.show_touched = o != NULL && o->show_touched};
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}
