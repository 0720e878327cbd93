/* SPDX-License-Identifier: Apache-2.0 */
/* Approve the settings a container has now, and look after what was approved. */
#ifndef JOB_APPROVE_H
#define JOB_APPROVE_H

#include "core/buf.h"
#include "job/approval.h"
#include "job/job.h"

struct approve_request {
	const char *container; /* reference; it must stand for one */
	bool has_kind;
	enum approval_kind kind; /* else pod for a container of a pod, name for any other */
	const char *by;          /* NULL: whoever is logged in */
	const char *reason;      /* or NULL */
};

/*
 * @out: what was stored; clear it. @unknown: the names of settings that were not known, and are not
 * compared later. What cannot be read is refused: nobody can approve of it.
 */
int job_approve(const struct job *job, const struct approve_request *request, struct approval *out,
		struct buf *unknown, struct sl_error *err);
int job_approvals(const struct job *job, int (*each)(void *payload, const struct approval *a),
		  void *payload, struct sl_error *err);
/*
 * One by its key, or by what stands behind the engine in it, of any kind or (@kind not NULL) of
 * that one. -SL_ENOTFOUND, -SL_EAMBIGUOUS.
 */
int job_approval(const struct job *job, const char *word, const enum approval_kind *kind,
		 struct approval *out, struct sl_error *err);
/* The same, and forget it. */
int job_approval_remove(const struct job *job, const char *word, const enum approval_kind *kind,
			struct approval *out, struct sl_error *err);

#endif
