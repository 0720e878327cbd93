/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container by number, for whoever looks at them one by one later. */
#ifndef HOST_MEMBERS_H
#define HOST_MEMBERS_H

#include <strandline/process.h>

struct host;

struct host_member {
	int64_t pid;
	uint64_t start;    /* with the pid, it is this process and none that came later */
	uint64_t net_ns;   /* 0: it would not say */
	uint32_t place;    /* set of enum sl_process_place */
	bool is_hung;      /* it let a reader of its memory wait in vain: not asked again */
	bool is_abandoned; /* and that reader could not even be killed */
};

/* A process of the container that cannot be looked at. */
struct host_refused {
	int64_t pid;
	const char *why; /* static */
	int sys;         /* errno, or 0 */
};

struct host_members {
	struct host_member *items; /* by pid; owned */
	size_t count;
	struct host_refused *refused; /* by pid; owned */
	size_t refused_count;
	int64_t self; /* this program is one of them and was left out; 0: it is not */
};

enum host_members_flags {
	HOST_MEMBERS_ANEW = 1, /* not as they were some seconds ago */
	/* Without this program and what it started: evidence of itself would hold its keys. */
	HOST_MEMBERS_OTHERS = 2,
};

/*
 * As few questions as possible: nothing of theirs is read that could wait. 0; 1: it does not run,
 * or there is no /proc to look at. Clear also after a failure.
 */
int host_members(struct host *h, const struct sl_container *c, unsigned int flags,
		 struct host_members *out, struct sl_error *err);
void host_members_clear(struct host_members *m);

/* Its directory in /proc, if it is still this process. O_PATH; -SL_ENOTFOUND. */
int host_member_open(const struct host *h, const struct host_member *member, struct sl_error *err);

/* The same of a /proc that is open. */
int host_member_open_at(int proc_fd, const struct host_member *member, struct sl_error *err);

/* The descriptor of the procfs that processes are looked at through; borrowed. -1: none. */
int host_proc_fd(const struct host *h);

#endif
