/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of other systems in files that lie where such are gathered or passed on. */
#ifndef JOB_MEANING_CREDENTIALS_H
#define JOB_MEANING_CREDENTIALS_H

#include "job/meaning.h"

int meaning_add_credentials(struct meaning *m, struct sl_error *err);

#endif
