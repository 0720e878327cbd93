/* SPDX-License-Identifier: Apache-2.0 */
/* What a capture would take, found out without taking it: nothing is read but what is listed. */
#ifndef JOB_CAPTURE_PLAN_H
#define JOB_CAPTURE_PLAN_H

#include "job/capture.h"

struct capture_amount {
	uint64_t files, bytes;
};

/* What one rule leaves out. */
struct capture_omission {
	char *why; /* owned */
	struct capture_amount amount;
};

struct capture_plan_target {
	char *engine, *id, *label; /* owned; id may be NULL */
	const char *state;
	uint64_t objects;               /* that get a record: directories and links, too */
	struct capture_amount upper;    /* files whose bytes are taken */
	uint64_t holes;                 /* bytes of these files that take no place */
	struct capture_amount metadata; /* the engine's files */
	struct capture_amount logs;
	struct capture_omission *omissions; /* owned; by plan */
	size_t omission_count;
	struct capture_omission *gaps; /* owned: what will go missing, and why */
	size_t gap_count;
};

struct capture_plan {
	enum capture_profile profile;
	const char **steps; /* names, in order; owned, their texts are static */
	size_t step_count;
	struct capture_plan_target *targets; /* owned */
	size_t target_count;
	struct capture_omission *lost; /* owned: containers that cannot be captured */
	size_t lost_count;
	struct capture_amount total;
};

/*
 * @request as for job_capture(); its output is not looked at. The files are listed as they are now:
 * a plan is no promise. @param[out] status 0, or 3 when something will be missing.
 */
int job_capture_plan(const struct job *job, const struct capture_request *request,
		     struct capture_plan *out, int *status, struct sl_error *err);
void capture_plan_clear(struct capture_plan *p);

#endif
