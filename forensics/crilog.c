/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/crilog.h"

#include <string.h>

#include "core/clock.h"

/* The word at *at, and behind the space that ends it. NULL when no space follows. */
static const char *next_word(const char **at, const char *end, size_t *len)
{
	const char *word = *at;
	const char *space = memchr(word, ' ', (size_t)(end - word));

	if (space == NULL)
		return NULL;
	*len = (size_t)(space - word);
	*at = space + 1;
	return word;
}

int crilog_parse(struct logline *out, struct buf *text, const char *line, size_t len)
{
	const char *at = line, *end = line + len, *word;
	size_t n;

	*out = (struct logline){0};
	word = next_word(&at, end, &n);
	if (word == NULL || n >= CLOCK_TEXT_SIZE || clock_parse(&out->time, word, n) < 0)
		return -SL_EFORMAT;
	word = next_word(&at, end, &n);
	if (word == NULL)
		return -SL_EFORMAT;
	logline_stream(out, word, n);
	word = next_word(&at, end, &n);
	/* an empty line ends behind its tags, and some writers leave the last space out */
	if (word == NULL) {
		word = at;
		n = (size_t)(end - at);
		at = end;
	}
	if (out->stream[0] == '\0' || n == 0 || (word[0] != 'F' && word[0] != 'P') ||
	    (n > 1 && word[1] != ':'))
		return -SL_EFORMAT;
	return logline_text(text, at, (size_t)(end - at));
}
