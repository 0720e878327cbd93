/* SPDX-License-Identifier: Apache-2.0 */
#include "host/toml.h"

#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"

/* Longest key, table or string. */
#define WORD_MAX ((size_t)64 * 1024)
/* Arrays and inline tables within each other. */
#define DEPTH_MAX 64

struct reader {
	const char *p, *end;
	unsigned int line;
	struct buf table, key, text;
	struct sl_error *err;
	int (*fn)(void *payload, const struct toml_value *value, struct sl_error *err);
	void *payload;
};

static void reader_clear(struct reader *r)
{
	buf_clear(&r->table);
	buf_clear(&r->key);
	buf_clear(&r->text);
}

static int bad(const struct reader *r, const char *what)
{
	return sl_fail(r->err, SL_EFORMAT, 0, "line %u: %s", r->line, what);
}

static int grown(const struct reader *r, const struct buf *b)
{
	if (b->status == -SL_ENOMEM)
		return sl_fail(r->err, SL_ENOMEM, 0, "configuration");
	return b->status < 0 ? sl_fail(r->err, SL_ELIMIT, 0, "line %u: too long", r->line) : 0;
}

/* What stands at the reader, 0 at the end: no NUL is let through anywhere. */
static char at(const struct reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

static void blanks(struct reader *r)
{
	while (at(r) == ' ' || at(r) == '\t')
		r->p++;
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* Behind a value, a key or a table only a comment may follow. */
static int line_end(struct reader *r)
{
	blanks(r);
	if (at(r) == '#')
		while (r->p < r->end && *r->p != '\n')
			r->p++;
	if (at(r) == '\r' && r->p + 1 < r->end && r->p[1] == '\n')
		r->p++;
	if (r->p == r->end)
		return 0;
	if (*r->p != '\n')
		return bad(r, "something follows that is not understood");
	r->p++;
	r->line++;
	return 0;
}

/* Blanks, comments and line ends between the elements of an array. */
static int gaps(struct reader *r)
{
	for (;;) {
		int rc;

		blanks(r);
		if (at(r) != '#' && at(r) != '\n' && at(r) != '\r')
			return 0;
		rc = line_end(r);
		if (rc < 0)
			return rc;
	}
}

static int code_point(struct reader *r, size_t digits)
{
	uint32_t c = 0;

	for (size_t i = 0; i < digits; i++, r->p++) {
		static const char hex[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = at(r) != '\0' ? strchr(hex, at(r)) : NULL;

		if (digit == NULL)
			return bad(r, "a bad escape in a string");
		c = c << 4 | ((uint32_t)(digit - hex) & 0xf);
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return bad(r, "a bad escape in a string");
	if (c < 0x80) {
		(void)buf_append_char(&r->text, (char)c);
	} else if (c < 0x800) {
		(void)buf_append_char(&r->text, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			(void)buf_append_char(&r->text, (char)(0xe0 | c >> 12));
		} else {
			(void)buf_append_char(&r->text, (char)(0xf0 | c >> 18));
			(void)buf_append_char(&r->text, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		(void)buf_append_char(&r->text, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	return c < 0x80 ? 0 : buf_append_char(&r->text, (char)(0x80 | (c & 0x3f)));
}

static int escape(struct reader *r)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	char c = at(r);
	const char *known = c != '\0' ? strchr(from, c) : NULL;

	if (known != NULL) {
		r->p++;
		(void)buf_append_char(&r->text, to[known - from]);
		return 0;
	}
	if (c != 'u' && c != 'U')
		return bad(r, "a bad escape in a string");
	r->p++;
	return code_point(r, c == 'u' ? 4 : 8);
}

/* "basic" or 'literal', on one line. */
static int string(struct reader *r)
{
	char quote = *r->p++;

	buf_reset(&r->text);
	if (r->end - r->p >= 2 && r->p[0] == quote && r->p[1] == quote)
		return bad(r, "a string of several lines, which is not understood here");
	while (at(r) != quote) {
		unsigned char c = (unsigned char)at(r);
		int rc = 0;

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return bad(r, "a string does not end");
		r->p++;
		if (c == '\\' && quote == '"')
			rc = escape(r);
		else
			(void)buf_append_char(&r->text, (char)c);
		if (rc < 0)
			return rc;
	}
	r->p++;
	(void)buf_append(&r->text, "", 0);
	return grown(r, &r->text);
}

/* a.b."c d": bare and quoted words with dots between them. */
static int dotted(struct reader *r, struct buf *out)
{
	buf_reset(out);
	for (;;) {
		int rc = 0;

		blanks(r);
		if (at(r) == '"' || at(r) == '\'') {
			rc = string(r);
			if (rc == 0)
				(void)buf_append_str(out, r->text.data);
		} else if (is_bare(at(r))) {
			while (is_bare(at(r)))
				(void)buf_append_char(out, *r->p++);
		} else {
			rc = bad(r, "neither a table nor a key");
		}
		if (rc < 0)
			return rc;
		blanks(r);
		if (at(r) != '.')
			return grown(r, out);
		r->p++;
		(void)buf_append_char(out, '.');
	}
}

static int table(struct reader *r)
{
	bool is_array = r->end - r->p >= 2 && r->p[1] == '[';
	int rc;

	r->p += is_array ? 2 : 1;
	rc = dotted(r, &r->table);
	if (rc < 0)
		return rc;
	for (int i = 0; i < 1 + is_array; i++)
		if (at(r) != ']')
			return bad(r, "a table's name does not end");
		else
			r->p++;
	return line_end(r);
}

static int give(struct reader *r, enum toml_kind kind)
{
	const struct toml_value v = {.table = r->table.data != NULL ? r->table.data : "",
				     .key = r->key.data,
				     .kind = kind,
				     .text = r->text.data};

	return r->fn(r->payload, &v, r->err);
}

/* A number, a boolean, a date. */
static int word(struct reader *r)
{
	buf_reset(&r->text);
	while (is_bare(at(r)) || (at(r) != '\0' && strchr("+.:", at(r)) != NULL))
		(void)buf_append_char(&r->text, *r->p++);
	if (r->text.len == 0)
		return bad(r, "a value that is not understood");
	return grown(r, &r->text);
}

/*
 * An array or an inline table, with what it holds: brackets must match, what is between them must
 * be values. Strings directly in an array are given out.
 */
static int nested(struct reader *r)
{
	char open[DEPTH_MAX];
	size_t depth = 0;
	int rc = 0;

	do {
		rc = gaps(r);
		if (rc != 0)
			break;
		if (at(r) == '[' || at(r) == '{') {
			if (depth == DEPTH_MAX)
				return sl_fail(r->err, SL_ELIMIT, 0, "line %u: nested too deeply",
					       r->line);
			open[depth++] = *r->p++;
		} else if (at(r) == ']' || at(r) == '}') {
			if ((open[depth - 1] == '[') != (*r->p == ']'))
				return bad(r, "brackets do not match");
			depth--;
			r->p++;
		} else if (at(r) == '"' || at(r) == '\'') {
			rc = string(r);
			if (rc == 0 && depth == 1 && open[0] == '[')
				rc = give(r, TOML_ITEM);
		} else if (at(r) == ',' || at(r) == '=') {
			r->p++;
		} else {
			rc = word(r);
		}
	} while (rc == 0 && depth > 0);
	return rc;
}

static int pair(struct reader *r)
{
	int rc = dotted(r, &r->key);

	if (rc < 0)
		return rc;
	if (at(r) != '=')
		return bad(r, "a key without a value");
	r->p++;
	blanks(r);
	if (at(r) == '[' || at(r) == '{') {
		rc = nested(r);
	} else {
		bool is_string = at(r) == '"' || at(r) == '\'';

		rc = is_string ? string(r) : word(r);
		if (rc == 0)
			rc = give(r, is_string ? TOML_STRING : TOML_WORD);
	}
	return rc != 0 ? rc : line_end(r);
}

int toml_read(const char *text, size_t len,
	      int (*fn)(void *payload, const struct toml_value *value, struct sl_error *err),
	      void *payload, struct sl_error *err)
{
	CLEANUP(reader_clear)
	struct reader r = {.p = text,
			   .end = text + len,
			   .line = 1,
			   .table = BUF_INIT(WORD_MAX),
			   .key = BUF_INIT(WORD_MAX),
			   .text = BUF_INIT(WORD_MAX),
			   .err = err,
			   .fn = fn,
			   .payload = payload};
	int rc = 0;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r.p += 3;
	while (rc == 0 && (rc = gaps(&r)) == 0 && r.p < r.end)
		rc = at(&r) == '[' ? table(&r) : pair(&r);
	return rc;
}
