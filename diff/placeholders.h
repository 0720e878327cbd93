/* SPDX-License-Identifier: Apache-2.0 */
/* Pages for browsers whose placeholders an entry point replaced. */
#ifndef DIFF_PLACEHOLDERS_H
#define DIFF_PLACEHOLDERS_H

#include <strandline/base.h>

/*
 * Is @after the text @before, but for words in capital letters that have values instead?
 * "__API_URL__", "${API_URL}", "%API_URL%" and the like. A value is an address, a name or a number:
 * no blank, quote, bracket or sign by which code could begin or go on is in it.
 */
bool placeholders_filled_in(struct sl_bytes before, struct sl_bytes after);

#endif
