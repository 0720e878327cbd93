/* SPDX-License-Identifier: Apache-2.0 */
/* Records of log-ins that were wiped out of the middle of their file. */
#ifndef JOB_MEANING_LOGINS_H
#define JOB_MEANING_LOGINS_H

#include "job/meaning.h"

int meaning_add_logins(struct meaning *m, struct sl_error *err);

#endif
