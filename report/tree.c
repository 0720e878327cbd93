/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changed paths as a tree: what came, went and differs, where it lies. Paths come in canonical
 * order, so the directories above the next one are all there is to remember.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "report/outbuf.h"
#include "report/report.h"
#include "report/rowspool.h"
#include "report/tableframe.h"
#include "report/tablerow.h"
#include "report/treestack.h"
#include "report/words.h"

#define OTHERS_IN_MEMORY ((size_t)256 << 10)
#define SAID_FROM SL_SEVERITY_MEDIUM /* from here on the severity is said, and nothing counted */
#define GAP_BYTES ((size_t)8 << 20)

struct tree_sink {
	struct sl_sink sink;
	struct outbuf out;
	struct report_options options;
	struct treestack stack;
	struct rowspool others; /* lines about what is no path */
	struct frame_tally tally;
	uint64_t containers;
};

static struct tree_sink *tree_sink(struct sl_sink *s)
{
	return container_of(s, struct tree_sink, sink);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct tree_sink *t = tree_sink(s);

	rowspool_clear(&t->others);
	buf_clear(&t->tally.gap_lines);
	t->tally = (struct frame_tally){.gap_lines = BUF_INIT(GAP_BYTES)};
	if (t->containers++ > 0)
		(void)buf_append_char(&t->out.buf, '\n');
	frame_header(&t->out.buf, subject);
	(void)buf_append_str(&t->out.buf, "\n  /\n");
	if (treestack_begin(&t->stack) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	return outbuf_maybe_flush(&t->out, err);
}

static char mark_of(const struct sl_finding *f)
{
	static const char marks[SL_CHANGE_KINDS] = {
		[SL_CHANGE_ADDED] = '+',   [SL_CHANGE_MODIFIED] = '~', [SL_CHANGE_METADATA] = 'm',
		[SL_CHANGE_DELETED] = '-', [SL_CHANGE_TYPE] = 't',     [SL_CHANGE_TOUCHED] = '.',
	};

	return f->change != NULL ? marks[f->change->kind] : '!';
}

static const char *colour_of(const struct tree_sink *t, const struct sl_finding *f)
{
	static const char *const colours[SL_SEVERITY_CRITICAL + 1] = {
		[SL_SEVERITY_INFO] = "\033[2m",        [SL_SEVERITY_LOW] = "",
		[SL_SEVERITY_MEDIUM] = "\033[33m",     [SL_SEVERITY_HIGH] = "\033[31m",
		[SL_SEVERITY_CRITICAL] = "\033[1;31m",
	};

	if (!t->options.colour)
		return "";
	return f->cause != SL_CAUSE_NONE ? "\033[2m" : colours[f->severity];
}

/* "~     ": a mark, and the indentation of what lies in a directory at this depth. */
static void indent(struct buf *out, char mark, size_t depth)
{
	if (depth > TREE_LEVELS)
		depth = TREE_LEVELS;
	(void)buf_printf(out, "%c %*s", mark, (int)(2 * depth), "");
}

static void put_counted(struct buf *out, const struct tree_level *level, size_t depth)
{
	const char *separator = " more: ";
	uint64_t total = 0;

	for (int kind = 0; kind < SL_CHANGE_KINDS; kind++)
		total += level->counted[kind];
	if (total == 0)
		return;
	indent(out, ' ', depth);
	(void)buf_append_str(out, "... ");
	words_count(out, total);
	for (int kind = 0; kind < SL_CHANGE_KINDS; kind++) {
		if (level->counted[kind] == 0)
			continue;
		(void)buf_append_str(out, separator);
		words_count(out, level->counted[kind]);
		(void)buf_printf(out, " %s", sl_change_name((enum sl_change_kind)kind));
		separator = ", ";
	}
	(void)buf_append_char(out, '\n');
}

static void leave_level(struct tree_sink *t)
{
	put_counted(&t->out.buf, treestack_top(&t->stack), t->stack.count);
	treestack_pop(&t->stack);
}

/* Print the directories between the deepest level and the last component of the path. */
static int enter(struct tree_sink *t, struct sl_bytes path)
{
	struct buf *out = &t->out.buf;
	size_t start = treestack_top(&t->stack)->path_len;

	start += start > 0;
	for (size_t at = start; at < path.len; at++) {
		if (path.data[at] != '/')
			continue;
		indent(out, ' ', t->stack.count);
		(void)quote_bytes(out, path.data + start, at - start);
		(void)buf_append_str(out, "/\n");
		treestack_add_line(&t->stack);
		if (treestack_push(&t->stack, (struct sl_bytes){path.data, at}) < 0)
			return -SL_ENOMEM;
		start = at + 1;
	}
	return 0;
}

static const struct sl_entry *object(const struct sl_change *c)
{
	return c->after != NULL ? c->after : c->before;
}

static bool is_directory(const struct sl_change *c)
{
	const struct sl_entry *e = object(c);

	return e != NULL && strcmp(sl_type_name(e->mode), "directory") == 0;
}

/* "  high: a program was changed": what is worth a look says why. */
static void put_why(struct buf *out, const struct sl_finding *f)
{
	if (f->cause != SL_CAUSE_NONE) {
		(void)buf_printf(out, "  explained by %s", sl_cause_name(f->cause));
		return;
	}
	if (f->change != NULL && f->change->renamed_from.data != NULL) {
		(void)buf_append_str(out, "  from /");
		(void)quote_bytes(out, f->change->renamed_from.data, f->change->renamed_from.len);
	}
	if (f->severity < SAID_FROM)
		return;
	(void)buf_printf(out, "  %s", sl_severity_name(f->severity));
	if (f->rule_count > 0 && f->reasons[0] != NULL)
		(void)buf_printf(out, ": %s", f->reasons[0]);
	if (f->notes.ack_by != NULL)
		(void)buf_append_str(out, " (acknowledged)");
}

static void put_end(struct tree_sink *t, struct buf *out, const struct sl_finding *f)
{
	if (*colour_of(t, f) != '\0')
		(void)buf_append_str(out, "\033[0m");
	put_why(out, f);
	(void)buf_append_char(out, '\n');
}

static int put_path(struct tree_sink *t, const struct sl_finding *f)
{
	const struct sl_change *c = f->change;
	struct buf *out = &t->out.buf;
	size_t dir;

	if (enter(t, c->path) < 0)
		return -SL_ENOMEM;
	dir = treestack_top(&t->stack)->path_len;
	dir += dir > 0;
	(void)buf_append_str(out, colour_of(t, f));
	indent(out, mark_of(f), t->stack.count);
	(void)quote_bytes(out, c->path.data + dir, c->path.len - dir);
	if (is_directory(c))
		(void)buf_append_char(out, '/');
	put_end(t, out, f);
	treestack_add_line(&t->stack);
	return is_directory(c) ? treestack_push(&t->stack, c->path) : 0;
}

/* The root itself: its line is there already. */
static void put_root(struct tree_sink *t, const struct sl_finding *f)
{
	struct buf *out = &t->out.buf;

	(void)buf_append_str(out, colour_of(t, f));
	(void)buf_printf(out, "%c   .", mark_of(f));
	put_end(t, out, f);
}

static int path_finding(struct tree_sink *t, const struct sl_finding *f, struct sl_error *err)
{
	const struct sl_change *c = f->change;
	struct tree_level *full;

	if (c->path.len == 0) {
		put_root(t, f);
		return outbuf_maybe_flush(&t->out, err);
	}
	while (t->stack.count > 1 && !treestack_holds(&t->stack, c->path))
		leave_level(t);
	full = f->severity < SAID_FROM ? treestack_full(&t->stack) : NULL;
	if (full != NULL)
		full->counted[c->kind]++;
	else if (put_path(t, f) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	return outbuf_maybe_flush(&t->out, err);
}

static int other_finding(struct tree_sink *t, const struct sl_finding *f, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf row = BUF_INIT((size_t)16 << 20);

	(void)buf_append_str(&row, colour_of(t, f));
	(void)buf_printf(&row, "! %s ", tablerow_word(f));
	tablerow_path(&row, f);
	put_end(t, &row, f);
	if (row.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	return rowspool_put(&t->others, row.data, row.len, err);
}

static bool is_listed(const struct tree_sink *t, const struct sl_finding *f)
{
	if (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED)
		return t->options.show_touched;
	if (f->cause != SL_CAUSE_NONE)
		return t->options.show_explained;
	return f->severity >= t->options.least;
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct tree_sink *t = tree_sink(s);

	if (f->cause != SL_CAUSE_NONE && f->cause < FRAME_CAUSES)
		t->tally.explained[f->cause]++;
	if (!is_listed(t, f))
		return 0;
	return f->change != NULL ? path_finding(t, f, err) : other_finding(t, f, err);
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	(void)err;
	frame_add_gap(&tree_sink(s)->tally, gap);
	return 0;
}

static int print_others(struct tree_sink *t, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf row = BUF_INIT((size_t)16 << 20);
	int rc = rowspool_rewind(&t->others, err);

	if (t->others.count > 0)
		(void)buf_append_char(&t->out.buf, '\n');
	while (rc == 0 && (rc = rowspool_next(&t->others, &row, err)) == 0) {
		(void)buf_append(&t->out.buf, row.data, row.len);
		rc = outbuf_maybe_flush(&t->out, err);
	}
	return rc < 0 ? rc : 0;
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct tree_sink *t = tree_sink(s);
	int rc;

	while (t->stack.count > 0)
		leave_level(t);
	rc = print_others(t, err);
	if (rc < 0)
		return rc;
	(void)buf_append_str(&t->out.buf,
			     "\n+ added  ~ modified  m metadata  - deleted  t type\n\n");
	frame_footer(&t->out.buf, sum, &t->tally);
	return outbuf_flush(&t->out, err);
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	(void)run;
	return outbuf_flush(&tree_sink(s)->out, err);
}

static void on_close(struct sl_sink *s)
{
	struct tree_sink *t = tree_sink(s);

	treestack_clear(&t->stack);
	rowspool_clear(&t->others);
	buf_clear(&t->tally.gap_lines);
	outbuf_clear(&t->out);
	free(t);
}

int report_tree(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct tree_sink *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*t = (struct tree_sink){
		.sink.ops = &ops, .stack = TREESTACK_INIT, .others = ROWS_INIT(OTHERS_IN_MEMORY)};
	if (o != NULL)
		t->options = *o;
	outbuf_init(&t->out, to);
	*out = &t->sink;
	return 0;
}
