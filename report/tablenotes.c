/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tablenotes.h"

#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "core/quote.h"
#include "report/words.h"

static void quoted(struct buf *out, const char *text)
{
	(void)quote_bytes(out, text, strlen(text));
}

static void separate(struct buf *out, size_t start)
{
	if (out->len > start)
		(void)buf_append_str(out, ", ");
}

static void clause_yara(struct buf *out, const struct sl_notes *n)
{
	(void)buf_append_str(out, "yara: ");
	for (size_t i = 0; i < n->yara_count; i++) {
		if (i > 0)
			(void)buf_append_str(out, ", ");
		quoted(out, n->yara[i]);
	}
}

static void clause_acknowledged(struct buf *out, const struct sl_notes *n)
{
	char until[CLOCK_TEXT_SIZE];

	(void)buf_append_str(out, "acknowledged by ");
	quoted(out, n->ack_by);
	if (n->has_ack_until) {
		clock_format_short(until, n->ack_until);
		(void)buf_printf(out, " until %s UTC", until);
	}
	if (n->ack_reason != NULL) {
		(void)buf_append_str(out, ": ");
		quoted(out, n->ack_reason);
	}
}

bool notes_has_clause(const struct sl_notes *n)
{
	return n->yara_count > 0 || n->ack_by != NULL;
}

void notes_clause(struct buf *out, const struct sl_notes *n)
{
	size_t start = out->len;

	if (n->yara_count > 0) {
		separate(out, start);
		clause_yara(out, n);
	}
	if (n->ack_by != NULL) {
		separate(out, start);
		clause_acknowledged(out, n);
	}
}

bool notes_has_lines(const struct sl_notes *n)
{
	return n->line_count > 0 || n->lines_left_out > 0 || n->pid != 0 || n->setting != NULL;
}

static void line_setting(struct buf *out, const struct sl_notes *n)
{
	(void)buf_append_char(out, ' ');
	quoted(out, n->setting);
	(void)buf_append_str(out, ": expected ");
	quoted(out, n->expected != NULL ? n->expected : "nothing");
	(void)buf_append_str(out, ", found ");
	quoted(out, n->found != NULL ? n->found : "nothing");
	(void)buf_append_char(out, '\n');
}

static void line_process(struct buf *out, const struct sl_notes *n)
{
	(void)buf_printf(out, " pid %" PRId64, n->pid);
	if (n->process.len > 0) {
		(void)buf_append_str(out, ": ");
		(void)quote_bytes(out, n->process.data, n->process.len);
	}
	(void)buf_append_char(out, '\n');
}

void notes_lines(struct buf *out, const struct sl_notes *n)
{
	if (n->setting != NULL)
		line_setting(out, n);
	if (n->pid != 0)
		line_process(out, n);
	for (size_t i = 0; i < n->line_count; i++) {
		const struct sl_line *line = &n->lines[i];

		(void)buf_printf(out, "%c %" PRIu32 ": ", line->sign == '-' ? '-' : '+',
				 line->number);
		(void)quote_bytes(out, line->text.data, line->text.len);
		(void)buf_append_char(out, '\n');
	}
	if (n->lines_left_out > 0) {
		(void)buf_append_str(out, " and ");
		words_plural(out, n->lines_left_out, "line", "lines");
		(void)buf_append_str(out, " more\n");
	}
}
