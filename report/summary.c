/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How each container ended, one line each. Lines wait until all are known: only then is it known
 * how wide the names are.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "report/outbuf.h"
#include "report/report.h"
#include "report/rowspool.h"
#include "report/verdict.h"
#include "report/words.h"

#define ROWS_IN_MEMORY ((size_t)1 << 20)
#define NAME_COLUMNS 48 /* most that the first column is aligned to */

struct summary_sink {
	struct sl_sink sink;
	struct outbuf out;
	struct rowspool rows; /* a verdict as one byte, the name, the rest: strings */
	uint64_t gaps;        /* of this container */
	size_t name_columns;
	uint64_t by_verdict[VERDICTS], incomplete;
	bool colour;
};

static struct summary_sink *summary_sink(struct sl_sink *s)
{
	return container_of(s, struct summary_sink, sink);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	(void)subject;
	(void)err;
	summary_sink(s)->gaps = 0;
	return 0;
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	(void)gap;
	(void)err;
	summary_sink(s)->gaps++;
	return 0;
}

static void put_number(struct buf *out, int columns, uint64_t n)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(64);

	if (n > 0)
		words_count(&text, n);
	(void)buf_printf(out, "  %*s", columns, n == 0 || text.data == NULL ? "-" : text.data);
}

/* Everything of a line but the name and the verdict. */
static void put_rest(struct buf *out, const struct sl_summary *sum, uint64_t gaps)
{
	const struct sl_subject *s = sum->subject;

	for (int level = SL_SEVERITY_CRITICAL; level >= 0; level--)
		put_number(out, 8, sum->counts.by_severity[level]);
	put_number(out, 9, sum->counts.explained);
	put_number(out, 6, gaps > sum->counts.gaps ? gaps : sum->counts.gaps);
	(void)buf_printf(out, "  %-8s", sl_trust_name(sl_subject_trust(s)));
}

/* Something was found, and nothing at or above low. */
static bool is_quiet(const struct sl_summary *sum)
{
	for (int level = SL_SEVERITY_LOW; level <= SL_SEVERITY_CRITICAL; level++)
		if (sum->counts.by_severity[level] > 0)
			return false;
	return sum->counts.by_severity[SL_SEVERITY_INFO] > 0;
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct summary_sink *k = summary_sink(s);
	CLEANUP(buf_clear) struct buf row = BUF_INIT((size_t)1 << 20);
	const char *label = sl_container_label(sum->subject->container);
	enum verdict verdict = verdict_of(sum, k->gaps);
	size_t columns;

	k->by_verdict[verdict]++;
	k->incomplete += !verdict_is_complete(sum, k->gaps);
	(void)buf_append_char(&row, (char)verdict);
	(void)buf_append_char(&row, is_quiet(sum) ? 'q' : ' ');
	(void)quote_bytes(&row, label, strlen(label));
	(void)buf_append_char(&row, '\0');
	put_rest(&row, sum, k->gaps);
	if (row.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	columns = quote_width(row.data + 2, strlen(row.data + 2));
	if (columns > k->name_columns)
		k->name_columns = columns;
	return rowspool_put(&k->rows, row.data, row.len + 1, err);
}

/* A verdict of its own line, and the numbers that lead to it. */
static void print(struct summary_sink *k, const char *row)
{
	static const char *const colours[VERDICTS] = {"\033[32m", "\033[31m", "\033[33m",
						      "\033[33m"};
	enum verdict verdict = (enum verdict)row[0];
	const char *name = row + 2, *rest = name + strlen(name) + 1;
	const char *colour = row[1] == 'q' ? "\033[33m" : colours[verdict];
	struct buf *out = &k->out.buf;

	(void)buf_append_str(out, name);
	for (size_t at = quote_width(name, strlen(name)); at < k->name_columns; at++)
		(void)buf_append_char(out, ' ');
	(void)buf_printf(out, "%s  %s%s%s\n", rest, k->colour ? colour : "", verdict_word(verdict),
			 k->colour ? "\033[0m" : "");
}

static int print_rows(struct summary_sink *k, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf row = BUF_INIT((size_t)1 << 20);
	int rc = rowspool_rewind(&k->rows, err);

	if (k->name_columns > NAME_COLUMNS)
		k->name_columns = NAME_COLUMNS;
	if (k->name_columns < 9)
		k->name_columns = 9;
	(void)buf_printf(&k->out.buf, "%-*s  %8s  %8s  %8s  %8s  %8s  %9s  %6s  %-8s  %s\n",
			 (int)k->name_columns, "CONTAINER", "CRITICAL", "HIGH", "MEDIUM", "LOW",
			 "INFO", "EXPLAINED", "GAPS", "LAYERS", "VERDICT");
	while (rc == 0 && (rc = rowspool_next(&k->rows, &row, err)) == 0) {
		print(k, row.data);
		rc = outbuf_maybe_flush(&k->out, err);
	}
	return rc < 0 ? rc : 0;
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct summary_sink *k = summary_sink(s);
	int rc = print_rows(k, err);

	(void)run;
	if (rc < 0)
		return rc;
	words_plural(&k->out.buf, k->rows.count, "container", "containers");
	(void)buf_append_str(&k->out.buf, ": ");
	words_count(&k->out.buf, k->by_verdict[VERDICT_CLEAN]);
	(void)buf_append_str(&k->out.buf, " clean, ");
	words_count(&k->out.buf, k->by_verdict[VERDICT_DRIFT]);
	(void)buf_append_str(&k->out.buf, " with drift, ");
	words_count(&k->out.buf, k->by_verdict[VERDICT_UNPROVEN]);
	(void)buf_append_str(&k->out.buf, " unproven, ");
	words_count(&k->out.buf, k->incomplete);
	(void)buf_append_str(&k->out.buf, " not read in full\n");
	return outbuf_flush(&k->out, err);
}

static void on_close(struct sl_sink *s)
{
	struct summary_sink *k = summary_sink(s);

	rowspool_clear(&k->rows);
	outbuf_clear(&k->out);
	free(k);
}

int report_summary(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		   struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.container = on_container,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct summary_sink *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct summary_sink){.sink.ops = &ops,
				   .rows = ROWS_INIT(ROWS_IN_MEMORY),
				   .colour = o != NULL && o->colour};
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}
