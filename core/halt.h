/* SPDX-License-Identifier: Apache-2.0 */
/* Long work asks now and then whether it is still wanted. */
#ifndef CORE_HALT_H
#define CORE_HALT_H

#include <signal.h>

#include <strandline/baseline.h>
#include <strandline/source.h>

/* What says so to whoever works with @p, which may be NULL. */
static inline const volatile sig_atomic_t *stop_of(const struct sl_progress *p)
{
	return p != NULL ? p->stop : NULL;
}

/* @stop is what a signal's handler sets; NULL: nothing ever does. */
static inline bool is_halted(const volatile sig_atomic_t *stop)
{
	return stop != NULL && *stop != 0;
}

/* 0; -SL_ECANCELLED when it is not. */
static inline int halted(const volatile sig_atomic_t *stop, struct sl_error *err)
{
	return is_halted(stop) ? sl_fail(err, SL_ECANCELLED, 0, "stopped by a signal") : 0;
}

/* Ends the reading of a content. */
struct halt_tap {
	struct sl_tap tap;
	const volatile sig_atomic_t *stop; /* borrowed */
};

void halt_tap_init(struct halt_tap *t, const volatile sig_atomic_t *stop);

#endif
