/* SPDX-License-Identifier: Apache-2.0 */
#include "job/database.h"

#include "job/outplace.h"

int job_database_open(const struct job *job, struct sl_baselines **out, struct sl_error *err)
{
	int rc = job->db != NULL ? outplace_in_store(job, job->db, err) : 0;

	if (rc > 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "the database '%s' lies inside an engine's store: choose another "
			       "place with --db",
			       job->db);
	if (rc == 0)
		rc = sl_baselines_open(out, job->db, err);
	if (rc == 0)
		sl_baselines_stop(*out, job->stop);
	return rc;
}
