/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/columns.h"

#include <string.h>

#include "core/quote.h"

/* Blanks between two columns. */
#define GAP 2
#define CELLS_MAX ((size_t)64 << 20)

void columns_init(struct columns *c, const char *const *headings, size_t count)
{
	*c = (struct columns){.count = count, .cells = BUF_INIT(CELLS_MAX)};
	for (size_t i = 0; i < count; i++) {
		c->widths[i] = strlen(headings[i]);
		(void)buf_append(&c->cells, headings[i], strlen(headings[i]) + 1);
	}
}

void columns_optional(struct columns *c, const char *heading)
{
	const char *cell = c->cells.data;

	for (size_t i = 0; c->cells.status == 0 && i < c->count; i++, cell += strlen(cell) + 1)
		if (strcmp(cell, heading) == 0)
			c->optional[i] = true;
}

void columns_cell(struct columns *c, const char *text)
{
	size_t column = c->column, start = c->cells.len, width;

	if (text == NULL || *text == '\0')
		text = "-";
	else
		c->filled[column] = true;
	if (quote_bytes(&c->cells, text, strlen(text)) < 0)
		return;
	width = quote_width(c->cells.data + start, c->cells.len - start);
	(void)buf_append(&c->cells, "", 1);
	if (width > c->widths[column])
		c->widths[column] = width;
	c->column = (column + 1) % c->count;
}

static void add_padded(struct buf *line, const char *cell, size_t width)
{
	size_t len = strlen(cell);

	(void)buf_append(line, cell, len);
	(void)buf_printf(line, "%*s", (int)(width - quote_width(cell, len)), "");
}

int columns_write(struct columns *c, struct ostream *to, struct sl_error *err)
{
	struct buf line = BUF_INIT(CELLS_MAX);
	const char *cell = c->cells.data, *end = cell + c->cells.len;
	int rc = 0;

	if (c->cells.status < 0)
		return sl_fail(err, SL_ELIMIT, 0, "list is longer than %zu bytes", CELLS_MAX);
	for (size_t column = 0; rc == 0 && cell < end; cell += strlen(cell) + 1) {
		if (!c->optional[column] || c->filled[column])
			add_padded(&line, cell, c->widths[column] + GAP);
		if (++column < c->count)
			continue;
		column = 0;
		while (line.len > 0 && line.data[line.len - 1] == ' ')
			line.len--;
		(void)buf_append_char(&line, '\n');
		rc = line.status < 0 ? sl_fail(err, SL_ENOMEM, 0, "list")
				     : ostream_write(to, line.data, line.len, err);
		buf_reset(&line);
	}
	buf_clear(&line);
	return rc;
}

void columns_clear(struct columns *c)
{
	buf_clear(&c->cells);
}
