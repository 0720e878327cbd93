/* SPDX-License-Identifier: Apache-2.0 */
/* The document and the lines of a check. */
#include <stdlib.h>

#include "core/cleanup.h"
#include "report/check.h"
#include "report/check_members.h"
#include "report/document.h"
#include "report/outbuf.h"
#include "report/rowarray.h"

#define ROWS_IN_MEMORY ((size_t)256 << 10)

/* ---- one document ---- */

struct check_json {
	struct sl_check_sink sink;
	struct outbuf out;
	struct jout j;
	struct rowspool layer_gaps;           /* of the directory under way */
	struct rowspool gaps, contradictions; /* of the run */
	bool in_layer;
};

static struct check_json *json_of(struct sl_check_sink *s)
{
	return container_of(s, struct check_json, sink);
}

static int json_begin(struct sl_check_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct check_json *k = json_of(s);

	jout_begin(&k->j, &k->out.buf);
	jout_object(&k->j);
	document_run_as(&k->j, CHECK_SCHEMA, run);
	jout_key(&k->j, "layers");
	jout_array(&k->j);
	return outbuf_maybe_flush(&k->out, err);
}

static int json_layer(struct sl_check_sink *s, const struct sl_check_subject *subject,
		      struct sl_error *err)
{
	struct check_json *k = json_of(s);

	k->in_layer = true;
	rowspool_clear(&k->layer_gaps);
	jout_object(&k->j);
	check_json_subject(&k->j, subject);
	jout_key(&k->j, "differences");
	jout_array(&k->j);
	return outbuf_maybe_flush(&k->out, err);
}

static int json_difference(struct sl_check_sink *s, const struct sl_difference *d,
			   struct sl_error *err)
{
	struct check_json *k = json_of(s);

	jout_object(&k->j);
	check_json_difference(&k->j, d);
	jout_object_end(&k->j);
	return outbuf_maybe_flush(&k->out, err);
}

/* An object for later: @fill writes its members. */
static int spool(struct rowspool *to, void (*fill)(struct jout *j, const void *payload),
		 const void *payload, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIZE_MAX / 16);
	struct jout j;

	jout_begin(&j, &text);
	jout_object(&j);
	fill(&j, payload);
	jout_object_end(&j);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	return rowspool_put(to, text.data, text.len, err);
}

static void fill_gap(struct jout *j, const void *payload)
{
	document_gap(j, payload);
}

static int json_gap(struct sl_check_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct check_json *k = json_of(s);

	return spool(k->in_layer ? &k->layer_gaps : &k->gaps, fill_gap, gap, err);
}

struct said {
	const char *what, *why;
};

static void fill_contradiction(struct jout *j, const void *payload)
{
	const struct said *said = payload;

	check_json_contradiction(j, said->what, said->why);
}

static int json_contradiction(struct sl_check_sink *s, const char *what, const char *why,
			      struct sl_error *err)
{
	const struct said said = {what, why};

	return spool(&json_of(s)->contradictions, fill_contradiction, &said, err);
}

/* Everything that was spooled, as one array. */
static int json_layer_end(struct sl_check_sink *s, const struct sl_layer_check *check,
			  struct sl_error *err)
{
	struct check_json *k = json_of(s);
	int rc;

	k->in_layer = false;
	jout_array_end(&k->j);
	rc = rowarray_write(&k->j, "gaps", &k->layer_gaps, &k->out, err);
	check_json_result(&k->j, check);
	jout_object_end(&k->j);
	return rc < 0 ? rc : outbuf_maybe_flush(&k->out, err);
}

static int json_end(struct sl_check_sink *s, const struct sl_run *run,
		    const struct sl_check_totals *totals, struct sl_error *err)
{
	struct check_json *k = json_of(s);
	int rc;

	jout_array_end(&k->j);
	rc = rowarray_write(&k->j, "contradictions", &k->contradictions, &k->out, err);
	if (rc == 0)
		rc = rowarray_write(&k->j, "gaps", &k->gaps, &k->out, err);
	check_json_totals(&k->j, totals);
	jout_key_time(&k->j, "finished", run->finished);
	jout_object_end(&k->j);
	(void)buf_append_char(&k->out.buf, '\n');
	return rc < 0 ? rc : outbuf_flush(&k->out, err);
}

static void json_close(struct sl_check_sink *s)
{
	struct check_json *k = json_of(s);

	rowspool_clear(&k->layer_gaps);
	rowspool_clear(&k->gaps);
	rowspool_clear(&k->contradictions);
	outbuf_clear(&k->out);
	free(k);
}

int report_check_json(struct sl_check_sink **out, struct ostream *to, struct sl_error *err)
{
	static const struct sl_check_sink_ops ops = {.begin = json_begin,
						     .layer = json_layer,
						     .difference = json_difference,
						     .gap = json_gap,
						     .layer_end = json_layer_end,
						     .contradiction = json_contradiction,
						     .end = json_end,
						     .close = json_close};
	struct check_json *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct check_json){.sink.ops = &ops,
				 .layer_gaps = ROWS_INIT(ROWS_IN_MEMORY),
				 .gaps = ROWS_INIT(ROWS_IN_MEMORY),
				 .contradictions = ROWS_INIT(ROWS_IN_MEMORY)};
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}

void report_check_close(struct sl_check_sink *s)
{
	if (s != NULL)
		s->ops->close(s);
}
