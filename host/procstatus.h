/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/status: who a process is and what it may, as lines of a name and values. */
#ifndef HOST_PROCSTATUS_H
#define HOST_PROCSTATUS_H

#include <strandline/error.h>

/* The kernel nests pid namespaces no deeper; and of groups it allows 65,536. */
#define PROCSTATUS_PIDS_MAX 33
#define PROCSTATUS_GROUPS_MAX 64

enum { PROCSTATUS_CAPS = 5 }; /* inheritable, permitted, effective, bounding, ambient */

struct procstatus {
	char state; /* 'S', 'R', 'Z'..., 0: not said */
	int64_t pid;
	int64_t inner[PROCSTATUS_PIDS_MAX]; /* its numbers, the machine's first */
	size_t inner_count;
	int64_t tracer;          /* 0: none */
	bool has_ids;            /* uid and gid are known */
	uint32_t uid[4], gid[4]; /* real, effective, saved, of the file system */
	uint32_t groups[PROCSTATUS_GROUPS_MAX];
	size_t group_count; /* as many as there are: those beyond the maximum are counted only */
	uint64_t threads;
	bool has_caps;
	uint64_t caps[PROCSTATUS_CAPS];
	int no_new_privs, seccomp; /* -1: not said */
};

/* "inheritable", "permitted"... Static. */
const char *procstatus_cap_name(size_t i);

/*
 * Lines that it does not know, or whose values are none, are passed over: what they would say is
 * not known then. -SL_EFORMAT: there is no line with the process's number.
 */
int procstatus_parse(struct procstatus *out, const char *text, size_t len, struct sl_error *err);

#endif
