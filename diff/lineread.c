/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/lineread.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/quote.h"

bool lineread_is_word(struct sl_bytes text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

const char *lineread_find(struct sl_bytes text, const char *what)
{
	return text.len > 0 ? memmem(text.data, text.len, what, strlen(what)) : NULL;
}

struct sl_bytes lineread_from(struct sl_bytes text, const char *at)
{
	return (struct sl_bytes){at, (size_t)(text.data + text.len - at)};
}

bool lineread_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

bool lineread_has_meaning(struct sl_bytes line)
{
	size_t at = 0;

	while (at < line.len && lineread_is_blank(line.data[at]))
		at++;
	return at < line.len && line.data[at] != '#' && line.data[at] != ';';
}

const char *lineread_find_word(struct sl_bytes text, const char *word)
{
	size_t len = strlen(word);
	const char *at, *end = text.data + text.len;

	while ((at = lineread_find(text, word)) != NULL) {
		bool starts = at == text.data || !is_name_char(at[-1]);

		if (starts && (at + len == end || !is_name_char(at[len])))
			return at;
		text = lineread_from(text, at + 1);
	}
	return NULL;
}

static bool parts(char c, const char *parting)
{
	return lineread_is_blank(c) || (c != '\0' && strchr(parting, c) != NULL);
}

struct sl_bytes lineread_next(struct sl_bytes *text, const char *parting)
{
	struct sl_bytes word;
	size_t start = 0, end;

	while (start < text->len && parts(text->data[start], parting))
		start++;
	for (end = start; end < text->len && !parts(text->data[end], parting); end++)
		;
	word = (struct sl_bytes){text->data + start, end - start};
	*text = lineread_from(*text, text->data + end);
	return word;
}

struct sl_bytes lineread_next_name(struct sl_bytes *text)
{
	struct sl_bytes name;
	size_t start = 0, end;

	while (start < text->len && !is_name_char(text->data[start]))
		start++;
	for (end = start; end < text->len && is_name_char(text->data[end]); end++)
		;
	name = (struct sl_bytes){text->data + start, end - start};
	*text = lineread_from(*text, text->data + end);
	return name;
}

bool lineread_is_any(struct sl_bytes word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (word.len == strlen(*words) && strncasecmp(word.data, *words, word.len) == 0)
			return true;
	return false;
}

void lineread_say(struct look *l, const char *before, struct sl_bytes what, const char *after)
{
	AUTO_FREE char *shown = quote_short(what.data, what.len);

	(void)buf_printf(l->message, "%s '%s'%s", before, shown != NULL ? shown : "?", after);
}
