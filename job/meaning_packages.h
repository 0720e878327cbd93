/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which package a changed file belongs to, whether it has the digest that the package recorded, and
 * which packages came or went. The image's database is asked first; the container's own is the
 * attacker's to edit. None of it explains anything or makes it less severe.
 */
#ifndef JOB_MEANING_PACKAGES_H
#define JOB_MEANING_PACKAGES_H

#include "job/meaning.h"

/* Nothing is read before the first change that could belong to a package. */
int meaning_packages(struct meaning *m, struct sl_error *err);

#endif
