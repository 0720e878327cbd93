/* SPDX-License-Identifier: Apache-2.0 */
#include "job/enrichers.h"

#include "core/yarascan.h"
#include "diff/policy.h"
#include "job/hashlists.h"
#include "job/policy.h"

int enrichers_open(struct enrichers *out, const struct job *job, const struct enricher_files *files,
		   struct sl_error *err)
{
	int rc = 0;

	*out = (struct enrichers){.policy = NULL};
	rc = job_policy_read(&out->policy, files->policies, files->policy_count, err);
	if (rc == 0 && files->hash_count > 0)
		rc = hashlists_open(&out->hashes, job, files->hashes, files->hash_count, err);
	if (rc == 0 && files->yara != NULL)
		rc = yarascan_open(&out->yara, files->yara, err);
	return rc;
}

void enrichers_close(struct enrichers *e)
{
	policy_free(e->policy);
	hashlists_free(e->hashes);
	yarascan_close(e->yara);
	*e = (struct enrichers){.policy = NULL};
}
