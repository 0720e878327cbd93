/* SPDX-License-Identifier: Apache-2.0 */
/* A container that is stopped while it is compared, where that was asked for. */
#ifndef JOB_STANDSTILL_H
#define JOB_STANDSTILL_H

#include <strandline/sink.h>

#include "host/freeze.h"
#include "job/job.h"

struct standstill {
	const struct job *job;
	struct freeze *freeze;
	bool has_gap; /* it was not done, or not undone, as asked for */
	char *why;    /* the details; NULL: there was no memory for them */
};

/*
 * Stop a container that runs for at most @seconds; 0: do not. What cannot be done is said by
 * standstill_end(): the comparison goes on without.
 */
void standstill_begin(struct standstill *s, const struct job *job, const struct host *host,
		      const struct sl_container *c, unsigned int seconds);

/*
 * Start it again, and say in the summary how long it stood. Returns 1 with @gap (borrowed until
 * standstill_clear()) when that was not, or not to the end, as asked for.
 */
int standstill_end(struct standstill *s, struct sl_summary *summary, struct sl_gap *gap);

/* On every way out: starts it again if that has not been done. */
void standstill_clear(struct standstill *s);

#endif
