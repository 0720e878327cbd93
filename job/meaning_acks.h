/* SPDX-License-Identifier: Apache-2.0 */
/* Findings that somebody answered for, and those that the last run had, too. */
#ifndef JOB_MEANING_ACKS_H
#define JOB_MEANING_ACKS_H

#include "job/meaning.h"

int meaning_acks(struct meaning *m, struct sl_error *err);

#endif
