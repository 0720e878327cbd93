/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence bytes made harmless for a terminal and for one-line messages. */
#ifndef CORE_QUOTE_H
#define CORE_QUOTE_H

#include <strandline/base.h>

#include "core/buf.h"

/*
 * Append bytes so that a terminal shows them and does nothing else: control characters,
 * bidirectional and zero-width code points, line separators, invalid UTF-8 and the backslash become
 * \xNN or \u{N}; everything else stays. Nothing ever spans two lines. Reversible.
 */
int quote_bytes(struct buf *out, const char *bytes, size_t len);

/* The same for a sentence that has quoted bytes in it already: its backslashes stay single. */
int quote_sentence(struct buf *out, const char *text, size_t len);

/* As quote_bytes(), as a heap string for use in messages; NULL when memory ran out. */
char *quote_dup(const char *bytes, size_t len);

/* As quote_dup(), but what is longer than 400 bytes has three dots for its middle. */
char *quote_short(const char *bytes, size_t len);

/* Columns that quoted text takes on a terminal: one a code point, two where East Asian wide. */
size_t quote_width(const char *quoted, size_t len);

#endif
