/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSF events, one a line. Findings are findings; each gap is an application error; the run, and
 * each container, ends with a scan activity, so that clean, unread and never scanned are told
 * apart.
 */
#include "report/ocsf.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "report/document.h"
#include "report/outbuf.h"
#include "report/report.h"
#include "report/verdict.h"

#define TEXT_BYTES ((size_t)16 << 20)

/* Severities of events that are no finding. */
#define INFORMATIONAL 1
#define LOW 2
#define MEDIUM 3

struct ocsf_sink {
	struct sl_sink sink;
	struct outbuf out;
	struct sl_run run; /* as it began; its strings are borrowed for the length of the run */
	const struct sl_subject *subject;
	uint64_t gaps, containers, incomplete;
	bool show_touched;
};

static struct ocsf_sink *ocsf_sink(struct sl_sink *s)
{
	return container_of(s, struct ocsf_sink, sink);
}

static int end_line(struct ocsf_sink *k, struct jout *j, struct sl_error *err)
{
	jout_object_end(j);
	(void)buf_append_char(&k->out.buf, '\n');
	return outbuf_maybe_flush(&k->out, err);
}

static void scan(struct jout *j, const struct sl_run *run)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT(256);

	(void)buf_printf(&name, "strandline %s", run->command != NULL ? run->command : "diff");
	jout_key(j, "scan");
	jout_object(j);
	jout_key_str(j, "name", name.data);
	jout_key_u64(j, "type_id", 0);
	jout_key_str(j, "type", "Unknown");
	jout_object_end(j);
}

static void unmapped_run(struct jout *j, const struct sl_run *run)
{
	jout_key(j, "unmapped");
	jout_object(j);
	jout_key(j, "run");
	jout_object(j);
	document_run(j, run);
	jout_object_end(j);
	jout_object_end(j);
}

static int on_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	static const struct ocsf_head head = {OCSF_SCAN_ACTIVITY, 1, "Started",
					      INFORMATIONAL,      0, "Unknown"};
	struct ocsf_sink *k = ocsf_sink(s);
	struct jout j;

	k->run = *run;
	jout_begin(&j, &k->out.buf);
	jout_object(&j);
	ocsf_head(&j, &head, run);
	jout_key_str(&j, "message", "containers are compared with their images");
	scan(&j, run);
	ocsf_key_time(&j, "start_time", run->started);
	unmapped_run(&j, run);
	return end_line(k, &j, err);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct ocsf_sink *k = ocsf_sink(s);

	(void)err;
	k->subject = subject;
	k->gaps = 0;
	k->containers++;
	return 0;
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct ocsf_sink *k = ocsf_sink(s);
	struct jout j;

	if (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED && !k->show_touched)
		return 0;
	jout_begin(&j, &k->out.buf);
	ocsf_finding(&j, f, k->subject, &k->run);
	(void)buf_append_char(&k->out.buf, '\n');
	return outbuf_maybe_flush(&k->out, err);
}

static void unmapped_container(struct jout *j, const struct sl_subject *subject)
{
	jout_key(j, "container");
	ocsf_container(j, subject);
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	static const struct ocsf_head head = {
		OCSF_APPLICATION_ERROR, 1, "General Error", MEDIUM, 2, "Failure"};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);
	struct ocsf_sink *k = ocsf_sink(s);
	struct jout j;

	k->gaps++;
	(void)buf_append_str(&text, gap->is_path ? "not read: /" : "not read: ");
	(void)quote_bytes(&text, gap->what.data, gap->what.len);
	if (gap->below)
		(void)buf_append_str(&text, " and everything beneath");
	if (text.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "gap");
	jout_begin(&j, &k->out.buf);
	jout_object(&j);
	ocsf_head(&j, &head, &k->run);
	jout_key_str(&j, "message", text.data);
	jout_key_str(&j, "status_detail", gap->why);
	jout_key(&j, "unmapped");
	jout_object(&j);
	unmapped_container(&j, k->subject);
	jout_key(&j, "gap");
	jout_object(&j);
	document_gap(&j, gap);
	jout_object_end(&j);
	jout_object_end(&j);
	return end_line(k, &j, err);
}

static struct ocsf_head outcome(enum verdict verdict, bool is_complete)
{
	struct ocsf_head head = {OCSF_SCAN_ACTIVITY, 2, "Completed", INFORMATIONAL, 1, "Success"};

	if (verdict == VERDICT_UNPROVEN)
		head.severity = LOW;
	if (!is_complete) {
		head.severity = MEDIUM;
		head.status = 2;
		head.status_name = "Failure";
	}
	return head;
}

static uint64_t unexplained(const struct sl_counts *counts)
{
	uint64_t n = 0;

	for (int level = 0; level <= SL_SEVERITY_CRITICAL; level++)
		n += counts->by_severity[level];
	return n;
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct ocsf_sink *k = ocsf_sink(s);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	enum verdict verdict = verdict_of(sum, k->gaps);
	bool is_complete = verdict_is_complete(sum, k->gaps);
	struct ocsf_head head = outcome(verdict, is_complete);
	uint64_t gaps = sum->counts.gaps > k->gaps ? sum->counts.gaps : k->gaps;
	struct jout j;
	int rc;

	k->incomplete += !is_complete;
	verdict_sentence(&text, sum, k->gaps);
	jout_begin(&j, &k->out.buf);
	jout_object(&j);
	ocsf_head(&j, &head, &k->run);
	jout_key_str(&j, "message", text.data);
	jout_key_str(&j, "status_detail", verdict_word(verdict));
	scan(&j, &k->run);
	ocsf_key_time(&j, "start_time", k->run.started);
	jout_key_u64(&j, "num_detections", unexplained(&sum->counts));
	jout_key_u64(&j, "num_skipped_items", gaps);
	jout_key_u64(&j, "num_trusted_items", sum->counts.explained);
	jout_key_u64(&j, "total", sum->counts.entries);
	jout_key(&j, "unmapped");
	jout_object(&j);
	unmapped_container(&j, sum->subject);
	jout_key(&j, "outcome");
	jout_object(&j);
	report_summary_members(&j, sum);
	jout_key_u64(&j, "gaps", gaps);
	jout_object_end(&j);
	jout_object_end(&j);
	rc = end_line(k, &j, err);
	return rc < 0 ? rc : outbuf_flush(&k->out, err); /* a finished container is told at once */
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct ocsf_sink *k = ocsf_sink(s);
	struct ocsf_head head = outcome(VERDICT_CLEAN, k->incomplete == 0);
	struct jout j;
	int rc;

	jout_begin(&j, &k->out.buf);
	jout_object(&j);
	ocsf_head(&j, &head, &k->run);
	jout_key_str(&j, "message", "the run is over; each container has an event of its own");
	scan(&j, run);
	ocsf_key_time(&j, "start_time", k->run.started);
	ocsf_key_time(&j, "end_time", run->finished);
	jout_key_u64(&j, "total", k->containers);
	unmapped_run(&j, &k->run);
	rc = end_line(k, &j, err);
	return rc < 0 ? rc : outbuf_flush(&k->out, err);
}

static void on_close(struct sl_sink *s)
{
	outbuf_clear(&ocsf_sink(s)->out);
	free(ocsf_sink(s));
}

int report_ocsf(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.begin = on_begin,
					       .container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct ocsf_sink *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct ocsf_sink){.sink.ops = &ops, .show_touched = o != NULL && o->show_touched};
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}
