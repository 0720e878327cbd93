/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/phpsettings.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"

#define RANDOM_DIGITS 32 /* no name of a function or class has as many, and only these */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Bytes from 0x80 belong to names, too, but no word that is let through has one. */
static bool is_word(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       byte == '_';
}

static bool starts(struct sl_bytes text, size_t at, const char *word)
{
	size_t len = strlen(word);

	return text.len - at >= len && memcmp(text.data + at, word, len) == 0;
}

/* ---- settings ---- */

/* Behind the comment at @at; @at itself: there is none, or one without an end. */
static size_t skip_comment(struct sl_bytes page, size_t at)
{
	const char *end;

	if (starts(page, at, "/*")) {
		end = memmem(page.data + at + 2, page.len - at - 2, "*/", 2);
		return end == NULL ? at : (size_t)(end + 2 - page.data);
	}
	/* "#[" begins an attribute, which may name a class */
	if (!starts(page, at, "//") && (page.data[at] != '#' || starts(page, at, "#[")))
		return at;
	/* PHP ends such a comment at a carriage return, too */
	while (at < page.len && page.data[at] != '\n' && page.data[at] != '\r')
		at++;
	return at;
}

/* Behind the string at @at, or @at: it has no end, or names variables. */
static size_t skip_string(struct sl_bytes page, size_t at)
{
	char quote = page.data[at];

	for (size_t i = at + 1; i < page.len; i++) {
		if (page.data[i] == quote)
			return i + 1;
		if (page.data[i] == '\\')
			i++;
		else if (quote == '"' && page.data[i] == '$')
			return at;
	}
	return at;
}

static size_t skip_word(struct sl_bytes page, size_t at)
{
	while (at < page.len && is_word(page.data[at]))
		at++;
	return at;
}

/* Words that stand for values, or for where values go. */
static bool is_harmless(const char *word, size_t len, bool *takes_list)
{
	static const char *const words[] = {"array", "define", "true",   "false",
					    "null",  "return", "__DIR__"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], word, len) == 0) {
			*takes_list = i < 2;
			return true;
		}
	return false;
}

/*
 * What stands at @at, which is no blank and no comment: behind it, or @at when it is none of the
 * few things that settings are made of. @may_call: "(" after it opens a list of values.
 */
static size_t skip_token(struct sl_bytes page, size_t at, bool *may_call)
{
	bool could_call = *may_call;
	char byte = page.data[at];
	size_t end;

	*may_call = false;
	if (byte == '\'' || byte == '"')
		return skip_string(page, at);
	if (byte == '$') {
		end = skip_word(page, at + 1);
		return end == at + 1 || is_digit(page.data[at + 1]) ? at : end;
	}
	end = skip_word(page, at);
	if (end > at)
		return is_digit(byte) || is_harmless(page.data + at, end - at, may_call) ? end : at;
	if (byte == '(')
		return could_call ? at + 1 : at;
	return memchr("[])=>,;.-", byte, 9) != NULL ? at + 1 : at;
}

/* Ends "?>" PHP here, with nothing but blanks behind it? */
static bool is_end(struct sl_bytes page, size_t at)
{
	if (!starts(page, at, "?>"))
		return false;
	for (at += 2; at < page.len; at++)
		if (!is_blank(page.data[at]))
			return false;
	return true;
}

/* Inside a comment of one line "?>" ends PHP as well; elsewhere it would be a page, not settings.
 */
static bool has_page_text(struct sl_bytes page)
{
	const char *end = memmem(page.data, page.len, "?>", 2);

	return end != NULL && !is_end(page, (size_t)(end - page.data));
}

bool phpsettings_only(struct sl_bytes page)
{
	bool may_call = false;
	size_t at = 5;

	if (page.len < 6 || !starts(page, 0, "<?php") || !is_blank(page.data[5]) ||
	    memchr(page.data, '\0', page.len) != NULL || has_page_text(page))
		return false;
	while (at < page.len) {
		size_t end;

		if (is_blank(page.data[at])) {
			at++;
			continue;
		}
		if (is_end(page, at))
			return true;
		end = skip_comment(page, at);
		if (end == at)
			end = skip_token(page, at, &may_call);
		if (end == at)
			return false;
		at = end;
	}
	return true;
}

/* ---- templates ---- */

static struct sl_bytes next_line(struct sl_bytes *rest)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
	struct sl_bytes line = {rest->data, len};

	len += end != NULL;
	*rest = (struct sl_bytes){rest->data + len, rest->len - len};
	return line;
}

/* Behind blanks and this one byte; 0: something else stands there. */
static size_t skip_mark(struct sl_bytes line, size_t at, char mark)
{
	while (at < line.len && is_blank(line.data[at]))
		at++;
	return at < line.len && line.data[at] == mark ? at + 1 : 0;
}

/* Where VALUE begins in define('NAME', 'VALUE'), behind its quote; 0: the line is no such thing. */
static size_t value_of_define(struct sl_bytes line)
{
	size_t at = skip_mark(line, 0, 'd');

	at = at > 0 && starts(line, at, "efine") ? skip_mark(line, at + 5, '(') : 0;
	at = at > 0 ? skip_mark(line, at, '\'') : 0;
	at = at > 0 ? skip_mark(line, skip_word(line, at), '\'') : 0;
	at = at > 0 ? skip_mark(line, at, ',') : 0;
	return at > 0 ? skip_mark(line, at, '\'') : 0;
}

/* Ends no string, comment, block or page, whatever it stands in. */
static bool is_inert(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] < ' ' || value[i] > '~' || strchr("'\"\\*$`<>?{}", value[i]) != NULL)
			return false;
	return true;
}

/* A file may be called anything, random digits too. */
static bool names_file(struct sl_bytes line)
{
	static const char *const words[] = {"require", "include"};

	for (size_t w = 0; w < ARRAY_SIZE(words); w++)
		for (size_t at = 0; at < line.len; at++)
			if (line.len - at >= 7 && strncasecmp(line.data + at, words[w], 7) == 0)
				return true;
	return false;
}

static bool is_random(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(value[i]) && (value[i] < 'a' || value[i] > 'f'))
			return false;
	return len >= RANDOM_DIGITS;
}

/* The last quote before @at that opens or ends a string; 0: none, since no value stands there. */
static size_t quote_before(struct sl_bytes line, size_t at)
{
	while (at > 0 && line.data[at - 1] != '\'')
		at--;
	return at;
}

static size_t value_length(struct sl_bytes line, size_t at)
{
	const char *end = memchr(line.data + at, '\'', line.len - at);

	return end == NULL ? line.len : (size_t)(end - line.data) - at;
}

static bool is_filled_in(struct sl_bytes was, struct sl_bytes is)
{
	size_t same = 0, at, before, after;

	while (same < was.len && same < is.len && was.data[same] == is.data[same])
		same++;
	at = quote_before(is, same);
	if (at == 0)
		return false;
	before = value_length(was, at);
	after = value_length(is, at);
	/* a line that has no quote behind its value is none that was filled in */
	if (at + before >= was.len || at + after >= is.len ||
	    was.len - at - before != is.len - at - after ||
	    memcmp(was.data + at + before, is.data + at + after, was.len - at - before) != 0)
		return false;
	if (is_random(is.data + at, after))
		return !names_file(is);
	return at == value_of_define(is) && is_inert(is.data + at, after);
}

bool phpsettings_filled_in(struct sl_bytes image, struct sl_bytes page)
{
	size_t filled = 0;

	while (image.len > 0 && page.len > 0) {
		struct sl_bytes was = next_line(&image), is = next_line(&page);

		if (was.len == is.len && memcmp(was.data, is.data, was.len) == 0)
			continue;
		if (!is_filled_in(was, is))
			return false;
		filled++;
	}
	return image.len == 0 && page.len == 0 && filled > 0;
}
