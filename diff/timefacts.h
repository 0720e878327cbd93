/* SPDX-License-Identifier: Apache-2.0 */
/* What the times of an object say that nobody wrote into them by working with it. */
#ifndef DIFF_TIMEFACTS_H
#define DIFF_TIMEFACTS_H

#include <strandline/change.h>
#include <strandline/container.h>

#include "diff/facts.h"

/* The facts of diff/facts.h that are about times; @container may be NULL. */
fact_set timefacts_of(const struct sl_change *c, const struct sl_container *container);

#endif
