/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted over a container's tree has no baseline: nothing in it can be told to have
 * changed. It is looked through all the same, for programs, keys and whatever a rule names; the
 * rest is counted. Bounded for each mount: what lies past a bound is a gap.
 */
#ifndef JOB_MEANING_VOLUMES_H
#define JOB_MEANING_VOLUMES_H

#include "job/meaning.h"

int meaning_volumes(struct meaning *m, struct sl_error *err);

#endif
