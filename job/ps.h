/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers there are. */
#ifndef JOB_PS_H
#define JOB_PS_H

#include <strandline/container.h>
#include <strandline/source.h>

#include "job/job.h"

struct ps_request {
	bool running;       /* running and paused ones only */
	const char *engine; /* only this engine's, or NULL */
	const char *image;  /* only those whose image reference contains this, or NULL */
};

struct ps_receiver {
	int (*container)(void *payload, const struct sl_container *c);
	int (*gap)(void *payload, const struct sl_gap *gap);
	void *payload;
};

/* @param[out] status  0, or 3 when something could not be read */
int job_ps(const struct job *job, const struct ps_request *request,
	   const struct ps_receiver *receiver, int *status, struct sl_error *err);

#endif
