/* SPDX-License-Identifier: Apache-2.0 */
/* What ran in a container when a capture began, for the steps that look at it and what it means. */
#ifndef JOB_CAPTURE_SEEN_H
#define JOB_CAPTURE_SEEN_H

#include "host/members.h"
#include "job/capture_run.h"
#include "job/capture_writers.h"

/* Gaps that are told one by one in a step; what more there is, is one. */
#define CAPTURE_SEEN_GAPS_MAX 32

/* Numbers of the records about one process; 0: there is none. */
struct capture_process {
	uint64_t record; /* what it was: `proc` */
	uint64_t exe;    /* its program, where that was recovered: `file` */
};

struct capture_seen {
	struct host_members members;
	struct capture_process *records; /* one for each member */
	struct sl_processes processes;   /* as findings see them, when has_processes */
	bool has_processes;
	struct capture_writers writers; /* files that they have open for writing */
	size_t gaps;                    /* told in the step under way */
};

/*
 * Look who runs, once. 0: t->seen has processes. 1: there is nothing to look at, which is told
 * where something should be.
 */
int capture_look(struct capture *c, struct capture_target *t, struct sl_error *err);
void capture_seen_free(struct capture_seen *seen); /* NULL is fine */

/* A gap of "process PID". Begin each step with seen->gaps = 0. */
int capture_process_gap(struct capture *c, struct capture_target *t, int64_t pid, const char *why,
			int sys, struct sl_error *err);

/* Bytes in memory as a file of @role with further @members of its record, which may be NULL. */
int capture_text(struct capture *c, const struct capture_target *t, const char *role,
		 const char *path, struct sl_bytes bytes, const char *members,
		 struct sl_error *err);

/* What was recorded of the process; NULL: nothing. */
const struct capture_process *capture_seen_by_pid(const struct capture_seen *seen, int64_t pid);

#endif
