/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the seek table at the end of a bundle true? Constant memory: the entries that the frames ask
 * for are hashed as they pass, and compared with the hash of the entries that are there.
 */
#ifndef FORENSICS_SEEKTABLE_H
#define FORENSICS_SEEKTABLE_H

#include "core/zframes.h"

struct seektable;

int seektable_new(struct seektable **out, struct sl_error *err);
void seektable_free(struct seektable *t);

/* Every frame but the seek table itself, in order. */
void seektable_add(struct seektable *t, const struct zframe_view *frame);
/* Content of the skippable frame. 0; -SL_EFORMAT when it says anything else than the frames. */
int seektable_check(struct seektable *t, const uint8_t *bytes, size_t len, struct sl_error *err);
/* Whether @frame is a seek table whose entries add up to all that stands before it in the file. */
bool seektable_accounts(const struct zframe_view *frame);

#endif
