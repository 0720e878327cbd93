/* SPDX-License-Identifier: Apache-2.0 */
/* What the last run that asked for news found in a container. */
#ifndef JOB_SEENLIST_H
#define JOB_SEENLIST_H

#include "core/db.h"

struct seenlist;

/* Of one container, known by @subject (copied). Borrows @db. */
int seenlist_open(struct seenlist **out, struct db *db, const char *subject, struct sl_error *err);
/* Did the last run have it? 1 or 0; and it is part of this one. */
int seenlist_meet(struct seenlist *s, const uint8_t finding[SL_SHA256_SIZE], struct sl_error *err);
/* This run was finished: it is the last one from now on. */
int seenlist_commit(struct seenlist *s, struct sl_error *err);
void seenlist_free(struct seenlist *s); /* NULL is fine */

#endif
