/* SPDX-License-Identifier: Apache-2.0 */
/* Long work asks now and then whether it is still wanted. */
#ifndef SNAPSHOT_HALT_H
#define SNAPSHOT_HALT_H

#include <strandline/baseline.h>

static inline bool is_halted(const struct sl_progress *p)
{
	return p != NULL && p->stop != NULL && *p->stop != 0;
}

/* 0; -SL_ECANCELLED when it is not. @p may be NULL. */
static inline int halted(const struct sl_progress *p, struct sl_error *err)
{
	return is_halted(p) ? sl_fail(err, SL_ECANCELLED, 0, "stopped by a signal") : 0;
}

#endif
