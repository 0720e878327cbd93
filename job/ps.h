/* SPDX-License-Identifier: Apache-2.0 */
/* What runs, and what else is there. */
#ifndef JOB_PS_H
#define JOB_PS_H

#include <strandline/container.h>
#include <strandline/source.h>

#include "job/job.h"

struct ps_request {
	bool running;       /* only these */
	bool sandboxes;     /* what holds the namespaces of pods, too */
	bool orphans;       /* what no container owns, and what images are built in, too */
	const char *engine; /* only of this engine, or NULL */
	const char *image;  /* only of this image: part of its reference, or beginning of its id */
	const char *pod;    /* only of this pod: "NAMESPACE/POD" or "POD"; or NULL */
};

/* Containers that were left out only because of what they are. */
struct ps_hidden {
	size_t sandboxes, builds;
};

/* Where they go, in order; both borrowed. Non-zero ends the listing. */
struct ps_receiver {
	int (*container)(void *payload, const struct sl_container *c);
	int (*gap)(void *payload, const struct sl_gap *gap);
	void *payload;
};

/* @param[out] status  3 when something could not be listed, or is listed as not read; else 0 */
int job_ps(const struct job *job, const struct ps_request *request,
	   const struct ps_receiver *receiver, struct ps_hidden *hidden, int *status,
	   struct sl_error *err);

#endif
