/* SPDX-License-Identifier: Apache-2.0 */
/* A check for people: a block for each directory that is not intact, and a last line. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "report/check.h"
#include "report/outbuf.h"
#include "report/words.h"

/* Sharers of one directory that are listed; the rest is counted. */
#define SHARERS_SHOWN 8

struct check_table {
	struct sl_check_sink sink;
	struct outbuf out;
	struct buf header; /* of the directory under way, until something is to be said of it */
	bool in_layer, everything;
};

static struct check_table *table_of(struct sl_check_sink *s)
{
	return container_of(s, struct check_table, sink);
}

static int nothing_yet(struct sl_check_sink *s, const struct sl_run *run, struct sl_error *err)
{
	(void)s;
	(void)run;
	(void)err;
	return 0;
}

static void quoted(struct buf *out, const char *text)
{
	(void)quote_bytes(out, text, strlen(text));
}

static void header_sharers(struct buf *out, const char *label, const struct sl_check_sharer *list,
			   size_t count)
{
	for (size_t i = 0; i < count && i < SHARERS_SHOWN; i++) {
		const struct sl_check_sharer *s = &list[i];
		size_t skip = strncmp(s->id, "sha256:", 7) == 0 ? 7 : 0;

		(void)buf_printf(out, "  %-10s ", label);
		if (s->name != NULL)
			quoted(out, s->name);
		(void)buf_append_str(out, s->name != NULL ? " (" : "(");
		if (s->engine != NULL) {
			quoted(out, s->engine);
			(void)buf_append_char(out, ' ');
		}
		(void)quote_bytes(out, s->id + skip, strnlen(s->id + skip, 12));
		(void)buf_append_str(out, ")\n");
	}
	if (count > SHARERS_SHOWN)
		(void)buf_printf(out, "  %-10s and %zu more\n", label, count - SHARERS_SHOWN);
}

static int table_layer(struct sl_check_sink *s, const struct sl_check_subject *subject,
		       struct sl_error *err)
{
	struct check_table *k = table_of(s);
	const uint8_t *digest = subject->has_diff_id ? subject->diff_id : subject->chain_id;
	char text[DIGEST_TEXT_SIZE];

	k->in_layer = true;
	buf_reset(&k->header);
	digest_format(text, digest);
	(void)buf_printf(&k->header, "layer %.19s", text);
	if (subject->directory != NULL) {
		(void)buf_append_str(&k->header, "  ");
		quoted(&k->header, subject->directory);
	}
	(void)buf_append_char(&k->header, '\n');
	header_sharers(&k->header, "image", subject->images, subject->image_count);
	header_sharers(&k->header, "container", subject->containers, subject->container_count);
	return k->header.status < 0 ? sl_fail(err, SL_ENOMEM, 0, "report") : 0;
}

/* Something is to be said of this directory. */
static void say_header(struct check_table *k)
{
	if (k->header.len > 0)
		(void)buf_append(&k->out.buf, k->header.data, k->header.len);
	buf_reset(&k->header);
}

static void path_cell(struct buf *out, struct sl_bytes path)
{
	(void)buf_append_char(out, '/');
	if (path.len > 0)
		(void)quote_bytes(out, path.data, path.len);
}

static int table_difference(struct sl_check_sink *s, const struct sl_difference *d,
			    struct sl_error *err)
{
	struct check_table *k = table_of(s);
	struct buf *out = &k->out.buf;

	say_header(k);
	(void)buf_printf(out, "  %-10s ", sl_difference_kind_name(d->kind));
	path_cell(out, d->path);
	if (d->kind == SL_DIFFERENCE_EXTRA || d->kind == SL_DIFFERENCE_MISSING) {
		(void)buf_printf(out, "  %s",
				 d->kind == SL_DIFFERENCE_EXTRA ? d->after : d->before);
	} else {
		(void)buf_printf(out, "  %s%s%s: %s -> %s", d->what, d->name != NULL ? " " : "",
				 d->name != NULL ? d->name : "",
				 d->before != NULL ? d->before : "none",
				 d->after != NULL ? d->after : "none");
	}
	(void)buf_append_str(out, d->is_doubtful ? " (no proof of tampering)\n" : "\n");
	return outbuf_maybe_flush(&k->out, err);
}

static int table_gap(struct sl_check_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct check_table *k = table_of(s);
	struct buf *out = &k->out.buf;
	char room[WORDS_GAP_ERROR_SIZE];

	say_header(k);
	(void)buf_printf(out, "%s%-10s ", k->in_layer ? "  " : "", "unread");
	if (gap->is_path)
		path_cell(out, gap->what);
	else
		(void)quote_bytes(out, gap->what.data, gap->what.len);
	(void)buf_printf(out, "  %s%s\n", gap->why, words_gap_error(gap, room));
	return outbuf_maybe_flush(&k->out, err);
}

static const char *method_text(const struct sl_layer_check *c)
{
	switch (c->method) {
	case SL_CHECK_TAR_SPLIT:
		return "its tar, rebuilt with tar-split";
	case SL_CHECK_BLOB:
		return "its blob";
	case SL_CHECK_BASELINE:
		return c->trust == SL_TRUST_PROVEN   ? "its baseline, proven when it was indexed"
		       : c->trust == SL_TRUST_SIGNED ? "a signed baseline"
						     : "a recorded baseline";
	case SL_CHECK_NONE:
	default:
		return "nothing";
	}
}

static int table_layer_end(struct sl_check_sink *s, const struct sl_layer_check *c,
			   struct sl_error *err)
{
	struct check_table *k = table_of(s);
	struct buf *out = &k->out.buf;

	k->in_layer = false;
	if (c->verdict == SL_CHECK_INTACT && !k->everything) {
		buf_reset(&k->header);
		return 0;
	}
	say_header(k);
	if (c->contradiction != NULL)
		(void)buf_printf(out, "  %-10s %s\n", "source", c->contradiction);
	(void)buf_printf(out, "  %-10s %s, held against %s\n", "verdict",
			 sl_check_verdict_name(c->verdict), method_text(c));
	if (c->why != NULL)
		(void)buf_printf(out, "  %-10s %s\n", "", c->why);
	(void)buf_append_char(out, '\n');
	return outbuf_flush(&k->out, err);
}

static int table_contradiction(struct sl_check_sink *s, const char *what, const char *why,
			       struct sl_error *err)
{
	struct check_table *k = table_of(s);

	(void)buf_printf(&k->out.buf, "%-10s ", "tampered");
	quoted(&k->out.buf, what);
	(void)buf_printf(&k->out.buf, "  %s\n", why);
	return outbuf_maybe_flush(&k->out, err);
}

static void add_part(struct buf *out, const char **between, uint64_t n, const char *word)
{
	if (n == 0)
		return;
	(void)buf_append_str(out, *between);
	words_count(out, n);
	(void)buf_printf(out, " %s", word);
	*between = ", ";
}

static int table_end(struct sl_check_sink *s, const struct sl_run *run,
		     const struct sl_check_totals *t, struct sl_error *err)
{
	struct check_table *k = table_of(s);
	struct buf *out = &k->out.buf;
	const char *between = ": ";
	uint64_t layers = 0;

	(void)run;
	for (int i = SL_CHECK_INTACT; i <= SL_CHECK_TAMPERED; i++)
		layers += t->by_verdict[i];
	words_plural(out, layers, "layer directory", "layer directories");
	for (int i = SL_CHECK_TAMPERED; i >= SL_CHECK_INTACT; i--)
		add_part(out, &between, t->by_verdict[i],
			 sl_check_verdict_name((enum sl_check_verdict)i));
	between = "; ";
	for (int i = 0; i < SL_DIFFERENCE_KINDS; i++)
		add_part(out, &between, t->counts.by_kind[i],
			 sl_difference_kind_name((enum sl_difference_kind)i));
	(void)buf_append_str(out, "; ");
	words_plural(out, t->counts.entries, "entry", "entries");
	(void)buf_append_str(out, ", ");
	words_size(out, t->counts.bytes);
	(void)buf_append_char(out, '\n');
	return outbuf_flush(&k->out, err);
}

static void table_close(struct sl_check_sink *s)
{
	struct check_table *k = table_of(s);

	buf_clear(&k->header);
	outbuf_clear(&k->out);
	free(k);
}

int report_check_table(struct sl_check_sink **out, struct ostream *to, bool everything,
		       struct sl_error *err)
{
	static const struct sl_check_sink_ops ops = {.begin = nothing_yet,
						     .layer = table_layer,
						     .difference = table_difference,
						     .gap = table_gap,
						     .layer_end = table_layer_end,
						     .contradiction = table_contradiction,
						     .end = table_end,
						     .close = table_close};
	struct check_table *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	*k = (struct check_table){
		.sink.ops = &ops, .header = BUF_INIT((size_t)16 << 20), .everything = everything};
	outbuf_init(&k->out, to);
	*out = &k->sink;
	return 0;
}
