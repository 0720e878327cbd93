/* SPDX-License-Identifier: Apache-2.0 */
/* Small readings of one line, shared by the rules of diff/linerules.h. */
#ifndef DIFF_LINEREAD_H
#define DIFF_LINEREAD_H

#include <strandline/finding.h>

#include "core/buf.h"
#include "diff/textfile.h"

/* What a rule looks at. */
struct look {
	enum textfile what;
	struct sl_bytes line;
	const struct sl_line **gone; /* lines that went, sorted by their first field */
	size_t gone_count;
	struct buf *message; /* for the words about this line */
};

bool lineread_is_blank(char c);
bool lineread_is_word(struct sl_bytes text, const char *word);
/* What is left of a line that is no comment; some begin these with ';' as well. */
bool lineread_has_meaning(struct sl_bytes line);
/* The first place of @what, or NULL. */
const char *lineread_find(struct sl_bytes text, const char *what);
/* @word in @text, with nothing around it that belongs to a name. */
const char *lineread_find_word(struct sl_bytes text, const char *word);
struct sl_bytes lineread_from(struct sl_bytes text, const char *at);
/*
 * The next word: what blanks and the bytes of @parting part. It is taken off the front of @text;
 * empty at the end.
 */
struct sl_bytes lineread_next(struct sl_bytes *text, const char *parting);
/* The next run of what names are made of, as lineread_find_word() finds them; empty at the end. */
struct sl_bytes lineread_next_name(struct sl_bytes *text);
/* Letters of either case. */
bool lineread_is_any(struct sl_bytes word, const char *const *words);
/* "@before 'what'@after", quoted and cut, into the message. */
void lineread_say(struct look *l, const char *before, struct sl_bytes what, const char *after);

#endif
