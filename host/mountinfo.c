/* SPDX-License-Identifier: Apache-2.0 */
#include "host/mountinfo.h"

#include <string.h>

/* What is left of a line. */
struct rest {
	const char *at, *end;
};

bool mountinfo_is(struct sl_bytes field, const char *word)
{
	return field.len == strlen(word) && memcmp(field.data, word, field.len) == 0;
}

/* Fields are parted by one space each; a source may be empty. False when there is none left. */
static bool next_field(struct rest *r, struct sl_bytes *out)
{
	const char *space;

	if (r->at == NULL)
		return false;
	space = memchr(r->at, ' ', (size_t)(r->end - r->at));
	*out = (struct sl_bytes){r->at, (size_t)((space != NULL ? space : r->end) - r->at)};
	r->at = space != NULL ? space + 1 : NULL;
	return true;
}

static bool number(struct sl_bytes text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned int digit = (unsigned char)text.data[i] - (unsigned int)'0';

		if (digit > 9 || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

static bool device(struct sl_bytes text, uint32_t *major, uint32_t *minor)
{
	const char *colon = memchr(text.data, ':', text.len);
	size_t len = colon != NULL ? (size_t)(colon - text.data) : 0;
	uint64_t a, b;

	if (colon == NULL || !number((struct sl_bytes){text.data, len}, UINT32_MAX, &a) ||
	    !number((struct sl_bytes){colon + 1, text.len - len - 1}, UINT32_MAX, &b))
		return false;
	*major = (uint32_t)a;
	*minor = (uint32_t)b;
	return true;
}

/* Any number of fields like "shared:1", then a dash. */
static bool skip_optional(struct rest *r)
{
	struct sl_bytes field;

	while (next_field(r, &field))
		if (mountinfo_is(field, "-"))
			return true;
	return false;
}

static bool read_row(struct rest r, struct mountinfo_row *out)
{
	struct sl_bytes id, parent, dev;

	if (!next_field(&r, &id) || !next_field(&r, &parent) || !next_field(&r, &dev) ||
	    !next_field(&r, &out->root) || !next_field(&r, &out->point) ||
	    !next_field(&r, &out->flags))
		return false;
	if (!number(id, UINT64_MAX, &out->id) || !number(parent, UINT64_MAX, &out->parent) ||
	    !device(dev, &out->major, &out->minor))
		return false;
	if (out->root.len == 0 || out->point.len == 0 || out->point.data[0] != '/')
		return false;
	if (!skip_optional(&r) || !next_field(&r, &out->type) || !next_field(&r, &out->source) ||
	    r.at == NULL)
		return false;
	/* not every file system escapes a space in here */
	out->options = (struct sl_bytes){r.at, (size_t)(r.end - r.at)};
	return out->type.len > 0;
}

int mountinfo_next(struct mountinfo *m, struct mountinfo_row *out, struct sl_error *err)
{
	const char *end;
	struct rest line;

	if (m->left == 0)
		return 1;
	if (m->line == MOUNTINFO_ROWS_MAX) {
		m->left = 0;
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu mounts", MOUNTINFO_ROWS_MAX);
	}
	end = memchr(m->rest, '\n', m->left);
	line = (struct rest){m->rest, end != NULL ? end : m->rest + m->left};
	m->left -= (size_t)(line.end - line.at) + (end != NULL);
	m->rest = line.end + (end != NULL);
	m->line++;
	*out = (struct mountinfo_row){0};
	if (!read_row(line, out))
		return sl_fail(err, SL_EFORMAT, 0, "line %zu is no mount", m->line);
	return 0;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

int mountinfo_decode(struct buf *out, struct sl_bytes text, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < text.len && rc == 0; i++) {
		const char *p = text.data + i;
		char c = *p;

		if (c == '\\' && text.len - i > 3 && p[1] <= '3' && is_octal(p[1]) &&
		    is_octal(p[2]) && is_octal(p[3])) {
			c = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
			i += 3;
		}
		if (c == '\0')
			return sl_fail(err, SL_EFORMAT, 0, "a NUL in a path");
		rc = buf_append_char(out, c);
	}
	if (rc == 0)
		rc = buf_append(out, "", 0); /* an empty text is one, too */
	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "a path longer than %zu bytes", out->max);
	return rc < 0 ? sl_fail(err, SL_ENOMEM, 0, "mount") : 0;
}
