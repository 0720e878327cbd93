/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table for people. Rows wait in one spool a severity, so that the worst come first and each
 * severity stays in path order; what is alike is counted meanwhile and becomes one line.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "report/fold.h"
#include "report/outbuf.h"
#include "report/packagefold.h"
#include "report/report.h"
#include "report/rowspool.h"
#include "report/tableframe.h"
#include "report/tablenotes.h"
#include "report/tablerow.h"
#include "report/verdict.h"
#include "report/words.h"

#define SEVERITIES (SL_SEVERITY_CRITICAL + 1)
#define ROWS_IN_MEMORY ((size_t)512 << 10) /* each severity */
#define PATH_COLUMNS 56                    /* most that the path column is aligned to */
#define FIXED_COLUMNS 20                   /* severity, change and the spaces between */
#define DETAIL_COLUMNS 36                  /* left for the detail when a width is given */
#define LEAST_PATH_COLUMNS 16
#define NOTE_COLUMNS 20 /* what is beneath a row starts under its path */

/* So many alike become one line; the worse, the later. */
static const uint64_t fold_from[SEVERITIES] = {8, 16, 64, 128, 1024};

static uint64_t folds_from(enum sl_severity severity, const char *key)
{
	return strncmp(key, PACKAGEFOLD_KEY, strlen(PACKAGEFOLD_KEY)) == 0
		       ? packagefold_from(severity)
		       : fold_from[severity];
}

_Static_assert((int)TABLEROW_TYPES == FOLD_TYPES && (int)TABLEROW_DIRECTORY == FOLD_DIRECTORY,
	       "fold.h and tablerow.h count the same");

struct table_sink {
	struct sl_sink sink;
	struct outbuf out;
	struct report_options options;
	struct rowspool rows[SEVERITIES];
	struct buf row; /* that is being made */
	struct fold *fold;
	struct frame_tally tally;
	uint64_t containers, drifted, incomplete;
};

/* The cells of a spooled row: strings behind each other. */
enum cell { CELL_KEY, CELL_WORD, CELL_PATH, CELL_DETAIL, CELL_ALIKE, CELL_OF, CELL_NOTES, CELLS };

struct row {
	const char *cells[CELLS];
};

/* A row as it will be printed. */
struct line {
	enum sl_severity severity;
	const char *word, *path, *detail;
	const char *notes; /* lines beneath it */
};

static struct table_sink *table_sink(struct sl_sink *s)
{
	return container_of(s, struct table_sink, sink);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct table_sink *t = table_sink(s);

	for (int i = 0; i < SEVERITIES; i++)
		rowspool_clear(&t->rows[i]);
	if (t->fold != NULL)
		fold_reset(t->fold);
	buf_clear(&t->tally.gap_lines);
	t->tally = (struct frame_tally){.gap_lines = BUF_INIT((size_t)8 << 20)};
	if (t->fold == NULL && fold_new(&t->fold, err) < 0)
		return -SL_ENOMEM;
	if (t->containers++ > 0)
		(void)buf_append_char(&t->out.buf, '\n');
	frame_header(&t->out.buf, subject);
	return outbuf_maybe_flush(&t->out, err);
}

static bool is_listed(const struct table_sink *t, const struct sl_finding *f)
{
	if (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED)
		return t->options.show_touched;
	if (f->cause != SL_CAUSE_NONE)
		return t->options.show_explained;
	if (f->kind == SL_FINDING_POSTURE)
		return t->options.show_posture;
	return f->severity >= t->options.least;
}

static void put_id(struct buf *row, const struct sl_finding *f)
{
	char hex[2 * SL_SHA256_SIZE + 1];

	hex_encode(hex, f->id, SL_SHA256_SIZE);
	(void)buf_printf(row, " id %s\n", hex);
}

static int spool_row(struct table_sink *t, const struct sl_finding *f, struct sl_error *err)
{
	struct buf *row = &t->row;
	struct fold_group *g;
	int rc = 1;

	buf_reset(row);
	/* what has lines of its own is alike to nothing */
	if (!t->options.show_ids && !notes_has_lines(&f->notes))
		tablerow_key(row, f);
	if (row->status == 0 && row->len > 0 && f->change != NULL)
		rc = fold_add(t->fold, row->data, f->change->path, tablerow_type(f),
			      tablerow_bytes(f), &g);
	if (rc == 0 && g->count > folds_from(f->severity, row->data))
		return 0; /* part of a line whose first member waits already */
	(void)buf_append_char(row, '\0');
	(void)buf_append(row, tablerow_word(f), strlen(tablerow_word(f)) + 1);
	tablerow_path(row, f);
	(void)buf_append_char(row, '\0');
	tablerow_detail(row, f);
	(void)buf_append_char(row, '\0');
	tablerow_alike(row, f);
	(void)buf_append_char(row, '\0');
	packagefold_of(row, f);
	(void)buf_append_char(row, '\0');
	notes_lines(row, &f->notes);
	if (t->options.show_ids)
		put_id(row, f);
	(void)buf_append_char(row, '\0');
	if (rc < 0 || row->status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	return rowspool_put(&t->rows[f->severity], row->data, row->len, err);
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct table_sink *t = table_sink(s);

	if (f->cause != SL_CAUSE_NONE && f->cause < FRAME_CAUSES)
		t->tally.explained[f->cause]++;
	if ((size_t)f->severity >= SEVERITIES)
		return sl_fail(err, SL_EINVAL, 0, "unknown severity %d", (int)f->severity);
	return is_listed(t, f) ? spool_row(t, f, err) : 0;
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	(void)err;
	frame_add_gap(&table_sink(s)->tally, gap);
	return 0;
}

/* ---- printing ---- */

static struct row split_row(const struct buf *record)
{
	const char *p = record->data;
	struct row row;

	for (int i = 0; i < CELLS; i++) {
		row.cells[i] = p;
		p += strlen(p) + 1;
	}
	return row;
}

/* "50,000 files, 1 directory beneath /srv" */
static void put_members(struct buf *out, const struct fold_group *g, const char *of)
{
	static const struct {
		const char *one, *many;
	} words[TABLEROW_TYPES] = {
		[TABLEROW_FILE] = {"file", "files"},
		[TABLEROW_DIRECTORY] = {"directory", "directories"},
		[TABLEROW_LINK] = {"symlink", "symlinks"},
		[TABLEROW_OTHER] = {"special file", "special files"},
	};
	const char *comma = "";

	for (size_t i = 0; i < TABLEROW_TYPES; i++) {
		if (g->by_type[i] == 0)
			continue;
		(void)buf_append_str(out, comma);
		words_plural(out, g->by_type[i], words[i].one, words[i].many);
		comma = ", ";
	}
	(void)buf_printf(out, "%s beneath /", of);
	(void)quote_bytes(out, g->dir, g->dir_len);
}

/* The line for a row; its texts live in the row or in @scratch. False: it is part of a line that
 * was printed before. */
static bool line_of(struct table_sink *t, enum sl_severity severity, const struct row *row,
		    struct buf scratch[2], struct line *out)
{
	struct fold_group *g = fold_find(t->fold, row->cells[CELL_KEY]);

	*out = (struct line){.severity = severity,
			     .word = row->cells[CELL_WORD],
			     .path = row->cells[CELL_PATH],
			     .detail = row->cells[CELL_DETAIL],
			     .notes = row->cells[CELL_NOTES]};
	if (g == NULL || g->count < folds_from(severity, row->cells[CELL_KEY]))
		return true;
	if (g->shown)
		return false;
	g->shown = true;
	buf_reset(&scratch[0]);
	put_members(&scratch[0], g, row->cells[CELL_OF]);
	buf_reset(&scratch[1]);
	(void)buf_append_str(&scratch[1], row->cells[CELL_ALIKE]);
	if (g->bytes > 0) {
		(void)buf_append_str(&scratch[1], ", ");
		words_size(&scratch[1], g->bytes);
		(void)buf_append_str(&scratch[1], " in all");
	}
	if (scratch[0].status == 0 && scratch[1].status == 0) {
		out->path = scratch[0].data;
		out->detail = scratch[1].data;
	}
	return true;
}

static int each_line(struct table_sink *t,
		     void (*fn)(struct table_sink *t, const struct line *line, void *payload),
		     void *payload, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf record = BUF_INIT((size_t)64 << 20);
	struct buf scratch[2] = {BUF_INIT((size_t)1 << 20), BUF_INIT((size_t)1 << 20)};
	struct line line;
	int rc = 0;

	fold_unshow(t->fold);
	for (int s = SL_SEVERITY_CRITICAL; s >= 0 && rc >= 0; s--) {
		rc = rowspool_rewind(&t->rows[s], err);
		while (rc == 0 && (rc = rowspool_next(&t->rows[s], &record, err)) == 0) {
			struct row row = split_row(&record);

			if (line_of(t, (enum sl_severity)s, &row, scratch, &line))
				fn(t, &line, payload);
			rc = outbuf_maybe_flush(&t->out, err);
		}
	}
	buf_clear(&scratch[0]);
	buf_clear(&scratch[1]);
	return rc < 0 ? rc : 0;
}

struct layout {
	size_t path_columns; /* the path column is padded to this */
	size_t path_most;    /* and cut to this; 0: never */
	uint64_t lines;
};

static void measure(struct table_sink *t, const struct line *line, void *payload)
{
	struct layout *l = payload;
	size_t columns = quote_width(line->path, strlen(line->path));

	(void)t;
	l->lines++;
	if (columns > l->path_columns)
		l->path_columns = columns;
}

/* Columns taken by the first bytes of a text, or by its last ones, up to a number of columns. */
static size_t prefix_bytes(const char *text, size_t len, size_t columns)
{
	size_t at = 0;

	while (at < len) {
		uint32_t code;
		size_t n = utf8_next(text + at, len - at, &code);
		size_t width = quote_width(text + at, n > 0 ? n : 1);

		if (width > columns)
			break;
		columns -= width;
		at += n > 0 ? n : 1;
	}
	return at;
}

/* Cut in the middle: both the directory and the name of a path say something. */
static void put_cut(struct buf *out, const char *text, size_t columns)
{
	size_t len = strlen(text), width = quote_width(text, len);
	size_t head, skip;

	if (columns == 0 || width <= columns || columns < 8) {
		(void)buf_append(out, text, len);
		return;
	}
	head = prefix_bytes(text, len, (columns - 3) / 2);
	skip = prefix_bytes(text, len, width - (columns - 3 - (columns - 3) / 2));
	(void)buf_append(out, text, head);
	(void)buf_append_str(out, "...");
	(void)buf_append_str(out, text + skip);
}

static void pad(struct buf *out, size_t start, size_t columns)
{
	size_t width = out->data != NULL ? quote_width(out->data + start, out->len - start) : 0;

	for (; width < columns; width++)
		(void)buf_append_char(out, ' ');
}

static void put_severity(struct table_sink *t, enum sl_severity severity)
{
	static const char *const colours[SEVERITIES] = {
		[SL_SEVERITY_MEDIUM] = "\033[33m",
		[SL_SEVERITY_HIGH] = "\033[31m",
		[SL_SEVERITY_CRITICAL] = "\033[1;31m",
	};
	const char *colour = t->options.colour ? colours[severity] : NULL;

	(void)buf_printf(&t->out.buf, "%s%s%s%*s", colour != NULL ? colour : "",
			 sl_severity_name(severity), colour != NULL ? "\033[0m" : "",
			 10 - (int)strlen(sl_severity_name(severity)), "");
}

/* Lines of a file that came and went, indented beneath its row. */
static void put_notes(struct table_sink *t, const char *notes)
{
	struct buf *out = &t->out.buf;

	while (*notes != '\0') {
		size_t len = strcspn(notes, "\n");
		const char *colour = !t->options.colour ? NULL
				     : *notes == '+'    ? "\033[32m"
				     : *notes == '-'    ? "\033[31m"
							: NULL;

		(void)buf_printf(out, "%*s%s", NOTE_COLUMNS, "", colour != NULL ? colour : "");
		(void)buf_append(out, notes, len);
		(void)buf_append_str(out, colour != NULL ? "\033[0m\n" : "\n");
		notes += len + 1;
	}
}

static void print(struct table_sink *t, const struct line *line, void *payload)
{
	const struct layout *l = payload;
	struct buf *out = &t->out.buf;
	size_t start;

	put_severity(t, line->severity);
	start = out->len;
	(void)buf_append_str(out, line->word);
	pad(out, start, 10);
	start = out->len;
	put_cut(out, line->path, l->path_most);
	if (*line->detail != '\0') {
		pad(out, start, l->path_columns);
		(void)buf_append_str(out, "  ");
		(void)buf_append_str(out, line->detail);
	}
	(void)buf_append_char(out, '\n');
	put_notes(t, line->notes);
}

static void fit(struct layout *l, unsigned int width)
{
	size_t most = PATH_COLUMNS;

	if (width > 0) {
		most = width > FIXED_COLUMNS + DETAIL_COLUMNS + LEAST_PATH_COLUMNS
			       ? width - FIXED_COLUMNS - DETAIL_COLUMNS
			       : LEAST_PATH_COLUMNS;
		l->path_most = most;
	}
	if (l->path_columns > most)
		l->path_columns = most;
	if (l->path_columns < 4)
		l->path_columns = 4;
}

static int print_rows(struct table_sink *t, struct sl_error *err)
{
	struct layout l = {0};
	int rc = each_line(t, measure, &l, err);

	if (rc < 0)
		return rc;
	fit(&l, t->options.width);
	(void)buf_append_char(&t->out.buf, '\n');
	if (l.lines == 0)
		return 0;
	(void)buf_printf(&t->out.buf, "SEVERITY  CHANGE    %-*s  DETAIL\n", (int)l.path_columns,
			 "PATH");
	rc = each_line(t, print, &l, err);
	(void)buf_append_char(&t->out.buf, '\n');
	return rc;
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct table_sink *t = table_sink(s);
	int rc = print_rows(t, err);

	if (rc < 0)
		return rc;
	t->tally.posture_listed = t->options.show_posture;
	frame_footer(&t->out.buf, sum, &t->tally);
	t->drifted += verdict_of(sum, t->tally.gaps) == VERDICT_DRIFT;
	t->incomplete += !verdict_is_complete(sum, t->tally.gaps);
	return outbuf_flush(&t->out, err);
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct table_sink *t = table_sink(s);

	(void)run;
	if (t->containers > 1) {
		(void)buf_append_char(&t->out.buf, '\n');
		words_plural(&t->out.buf, t->containers, "container", "containers");
		(void)buf_append_str(&t->out.buf, " compared: ");
		words_count(&t->out.buf, t->drifted);
		(void)buf_append_str(&t->out.buf, " with drift, ");
		words_count(&t->out.buf, t->incomplete);
		(void)buf_append_str(&t->out.buf, " incomplete\n");
	}
	return outbuf_flush(&t->out, err);
}

static void on_close(struct sl_sink *s)
{
	struct table_sink *t = table_sink(s);

	for (int i = 0; i < SEVERITIES; i++)
		rowspool_clear(&t->rows[i]);
	fold_free(t->fold);
	buf_clear(&t->tally.gap_lines);
	buf_clear(&t->row);
	outbuf_clear(&t->out);
	free(t);
}

int report_table(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		 struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct table_sink *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	t->sink.ops = &ops;
	if (o != NULL)
		t->options = *o;
	for (int i = 0; i < SEVERITIES; i++)
		t->rows[i] = ROWS_INIT(ROWS_IN_MEMORY);
	t->row = BUF_INIT((size_t)64 << 20);
	outbuf_init(&t->out, to);
	*out = &t->sink;
	return 0;
}
