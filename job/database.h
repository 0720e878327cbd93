/* SPDX-License-Identifier: Apache-2.0 */
/* The database of a job. */
#ifndef JOB_DATABASE_H
#define JOB_DATABASE_H

#include "job/job.h"

/* As sl_baselines_open(), but never inside an engine's store: nothing is written into evidence. */
int job_database_open(const struct job *job, struct sl_baselines **out, struct sl_error *err);

#endif
