/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that changed in text files whose lines mean something, and what they mean. */
#ifndef JOB_MEANING_LINES_H
#define JOB_MEANING_LINES_H

#include "job/meaning.h"

int meaning_add_lines(struct meaning *m, struct sl_error *err);

#endif
