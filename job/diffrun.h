/* SPDX-License-Identifier: Apache-2.0 */
/* What one run of `diff` shares between its containers, and what is done for each of them. */
#ifndef JOB_DIFFRUN_H
#define JOB_DIFFRUN_H

#include "job/diff.h"

struct crew;
struct digestcache;
struct hashlists;
struct host;
struct policy;
struct yarascan;

struct diff_run {
	const struct job *job;
	const struct diff_request *request;
	struct host *host;
	struct hashlists *hashes;    /* NULL: none were given */
	struct yarascan *yara;       /* the same */
	struct digestcache *digests; /* opened with the first container that may use it */
	struct crew *crew;           /* several containers at a time; NULL: one after the other */
	struct sl_sink *sink;
	struct job_run about;
	struct policy *policy;
	bool begun;
	int status;  /* combined so far; -1: no statement yet */
	bool failed; /* a container was found, and comparing it ended the run */
	struct sl_error *err;
};

/* The document starts with its first container, so that a word that means nothing starts none. */
int diffrun_begin(struct diff_run *run);
void diffrun_take_status(struct diff_run *run, const struct sl_summary *summary);
/* Compare a container of a store, or say why it cannot be. Negative ends the run. */
int diffrun_container(struct diff_run *run, struct sl_container *c);
/* A container that cannot be examined at all is still in the document: as one gap. */
int diffrun_unread(struct diff_run *run, const struct sl_container *c, const char *why, int sys);
/* Failures that are about more than one container. */
bool diffrun_is_fatal(int rc);
/* The directory that was asked for. */
int diffrun_directory(struct diff_run *run);

#endif
