/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SARIF log of one run. Results stream; what must wait for its place behind them is spooled
 * (notifications, how containers ended) or bounded (rules). Members of an object have no order.
 */
#include "report/sarif.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "report/outbuf.h"
#include "report/report.h"
#include "report/rowarray.h"
#include "report/verdict.h"

#define IN_MEMORY ((size_t)256 << 10)

struct sarif_sink {
	struct sl_sink sink;
	struct outbuf out;
	struct jout j;
	struct rowspool notifications, containers; /* JSON objects */
	struct sarif_rules *rules;
	const struct sl_subject *subject; /* of the container that is told of */
	uint64_t gaps;
	bool is_incomplete;
	bool show_touched;
};

static struct sarif_sink *sarif_sink(struct sl_sink *s)
{
	return container_of(s, struct sarif_sink, sink);
}

static void base_ids(struct jout *j)
{
	jout_key(j, "originalUriBaseIds");
	jout_object(j);
	jout_key(j, "CONTAINER");
	jout_object(j);
	jout_key(j, "description");
	jout_object(j);
	jout_key_str(j, "text",
		     "The root directory of the container that the logical location of "
		     "a result names.");
	jout_object_end(j);
	jout_object_end(j);
	jout_object_end(j);
}

/* Logs of several machines are several analyses; behind the last slash stands the run. */
static void automation(struct jout *j, const struct sl_run *run)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);
	const char *host = run->host_name != NULL ? run->host_name : "";
	char started[CLOCK_TEXT_SIZE];

	clock_format(started, run->started);
	(void)buf_append_str(&text, "strandline/");
	(void)quote_bytes(&text, host, strlen(host));
	(void)buf_printf(&text, "/%s", started);
	jout_key(j, "automationDetails");
	jout_object(j);
	jout_key_str(j, "id", text.data);
	jout_object_end(j);
}

static int on_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct sarif_sink *k = sarif_sink(s);
	struct jout *j = &k->j;

	jout_begin(j, &k->out.buf);
	jout_object(j);
	jout_key_str(j, "$schema",
		     "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
		     "sarif-schema-2.1.0.json");
	jout_key_str(j, "version", "2.1.0");
	jout_key(j, "runs");
	jout_array(j);
	jout_object(j);
	base_ids(j);
	automation(j, run);
	jout_key_str(j, "columnKind", "unicodeCodePoints");
	jout_key(j, "results");
	jout_array(j);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct sarif_sink *k = sarif_sink(s);

	(void)err;
	k->subject = subject;
	k->gaps = 0;
	return 0;
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct sarif_sink *k = sarif_sink(s);
	int64_t index;

	if (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED && !k->show_touched)
		return 0;
	if (sarif_rules_add(k->rules, f, &index) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	sarif_result(&k->j, f, k->subject, index);
	return outbuf_maybe_flush(&k->out, err);
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct sarif_sink *k = sarif_sink(s);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIZE_MAX / 16);
	struct jout j;

	k->gaps++;
	k->is_incomplete = true;
	jout_begin(&j, &text);
	sarif_gap(&j, gap, k->subject);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "gap");
	return rowspool_put(&k->notifications, text.data, text.len, err);
}

static int put_caveats(struct sarif_sink *k, const struct sl_summary *sum, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIZE_MAX / 16);
	struct jout j;

	/* as one record: a list without its brackets is what stands between others */
	jout_begin(&j, &text);
	jout_array(&j);
	sarif_caveats(&j, sum);
	jout_array_end(&j);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	if (text.len <= 2)
		return 0;
	return rowspool_put(&k->notifications, text.data + 1, text.len - 2, err);
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct sarif_sink *k = sarif_sink(s);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIZE_MAX / 16);
	struct jout j;
	int rc;

	k->is_incomplete |= !verdict_is_complete(sum, k->gaps);
	jout_begin(&j, &text);
	jout_object(&j);
	report_summary_members(&j, sum);
	jout_key_u64(&j, "gaps", sum->counts.gaps > k->gaps ? sum->counts.gaps : k->gaps);
	jout_key_str(&j, "verdict", verdict_word(verdict_of(sum, k->gaps)));
	jout_object_end(&j);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	rc = rowspool_put(&k->containers, text.data, text.len, err);
	return rc < 0 ? rc : put_caveats(k, sum, err);
}

static void notification_rules(struct jout *j)
{
	static const struct {
		const char *id, *text;
	} kinds[] = {
		{"gap", "Something that was to be read and was not."},
		{"unproven-layers", "What was compared with is not proven to be the image's."},
		{"quick", "Contents were compared without proof of equality."},
		{"not-compared", "Mounts of the container, which have no baseline."},
		{"scanned", "Mounts that were looked through all the same."},
	};

	jout_key(j, "notifications");
	jout_array(j);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		jout_object(j);
		jout_key_str(j, "id", kinds[i].id);
		jout_key(j, "shortDescription");
		jout_object(j);
		jout_key_str(j, "text", kinds[i].text);
		jout_object_end(j);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void tool(struct jout *j, const struct sarif_rules *rules, const struct sl_run *run)
{
	jout_key(j, "tool");
	jout_object(j);
	jout_key(j, "driver");
	jout_object(j);
	jout_key_str(j, "name", "strandline");
	if (run->tool_version != NULL)
		jout_key_str(j, "version", run->tool_version);
	sarif_rules_json(j, rules);
	notification_rules(j);
	jout_object_end(j);
	jout_object_end(j);
}

static int invocations(struct sarif_sink *k, const struct sl_run *run, struct sl_error *err)
{
	struct jout *j = &k->j;
	int rc;

	jout_key(j, "invocations");
	jout_array(j);
	jout_object(j);
	jout_key_bool(j, "executionSuccessful", !k->is_incomplete);
	jout_key_time(j, "startTimeUtc", run->started);
	jout_key_time(j, "endTimeUtc", run->finished);
	if (run->host_name != NULL)
		jout_key_str(j, "machine", run->host_name);
	rc = rowarray_write(&k->j, "toolExecutionNotifications", &k->notifications, &k->out, err);
	jout_object_end(j);
	jout_array_end(j);
	return rc;
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct sarif_sink *k = sarif_sink(s);
	struct jout *j = &k->j;
	int rc;

	jout_array_end(j);
	tool(j, k->rules, run);
	rc = invocations(k, run, err);
	if (rc < 0)
		return rc;
	jout_key(j, "properties");
	jout_object(j);
	rc = rowarray_write(&k->j, "containers", &k->containers, &k->out, err);
	jout_object_end(j);
	jout_object_end(j);
	jout_array_end(j);
	jout_object_end(j);
	(void)buf_append_char(&k->out.buf, '\n');
	if (rc < 0)
		return rc;
	if (jout_end(j) == -SL_EINVAL)
		return sl_fail(err, SL_EINVAL, 0, "report calls out of order");
	return outbuf_flush(&k->out, err);
}

static void on_close(struct sl_sink *s)
{
	struct sarif_sink *k = sarif_sink(s);

	rowspool_clear(&k->notifications);
	rowspool_clear(&k->containers);
	sarif_rules_free(k->rules);
	outbuf_clear(&k->out);
	free(k);
}

int report_sarif(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		 struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.begin = on_begin,
					       .container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct sarif_sink *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct sarif_sink){.sink.ops = &ops,
				 .notifications = ROWS_INIT(IN_MEMORY),
				 .containers = ROWS_INIT(IN_MEMORY),
				 .show_touched = o != NULL && o->show_touched};
	outbuf_init(&k->out, to);
	if (sarif_rules_new(&k->rules, err) < 0) {
		on_close(&k->sink);
		return -SL_ENOMEM;
	}
	*out = &k->sink;
	return 0;
}
