/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs grow at their end. One of the image that is as long as it was, or longer, and does not begin
 * with the image's bytes any more was edited, or emptied and filled again: its length hides it.
 */
#ifndef DIFF_LOGPREFIX_H
#define DIFF_LOGPREFIX_H

#include "diff/lane.h"

/* How many bytes of @after's beginning are to be compared: the image's length, 0 where no log. */
uint64_t logprefix_wanted(const struct sl_entry *before, const struct sl_entry *after);

/* Both sides were read, or their digests are known. Never true by guess. */
bool logprefix_is_rewritten(const struct pair *p);

#endif
