/* SPDX-License-Identifier: Apache-2.0 */
/* Modification times that were taken from programs of the image: touch -r /bin/ls FILE. */
#ifndef JOB_MEANING_TIMES_H
#define JOB_MEANING_TIMES_H

#include "job/meaning.h"

int meaning_add_times(struct meaning *m, struct sl_error *err);

#endif
