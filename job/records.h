/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people decided about findings and settings: tables of their own in the database of the
 * baselines.
 */
#ifndef JOB_RECORDS_H
#define JOB_RECORDS_H

#include "core/db.h"
#include "job/job.h"

/*
 * Open for writing; makes what is missing. -SL_EINVAL where there is no database that lasts, or
 * where it would lie in an engine's store. Close with db_close().
 */
int records_open(const struct job *job, struct db **out, struct sl_error *err);
/*
 * Open for reading: nothing is made, and a database that this program may not write will do. 1 when
 * there is no database, or none with the table @table, which is as good as an empty one.
 */
int records_read(const struct job *job, const char *table, struct db **out, struct sl_error *err);
/* 0 when the open database has it, 1 when it has not. */
int records_has_table(struct db *db, const char *table, struct sl_error *err);

#endif
