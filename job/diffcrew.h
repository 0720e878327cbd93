/* SPDX-License-Identifier: Apache-2.0 */
/* Containers compared in processes of their own, several at a time. */
#ifndef JOB_DIFFCREW_H
#define JOB_DIFFCREW_H

#include "job/diffrun.h"

/* Sets run->crew where more than one at a time was asked for. */
int diffcrew_open(struct diff_run *run);
/* Takes over @c, also on failure. What came of it is told later, in order. */
int diffcrew_container(struct diff_run *run, struct sl_container *c);
/* Tell all that were begun; without a crew there are none. */
int diffcrew_finish(struct diff_run *run);
void diffcrew_close(struct diff_run *run);

#endif
