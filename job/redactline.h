/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What looks like a secret in text, masked. Rather too much than too little: a value without quotes
 * is masked to the end of its line, because nobody can tell where it ends.
 */
#ifndef JOB_REDACTLINE_H
#define JOB_REDACTLINE_H

#include "core/buf.h"

#define REDACTED "[redacted]"
/* A line of single characters between masks grows; more than this is masked as a whole. */
#define REDACT_GROWTH_MAX ((size_t)8 << 20)

/* The next argument is: like others, a secret ("--password"), user:secret ("-u"). */
enum redact_next { REDACT_NEXT_NONE, REDACT_NEXT_SECRET, REDACT_NEXT_USER };

/* What a line leaves for those behind it. */
struct redact_state {
	bool in_key;    /* behind the BEGIN of a private key: up to its END */
	char quote;     /* in a quoted secret: up to this quote. 0: in none */
	bool continued; /* the secret's line ended in a backslash */
	bool in_block;  /* a secret's value stands below it: in lines that are indented deeper */
	size_t indent;  /* than this */
	bool named;     /* a secret's name ended the line: "value:" may begin the next */
	enum redact_next next; /* arguments: what the last one said */
};

/* Append a line (without its end) by the rules for text. 0, -SL_ENOMEM or -SL_ELIMIT. */
int redact_text_line(struct buf *out, struct redact_state *s, struct sl_bytes line);
/* What this argument says of the one behind it. */
enum redact_next redact_next_is(struct sl_bytes argument);
/* Where the secret of "user:secret" begins, the word ending with the text or a blank; 0: nowhere.
 */
size_t redact_user_secret(struct sl_bytes text);

/* One pass over one line each, in this order; redact_text_line() calls them. */
int redact_keys(struct buf *out, struct redact_state *s, struct sl_bytes line);
int redact_urls(struct buf *out, struct sl_bytes line);
int redact_tokens(struct buf *out, struct sl_bytes line);

#endif
