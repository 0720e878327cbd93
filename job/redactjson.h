/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets in JSON on one line: masked by the names of its members, else by the rules for text. */
#ifndef JOB_REDACTJSON_H
#define JOB_REDACTJSON_H

#include "job/redactline.h"

/*
 * Append a document with its strings masked; all else of it stays byte for byte. @is_record: it is
 * a record of a bundle, some of whose members look like secrets. @level: in how many it is nested.
 * 1: it is no JSON, or too deep in others: nothing was appended.
 */
int redact_json(struct buf *out, struct redact_state *s, struct sl_bytes text, bool is_record,
		unsigned int level);

/* Append one line, JSON or other text. */
int redact_line(struct buf *out, struct redact_state *s, struct sl_bytes line);
/* Append an argument of a command; @s knows the one before. */
int redact_argument(struct buf *out, struct redact_state *s, struct sl_bytes text,
		    unsigned int level);

#endif
