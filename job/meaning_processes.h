/* SPDX-License-Identifier: Apache-2.0 */
/* What runs in the container and is not in its image: findings, and marks on the files that run. */
#ifndef JOB_MEANING_PROCESSES_H
#define JOB_MEANING_PROCESSES_H

#include "job/meaning.h"

/* Nothing to do where no container runs on this machine. */
int meaning_processes(struct meaning *m, struct sl_error *err);

#endif
