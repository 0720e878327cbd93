/* SPDX-License-Identifier: Apache-2.0 */
/* New files that an entry point copied out of the image while the container started. */
#ifndef JOB_MEANING_COPIES_H
#define JOB_MEANING_COPIES_H

#include "job/meaning.h"

int meaning_copies(struct meaning *m, struct sl_error *err);

#endif
