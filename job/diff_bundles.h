/* SPDX-License-Identifier: Apache-2.0 */
/* What changed in a container between two captures of it. */
#ifndef JOB_DIFF_BUNDLES_H
#define JOB_DIFF_BUNDLES_H

#include <strandline/sink.h>

#include "core/age.h"
#include "job/job.h"

struct diff_bundles_request {
	const char *before, *after; /* files */
	const char *target;         /* which container of them, where there are several; or NULL */
	const struct age_identities *identities; /* for encrypted bundles; or NULL */
	enum sl_severity fail_on;
	bool accept_unproven;
	bool show_touched;
};

/*
 * Compare what two bundles say of one container's tree. Nothing but the bundles is read. What they
 * say is as good as they are: trust is "recorded".
 *
 * A bundle that contradicts itself is -SL_EUNTRUSTED, bundles of different containers are compared
 * with a gap that says so.
 *
 * @param[out] status  exit status, as man strandline has it for diff
 */
int job_diff_bundles(const struct job *job, const struct diff_bundles_request *request,
		     struct sl_sink *sink, int *status, struct sl_error *err);

#endif
