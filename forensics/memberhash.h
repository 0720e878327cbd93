/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of members, computed by threads of their own where the frames lie that hold them: whoever
 * takes the tar apart never touches their bytes, and nothing is copied.
 *
 * What lies in one frame is one job, so that a thousand small members cost no more hand-overs than
 * one large one. A member that goes on in the next frame is hashed on by that frame's job, which
 * does all else first and then waits for the one before.
 */
#ifndef FORENSICS_MEMBERHASH_H
#define FORENSICS_MEMBERHASH_H

#include "forensics/members.h"

struct memberhash;

/* Called by memberhash_data() and memberhash_settle(), once for each member that ended. */
typedef void (*memberhash_fn)(void *payload, size_t id, const uint8_t sha256[SL_SHA256_SIZE]);

/*
 * @members is borrowed until it is freed, and all calls come from the thread that reads them.
 * @threads may be 0.
 */
int memberhash_new(struct memberhash **out, struct members *members, unsigned int threads,
		   memberhash_fn take, void *payload, struct sl_error *err);
/* Gives back all frames, also in the middle of a member. */
void memberhash_free(struct memberhash *h);

/* The member at hand is number @id to the caller. */
void memberhash_begin(struct memberhash *h, size_t id);
/* Bytes that members_data() has just given. */
int memberhash_data(struct memberhash *h, const uint8_t *bytes, size_t len, struct sl_error *err);
int memberhash_end(struct memberhash *h, struct sl_error *err);

/* No member comes for a while: what is gathered is worth beginning with. */
int memberhash_flush(struct memberhash *h, struct sl_error *err);
/* Wait for all members that ended. */
int memberhash_settle(struct memberhash *h, struct sl_error *err);

#endif
