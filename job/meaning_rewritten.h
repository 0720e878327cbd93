/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that do not begin as the image's any more (diff/logprefix.h), of a tree that was recorded.
 */
#ifndef JOB_MEANING_REWRITTEN_H
#define JOB_MEANING_REWRITTEN_H

#include "job/meaning.h"

int meaning_add_rewritten(struct meaning *m, struct sl_error *err);

#endif
