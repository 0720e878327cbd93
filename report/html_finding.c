/* SPDX-License-Identifier: Apache-2.0 */
/* One finding as a line that opens. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "report/html.h"
#include "report/tablenotes.h"
#include "report/tablerow.h"
#include "report/words.h"

#define TEXT_BYTES ((size_t)16 << 20)

void html_text(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		size_t plain = strcspn(p, "&<>\"'");

		if (plain > 0)
			(void)buf_append(out, p, plain);
		p += plain;
		if (*p == '\0')
			return;
		(void)buf_printf(out, "&#%d;", *p);
	}
}

/* Move a text that was put together elsewhere. */
static void html_buf(struct buf *out, const struct buf *text)
{
	if (text->status < 0)
		out->status = text->status;
	else if (text->data != NULL)
		html_text(out, text->data);
}

static void html_bytes(struct buf *out, struct sl_bytes bytes)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	(void)quote_bytes(&text, bytes.data, bytes.len);
	html_buf(out, &text);
}

void html_name(struct buf *out, const char *name)
{
	if (name == NULL)
		(void)buf_append_str(out, "unknown");
	else
		html_bytes(out, (struct sl_bytes){name, strlen(name)});
}

/* ---- before and after ---- */

/* One side of a row; nothing when it does not apply. */
typedef void (*cell)(struct buf *out, const struct sl_entry *e);

static void cell_type(struct buf *out, const struct sl_entry *e)
{
	(void)buf_append_str(out, sl_type_name(e->mode));
}

static void cell_mode(struct buf *out, const struct sl_entry *e)
{
	if (!S_ISLNK(e->mode))
		(void)buf_printf(out, "0%03o", e->mode & 07777);
}

static void cell_owner(struct buf *out, const struct sl_entry *e)
{
	(void)buf_printf(out, "%" PRIu32 ":%" PRIu32, e->uid, e->gid);
}

static void cell_size(struct buf *out, const struct sl_entry *e)
{
	if (!S_ISREG(e->mode))
		return;
	words_count(out, e->size);
	(void)buf_append_str(out, " B");
}

static void cell_target(struct buf *out, const struct sl_entry *e)
{
	if (e->target.data != NULL)
		html_bytes(out, e->target);
}

static void cell_device(struct buf *out, const struct sl_entry *e)
{
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		(void)buf_printf(out, "%" PRIu32 ":%" PRIu32, e->rdev_major, e->rdev_minor);
}

static void put_time(struct buf *out, struct sl_time t)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(text, t);
	(void)buf_append_str(out, text);
}

static void cell_mtime(struct buf *out, const struct sl_entry *e)
{
	if ((e->fields & SL_ENTRY_MTIME) != 0)
		put_time(out, e->mtime);
}

static void cell_ctime(struct buf *out, const struct sl_entry *e)
{
	if ((e->fields & SL_ENTRY_CTIME) != 0)
		put_time(out, e->ctime);
}

static void cell_sha256(struct buf *out, const struct sl_entry *e)
{
	char text[2 * SL_SHA256_SIZE + 1];

	if (!S_ISREG(e->mode) || (e->fields & SL_ENTRY_SHA256) == 0)
		return;
	hex_encode(text, e->sha256, sizeof(e->sha256));
	(void)buf_append_str(out, text);
}

static void cell_xattrs(struct buf *out, const struct sl_entry *e)
{
	for (size_t i = 0; i < e->xattr_count; i++) {
		if (i > 0)
			(void)buf_append_str(out, ", ");
		html_name(out, e->xattrs[i].name);
	}
}

static const struct {
	const char *name;
	uint32_t field; /* that marks it as changed */
	cell cell;
} rows[] = {
	{"type", SL_FIELD_TYPE, cell_type},        {"mode", SL_FIELD_MODE, cell_mode},
	{"owner", SL_FIELD_OWNER, cell_owner},     {"size", SL_FIELD_SIZE, cell_size},
	{"target", SL_FIELD_TARGET, cell_target},  {"device", SL_FIELD_RDEV, cell_device},
	{"mtime", SL_FIELD_MTIME, cell_mtime},     {"ctime", 0, cell_ctime},
	{"sha256", SL_FIELD_CONTENT, cell_sha256}, {"attributes", SL_FIELD_XATTRS, cell_xattrs},
};

static void put_row(struct buf *out, size_t i, const struct sl_change *c)
{
	CLEANUP(buf_clear) struct buf before = BUF_INIT(TEXT_BYTES), after = BUF_INIT(TEXT_BYTES);

	if (c->before != NULL)
		rows[i].cell(&before, c->before);
	if (c->after != NULL)
		rows[i].cell(&after, c->after);
	if (before.len == 0 && after.len == 0 && before.status == 0 && after.status == 0)
		return;
	(void)buf_printf(out, "<tr%s><th>%s", (c->fields & rows[i].field) != 0 ? " class=ch" : "",
			 rows[i].name);
	if (c->before != NULL)
		(void)buf_printf(out, "<td>%s", before.len > 0 ? before.data : "-");
	if (c->after != NULL)
		(void)buf_printf(out, "<td>%s", after.len > 0 ? after.data : "-");
	(void)buf_append_char(out, '\n');
	if (before.status < 0 || after.status < 0)
		out->status = -SL_ENOMEM;
}

static void put_sides(struct buf *out, const struct sl_change *c)
{
	if (c->before == NULL && c->after == NULL)
		return;
	(void)buf_printf(out, "<table class=ba><tr><th>%s%s\n",
			 c->before != NULL ? "<th>before" : "",
			 c->after != NULL ? "<th>after" : "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		put_row(out, i, c);
	(void)buf_append_str(out, "</table>\n");
}

/* ---- what else is known ---- */

/* Lines that came and went, as they stand in the table for people. */
static void put_lines(struct buf *out, const struct sl_notes *n)
{
	CLEANUP(buf_clear) struct buf lines = BUF_INIT(TEXT_BYTES);
	const char *p;

	if (!notes_has_lines(n))
		return;
	notes_lines(&lines, n);
	if (lines.status < 0 || lines.data == NULL) {
		out->status = -SL_ENOMEM;
		return;
	}
	(void)buf_append_str(out, "<pre>");
	for (p = lines.data; *p != '\0';) {
		char *end = strchr(p, '\n');
		const char *tag = *p == '+' ? "ins" : *p == '-' ? "del" : "span";

		*end = '\0';
		(void)buf_printf(out, "<%s>", tag);
		html_text(out, p);
		(void)buf_printf(out, "\n</%s>", tag);
		p = end + 1;
	}
	(void)buf_append_str(out, "</pre>\n");
}

static void put_words(struct buf *out, const char *name, const char *const *words, size_t count)
{
	if (count == 0)
		return;
	(void)buf_printf(out, "<dt>%s<dd>", name);
	for (size_t i = 0; i < count; i++) {
		(void)buf_append_str(out, "<span class=tag>");
		html_text(out, words[i]);
		(void)buf_append_str(out, "</span> ");
	}
}

static void put_signals(struct buf *out, const struct sl_finding *f)
{
	uint64_t set = f->change != NULL ? f->change->signals : f->signals;
	const char *names[SL_SIGNAL_BITS];
	size_t count = 0;

	for (unsigned int bit = 0; bit < SL_SIGNAL_BITS; bit++) {
		const char *name =
			(set & UINT64_C(1) << bit) != 0 ? sl_signal_name(UINT64_C(1) << bit) : NULL;

		if (name != NULL)
			names[count++] = name;
	}
	put_words(out, "signals", names, count);
}

static void put_rules(struct buf *out, const struct sl_finding *f)
{
	for (size_t i = 0; i < f->rule_count; i++) {
		(void)buf_append_str(out, i == 0 ? "<dt>rules<dd>" : "<dd>");
		(void)buf_append_str(out, "<span class=tag>");
		html_text(out, f->rules[i]);
		(void)buf_append_str(out, "</span> ");
		if (f->reasons[i] != NULL)
			html_text(out, f->reasons[i]);
	}
}

static void put_clause(struct buf *out, const struct sl_notes *n)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	if (!notes_has_clause(n))
		return;
	notes_clause(&text, n);
	(void)buf_append_str(out, "<dt>known<dd>");
	html_buf(out, &text);
}

static void put_facts(struct buf *out, const struct sl_finding *f)
{
	char id[2 * SL_SHA256_SIZE + 1];

	(void)buf_append_str(out, "<dl>");
	put_rules(out, f);
	put_signals(out, f);
	put_words(out, "ATT&amp;CK", f->attack, f->attack_count);
	put_clause(out, &f->notes);
	if (f->message != NULL && f->change != NULL) { /* else it stands in the line */
		(void)buf_append_str(out, "<dt>message<dd>");
		html_name(out, f->message);
	}
	if (f->change != NULL && f->change->renamed_from.data != NULL) {
		(void)buf_append_str(out, "<dt>renamed from<dd><code>/");
		html_bytes(out, f->change->renamed_from);
		(void)buf_append_str(out, "</code>");
	}
	if (f->notes.is_seen)
		(void)buf_append_str(out, "<dt>seen<dd>by the last run, too");
	hex_encode(id, f->id, sizeof(f->id));
	(void)buf_printf(out, "<dt>id<dd class=id>%s</dl>\n", id);
}

/* ---- the line ---- */

static void put_line(struct buf *out, const struct sl_finding *f)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(TEXT_BYTES), why = BUF_INIT(TEXT_BYTES);

	(void)buf_printf(out, "<summary><b>%s</b><i>%s</i><code>", sl_severity_name(f->severity),
			 tablerow_word(f));
	tablerow_path(&path, f);
	html_buf(out, &path);
	(void)buf_append_str(out, "</code><span>");
	tablerow_detail(&why, f);
	html_buf(out, &why);
	(void)buf_append_str(out, "</span></summary>\n");
}

void html_finding(struct buf *out, const struct sl_finding *f)
{
	bool is_explained = f->cause != SL_CAUSE_NONE;

	(void)buf_printf(out, "<details class=\"f %s%s%s\"%s>", sl_severity_name(f->severity),
			 is_explained ? " ex" : "", f->notes.ack_by != NULL ? " ack" : "",
			 f->severity >= SL_SEVERITY_HIGH && !is_explained ? " open" : "");
	put_line(out, f);
	put_lines(out, &f->notes);
	if (f->change != NULL)
		put_sides(out, f->change);
	put_facts(out, f);
	(void)buf_append_str(out, "</details>\n");
}

void html_gap(struct buf *out, const struct sl_gap *gap)
{
	char room[WORDS_GAP_ERROR_SIZE];

	(void)buf_append_str(out, "<li><code>");
	if (gap->is_path)
		(void)buf_append_char(out, '/');
	html_bytes(out, gap->what);
	(void)buf_append_str(out, "</code> ");
	html_name(out, gap->why);
	html_text(out, words_gap_error(gap, room));
	(void)buf_append_str(out, gap->below ? " (and everything beneath)\n" : "\n");
}
