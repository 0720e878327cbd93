/* SPDX-License-Identifier: Apache-2.0 */
/* One record a line: run, finding, gap, container, and at the end run once more. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "report/document.h"
#include "report/outbuf.h"
#include "report/report.h"

struct jsonl_sink {
	struct sl_sink sink;
	struct outbuf out;
	struct buf container; /* members that name the container, for its findings and gaps */
	bool show_touched;
};

static struct jsonl_sink *jsonl_sink(struct sl_sink *s)
{
	return container_of(s, struct jsonl_sink, sink);
}

static void start_line(struct jsonl_sink *k, struct jout *j, const char *record)
{
	jout_begin(j, &k->out.buf);
	jout_object(j);
	jout_key_str(j, "record", record);
}

static void end_line(struct jsonl_sink *k, struct jout *j)
{
	jout_object_end(j);
	(void)buf_append_char(&k->out.buf, '\n');
}

/* A line stands alone: it says whose it is. */
static void whose(struct jsonl_sink *k, struct jout *j)
{
	jout_key(j, "container");
	jout_raw(j, k->container.data, k->container.len);
}

static int on_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct jsonl_sink *k = jsonl_sink(s);
	struct jout j;

	start_line(k, &j, "run");
	document_run(&j, run);
	end_line(k, &j);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct jsonl_sink *k = jsonl_sink(s);
	struct jout j;

	buf_reset(&k->container);
	jout_begin(&j, &k->container);
	jout_object(&j);
	jout_key_str(&j, "engine", subject->container->engine);
	jout_key_str(&j, "id", subject->container->id);
	jout_key_str(&j, "name", subject->container->name);
	jout_object_end(&j);
	return jout_end(&j) < 0 ? sl_fail(err, SL_ENOMEM, 0, "report") : 0;
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct jsonl_sink *k = jsonl_sink(s);
	struct jout j;

	if (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED && !k->show_touched)
		return 0;
	start_line(k, &j, "finding");
	whose(k, &j);
	report_finding_members(&j, f);
	end_line(k, &j);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct jsonl_sink *k = jsonl_sink(s);
	struct jout j;

	start_line(k, &j, "gap");
	whose(k, &j);
	document_gap(&j, gap);
	end_line(k, &j);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct jsonl_sink *k = jsonl_sink(s);
	struct jout j;

	start_line(k, &j, "container");
	document_subject(&j, sum->subject);
	document_counts(&j, &sum->counts);
	jout_key_u64(&j, "gaps", sum->counts.gaps);
	document_complete(&j, sum);
	end_line(k, &j);
	return outbuf_flush(&k->out, err); /* a finished container is told at once */
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct jsonl_sink *k = jsonl_sink(s);
	struct jout j;

	start_line(k, &j, "run");
	document_run(&j, run);
	jout_key_time(&j, "finished", run->finished);
	end_line(k, &j);
	return outbuf_flush(&k->out, err);
}

static void on_close(struct sl_sink *s)
{
	struct jsonl_sink *k = jsonl_sink(s);

	buf_clear(&k->container);
	outbuf_clear(&k->out);
	free(k);
}

int report_jsonl(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		 struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.begin = on_begin,
					       .container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct jsonl_sink *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct jsonl_sink){.sink.ops = &ops,
				 .container = BUF_INIT((size_t)1 << 20),
				 .show_touched = o != NULL && o->show_touched};
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}
