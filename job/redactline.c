/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that are known by the name in front of them. */
#include "job/redactline.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "diff/secrets.h"
#include "job/redactname.h"

/* How far to look for what belongs to a word: lines are hostile, and no word may cost a line. */
#define LOOK_MAX ((size_t)512)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

static size_t skip_blanks(struct sl_bytes line, size_t at)
{
	while (at < line.len && is_blank(line.data[at]))
		at++;
	return at;
}

/* A colour of a terminal, which logs put around names: behind it, or where it was. */
static size_t skip_escape(struct sl_bytes line, size_t at)
{
	size_t i = at + 2;

	if (line.len - at < 3 || line.data[at] != '\x1b' || line.data[at + 1] != '[')
		return at;
	while (i < line.len &&
	       ((line.data[i] >= '0' && line.data[i] <= '9') || line.data[i] == ';'))
		i++;
	return i < line.len ? i + 1 : i;
}

/* What may stand between a name and its '=': the end of quotes around it, blanks, colours. */
static size_t skip_decoration(struct sl_bytes line, size_t at)
{
	while (at < line.len) {
		size_t past = skip_escape(line, at);
		char c = line.data[at];

		/* blanks beyond ASCII, too */
		if (past == at && !is_blank(c) && !is_quote(c) && (unsigned char)c < 0x80 &&
		    strchr("\\],", c) == NULL)
			break;
		at = past > at ? past : at + 1;
	}
	return at;
}

static size_t skip_colours(struct sl_bytes line, size_t at)
{
	size_t past;

	while ((past = skip_escape(line, skip_blanks(line, at))) != at)
		at = past;
	return at;
}

static bool is_word(struct sl_bytes name, const char *word)
{
	return name.len == strlen(word) && strncasecmp(name.data, word, name.len) == 0;
}

static size_t back_over_blanks(struct sl_bytes line, size_t at)
{
	while (at > 0 && is_blank(line.data[at - 1]))
		at--;
	return at;
}

/* Nothing before it in its line but what declares it. (Backwards: from each name, once.) */
static bool is_first(struct sl_bytes line, size_t at)
{
	size_t to = back_over_blanks(line, at), from = to;
	struct sl_bytes word;

	while (from > 0 && to - from <= strlen("export") && is_name_char(line.data[from - 1]))
		from--;
	word = (struct sl_bytes){line.data + from, to - from};
	if (is_word(word, "export") || is_word(word, "set"))
		return back_over_blanks(line, from) == 0;
	return to == 0;
}

/* .netrc on one line: login NAME password SECRET */
static bool is_behind_login(struct sl_bytes line, size_t at)
{
	size_t look = at < LOOK_MAX ? at : LOOK_MAX;

	return memmem(line.data + at - look, look, "login ", 6) != NULL;
}

/*
 * Where the value of the name at [@start, @end) begins; 0: it has none there. @below: may it stand
 * in the lines that follow?
 */
static size_t find_value(struct sl_bytes line, size_t start, size_t end, bool *below)
{
	struct sl_bytes name = {line.data + start, end - start};
	size_t at = skip_decoration(line, end), from;
	bool has_blank = end < line.len && is_blank(line.data[end]);

	/* name="password" value="secret" */
	if (at > end && line.len - at > 5 && strncasecmp(line.data + at, "value", 5) == 0)
		at = skip_decoration(line, at + 5);
	from = at;
	while (at < line.len && (line.data[at] == '=' || line.data[at] == ':' ||
				 (line.data[at] == '>' && (at > from || from == end))))
		at++;
	if (at > from) {
		*below = line.data[at - 1] != '=';
		/* "/etc/passwd: no such file" */
		return start > 0 && line.data[start - 1] == '/' && line.data[from] == ':' &&
				       is_word(name, "passwd")
			       ? 0
			       : skip_colours(line, at);
	}
	*below = false;
	at = skip_blanks(line, end);
	if (!has_blank || at == line.len)
		return 0;
	if (name.data[0] == '-' || is_quote(line.data[at]) || is_word(name, "bearer") ||
	    (is_first(line, start) && !is_word(name, "passwd")))
		return at;
	return is_word(name, "password") && is_behind_login(line, start) ? at : 0;
}

/* "name: DB_PASSWORD", and on the next line "value: secret" */
static bool is_named_above(struct redact_state *s, struct sl_bytes line, size_t start, size_t end)
{
	struct sl_bytes name = {line.data + start, end - start};
	bool is_named = s->named;

	s->named = redactname_is_secret(name) && skip_decoration(line, end) >= line.len;
	return is_named && is_word(name, "value");
}

/* SQL: IDENTIFIED BY 'secret' */
static size_t find_identified(struct sl_bytes line, size_t end)
{
	size_t at = skip_blanks(line, end);

	if (line.len - at < 3 || strncasecmp(line.data + at, "by", 2) != 0 ||
	    !is_blank(line.data[at + 2]))
		return 0;
	at = skip_blanks(line, at + 2);
	return at < line.len ? at : 0;
}

static bool is_user_option(struct sl_bytes name)
{
	return is_word(name, "-u") || is_word(name, "--user") || is_word(name, "--proxy-user");
}

size_t redact_user_secret(struct sl_bytes text)
{
	size_t i = 0, at;

	while (i < text.len && text.data[i] != ':' && !is_blank(text.data[i]))
		i++;
	if (i == text.len || text.data[i] != ':')
		return 0;
	at = ++i;
	/* "1000:1000" is no secret */
	while (i < text.len && text.data[i] >= '0' && text.data[i] <= '9')
		i++;
	return i < text.len && !is_blank(text.data[i]) ? at : 0;
}

/* curl -u ada:secret */
static size_t find_user_secret(struct sl_bytes line, size_t end)
{
	size_t at = skip_blanks(line, end), secret;

	if (at == end && at < line.len && line.data[at] == '=')
		at++;
	else if (at == end)
		return 0;
	secret = redact_user_secret((struct sl_bytes){
		line.data + at, line.len - at < LOOK_MAX ? line.len - at : LOOK_MAX});
	return secret == 0 ? 0 : at + secret;
}

/* Behind the closing quote that has as many backslashes as the opening one; 0: there is none. */
static size_t find_close(struct sl_bytes line, size_t at, char quote, size_t slashes)
{
	size_t count = 0;

	for (; at < line.len; at++) {
		if (line.data[at] == quote && count == slashes)
			return at + 1;
		count = line.data[at] == '\\' ? count + 1 : 0;
	}
	return 0;
}

static bool ends_value(char c)
{
	return is_blank(c) || strchr(",;)]}>&|\\\r", c) != NULL;
}

static size_t indent_of(struct sl_bytes line)
{
	return skip_blanks(line, 0);
}

/* To the end of the line, but for a carriage return. */
static size_t mask_rest(struct buf *out, struct redact_state *s, struct sl_bytes line, size_t at)
{
	size_t end = line.len;

	if (end > at && line.data[end - 1] == '\r')
		end--;
	if (end > at)
		(void)buf_append_str(out, REDACTED);
	s->continued = end > at && line.data[end - 1] == '\\';
	(void)buf_append(out, line.data + end, line.len - end);
	return line.len;
}

/* Mask the value at @at. Where to go on. */
static size_t mask_value(struct buf *out, struct redact_state *s, struct sl_bytes line, size_t at,
			 bool below)
{
	bool is_literal = below && at < line.len && (line.data[at] == '|' || line.data[at] == '>');
	size_t open = at, close, slashes;

	while (open < line.len && line.data[open] == '\\')
		open++;
	slashes = open - at;
	if (open == line.len || !is_quote(line.data[open])) {
		if (below && (at == line.len || line.data[at] == '\r' ||
			      strchr("|>{[&!", line.data[at]) != NULL)) {
			s->in_block = true;
			s->indent = indent_of(line);
		}
		at = mask_rest(out, s, line, at);
		/* whatever its indent is: that line is what this one announces */
		s->continued |= is_literal;
		return at;
	}
	(void)buf_append(out, line.data + at, open + 1 - at);
	close = find_close(line, open + 1, line.data[open], slashes);
	if (close == 0) {
		s->quote = line.data[open];
		return mask_rest(out, s, line, open + 1);
	}
	if (close == open + 1 + slashes + 1 &&
	    (close == line.len || ends_value(line.data[close]))) {
		(void)buf_append(out, line.data + open + 1, close - open - 1); /* "" */
		return close;
	}
	/* 'it''s', "a"'b': a shell and YAML go on */
	if (close < line.len && !ends_value(line.data[close]))
		return mask_rest(out, s, line, open + 1);
	(void)buf_append_str(out, REDACTED);
	(void)buf_append(out, line.data + close - slashes - 1, slashes + 1);
	return close;
}

/* What stands behind names that say "secret". */
static int values(struct buf *out, struct redact_state *s, struct sl_bytes line)
{
	size_t i = 0;

	while (i < line.len) {
		size_t start = i, at;
		struct sl_bytes name;
		bool below = false;

		while (i < line.len && is_name_char(line.data[i]))
			i++;
		name = (struct sl_bytes){line.data + start, i - start};
		if (name.len == 0) {
			(void)buf_append_char(out, line.data[i++]);
			continue;
		}
		at = is_word(name, "identified") ? find_identified(line, i)
		     : is_user_option(name)      ? find_user_secret(line, i)
		     : is_named_above(s, line, start, i) || redactname_is_secret(name) ||
				     is_word(name, "bearer")
			     ? find_value(line, start, i, &below)
			     : 0;
		(void)buf_append(out, line.data + start, (at == 0 ? i : at) - start);
		if (at != 0)
			i = mask_value(out, s, line, at, below);
	}
	return out->status;
}

/* A line that an earlier one said something about. True: it is done. */
static bool is_masked(struct buf *out, struct redact_state *s, struct sl_bytes line)
{
	size_t indent = indent_of(line);
	bool is_empty = indent == line.len || line.data[indent] == '\r';

	if (s->in_block && !is_empty && indent <= s->indent)
		s->in_block = false;
	if (s->quote == 0 && !s->continued && (!s->in_block || is_empty))
		return false;
	if (s->quote != 0 && memchr(line.data, s->quote, line.len) != NULL)
		s->quote = 0;
	(void)mask_rest(out, s, line, 0);
	return true;
}

enum redact_next redact_next_is(struct sl_bytes argument)
{
	for (size_t i = 0; i < argument.len; i++)
		if (!is_name_char(argument.data[i]))
			return REDACT_NEXT_NONE;
	if (is_user_option(argument))
		return REDACT_NEXT_USER;
	return argument.len > 1 && argument.data[0] == '-' && redactname_is_secret(argument)
		       ? REDACT_NEXT_SECRET
		       : REDACT_NEXT_NONE;
}

int redact_text_line(struct buf *out, struct redact_state *s, struct sl_bytes line)
{
	CLEANUP(buf_clear) struct buf a = BUF_INIT(REDACT_GROWTH_MAX);
	CLEANUP(buf_clear) struct buf b = BUF_INIT(REDACT_GROWTH_MAX);
	int rc;

	if (line.len == 0)
		return out->status;
	rc = redact_keys(&a, s, line);
	if (rc == 0 && is_masked(out, s, line))
		return out->status;
	if (rc == 0)
		rc = redact_urls(&b, (struct sl_bytes){a.data, a.len});
	buf_reset(&a);
	if (rc == 0)
		rc = values(&a, s, (struct sl_bytes){b.data, b.len});
	buf_reset(&b);
	if (rc == 0)
		rc = secrets_mask(&b, TEXTFILE_PLAIN, (struct sl_bytes){a.data, a.len});
	return rc == 0 ? redact_tokens(out, (struct sl_bytes){b.data, b.len}) : rc;
}
