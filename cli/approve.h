/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about approved profiles share. */
#ifndef CLI_APPROVE_H
#define CLI_APPROVE_H

#include "cli/options.h"
#include "core/json.h"
#include "job/approval.h"

/* Words of --as; the first is: not said. */
extern const char *const approve_kinds[];
/* What the number of a word means; NULL: not said. */
const enum approval_kind *approve_kind(unsigned int as);

/* kind, key, by, reason, at, settings: in the object that is open. */
void approve_members(struct jout *j, const struct approval *a);

#endif
