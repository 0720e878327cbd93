/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_sink.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/quote.h"

struct fake {
	struct sl_sink sink;
	struct buf *log;
};

static struct buf *log_of(struct sl_sink *s)
{
	return container_of(s, struct fake, sink)->log;
}

static int on_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	(void)err;
	return buf_printf(log_of(s), "run %s\n", run->command);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	(void)err;
	return buf_printf(log_of(s), "container %s\n", subject->container->name);
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct buf *log = log_of(s);
	bool first = true;

	(void)err;
	if (f->change != NULL) {
		(void)buf_printf(log, "%s ", sl_change_name(f->change->kind));
		(void)quote_bytes(log, f->change->path.data, f->change->path.len);
	} else {
		(void)buf_printf(log, "%s ", sl_finding_kind_name(f->kind));
		(void)quote_bytes(log, f->subject.data, f->subject.len);
	}
	(void)buf_printf(log, " %s", sl_severity_name(f->severity));
	for (unsigned int i = 0; f->change != NULL && i < SL_SIGNAL_BITS; i++) {
		if ((f->change->signals & UINT64_C(1) << i) == 0)
			continue;
		(void)buf_printf(log, "%s%s", first ? " [" : ",", sl_signal_name(UINT64_C(1) << i));
		first = false;
	}
	(void)buf_append_str(log, first ? "" : "]");
	for (size_t i = 0; i < f->rule_count; i++)
		(void)buf_printf(log, "%s%s", i == 0 ? " {" : ",", f->rules[i]);
	(void)buf_append_str(log, f->rule_count > 0 ? "}" : "");
	if (f->cause != SL_CAUSE_NONE)
		(void)buf_printf(log, " (%s)", sl_cause_name(f->cause));
	return buf_append_char(log, '\n');
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct buf *log = log_of(s);

	(void)err;
	(void)buf_append_str(log, "gap ");
	(void)quote_bytes(log, gap->what.data, gap->what.len);
	return buf_printf(log, ": %s\n", gap->why);
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct buf *log = log_of(s);

	(void)err;
	(void)buf_append_str(log, "end");
	for (int kind = 0; kind < SL_CHANGE_KINDS; kind++)
		(void)buf_printf(log, " %s=%" PRIu64, sl_change_name((enum sl_change_kind)kind),
				 sum->counts.by_kind[kind]);
	return buf_printf(
		log, " explained=%" PRIu64 " raced=%" PRIu64 " gaps=%" PRIu64 " complete=%d\n",
		sum->counts.explained, sum->counts.raced, sum->counts.gaps, sum->complete);
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	(void)s;
	(void)run;
	(void)err;
	return 0;
}

static void on_close(struct sl_sink *s)
{
	free(container_of(s, struct fake, sink));
}

struct sl_sink *fake_sink(struct buf *log)
{
	static const struct sl_sink_ops ops = {.begin = on_begin,
					       .container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct fake *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	*f = (struct fake){.sink.ops = &ops, .log = log};
	return &f->sink;
}
