/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every job needs to know: where to look, where to keep baselines, whom to tell. Made once by
 * the caller, borrowed by the jobs.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include <signal.h>

#include <strandline/baseline.h>
#include <strandline/sink.h>

#include "core/kernel.h"

struct job_store {
	const char *engine;
	const char *dir;
};

struct job_rules;

struct job {
	const char *root; /* NULL: this machine */
	bool live;        /* @root is this machine's root, seen from elsewhere */
	const struct job_store *stores;
	size_t store_count;
	const char *ns; /* of containerd's namespaces only this one; NULL: all */
	const char *db; /* NULL: private and temporary, nothing is left behind */
	unsigned int threads;
	const struct sl_limits *limits; /* of layers that are indexed; NULL: the defaults */
	const struct job_rules *rules;  /* that drift is judged by (job/rules.h); NULL: built in */
	struct sl_progress progress;
	/* One line for the person at the terminal, never evidence bytes unquoted. May be NULL. */
	void (*say)(void *payload, const char *line);
	void *payload;
	const volatile sig_atomic_t *stop; /* may be NULL */
	uint64_t deadline_ns; /* since boot: then the job stops as for a signal; 0: never */
};

/* True when a signal asked to stop, or the time is over. */
bool job_stopped(const struct job *job);
/* True when it is the time that is over: no signal asked. */
bool job_is_late(const struct job *job);
/* Whole seconds that are left, at least 1; 0 without a deadline. */
unsigned int job_seconds_left(const struct job *job);
/* Tell the person, printf-like. */
void job_say(const struct job *job, const char *fmt, ...) SL_PRINTF(2, 3);

/* Fill what a document says about this run. Free with job_run_clear(). */
struct job_run {
	struct sl_run run;
	char *host_name, *boot_id, *kernel;
	const char *fallbacks[KERNEL_FALLBACKS_MAX];
};
int job_run_init(const struct job *job, struct job_run *out, const char *command,
		 struct sl_error *err);
void job_run_clear(struct job_run *r);

#endif
