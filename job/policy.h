/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as files: reading them, proposing one, and trying one on a result that was kept. */
#ifndef JOB_POLICY_H
#define JOB_POLICY_H

#include "core/ostream.h"
#include "diff/policy.h"
#include "job/job.h"

/* All files as one policy; *out is NULL when there are none. Free with policy_free(). */
int job_policy_read(struct policy **out, const char *const *files, size_t count,
		    struct sl_error *err);

/* Say what is wrong with it, a line each. */
void job_policy_warn(const struct job *job, const struct policy *p, bool has_run);

struct policy_try {
	uint64_t explained, unexplained; /* findings of the document, by this policy */
	uint64_t by_severity[SL_SEVERITY_CRITICAL + 1]; /* of those unexplained */
	uint64_t gaps;
};

/*
 * Ask the policy about a document of `diff --format json` or `jsonl`: each finding that nothing but
 * a policy explains is written to @to as a line. What engines and shipped rules explain stays so.
 */
int job_policy_try(struct policy *p, const char *document, struct ostream *to,
		   struct policy_try *out, struct sl_error *err);

#endif
