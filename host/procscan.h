/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in a container. Its processes are those in its control group and those in its
 * namespaces; each is looked at through its directory in /proc, which stays with it: another
 * process that gets its number later is never taken for it. Nothing of the container is run, and
 * nothing is opened that could wait: arguments and environment are read from anonymous memory alone
 * since Linux 4.17, so that no file server of the container's is asked for them. But all readers of
 * a process's memory wait for its lock, and whoever holds that may wait for such a server.
 */
#ifndef HOST_PROCSCAN_H
#define HOST_PROCSCAN_H

#include <signal.h>

#include <strandline/process.h>

struct host;
struct host_members;
struct proctable;
struct proctable_row;

/* Is this one of the container's processes? @place: what it shares with it. */
bool procscan_is_member(const struct proctable *t, const struct sl_container *c,
			const struct proctable_row *row, uint32_t *place);

/*
 * Look at the processes of a running container. 0; 1: it does not run, or there is no /proc to look
 * at. What cannot be read is a gap in @out. Clear @out also after a failure. -SL_ECANCELLED: *stop,
 * which may be NULL. Whether a process's memory can be read is tried in a worker first.
 */
int host_processes(struct host *h, const struct sl_container *c, const volatile sig_atomic_t *stop,
		   struct sl_processes *out, struct sl_error *err);
/* The same without the memory of those that are known to hang (host/members.h), which is a gap. */
int host_processes_of(struct host *h, const struct sl_container *c,
		      const struct host_members *members, struct sl_processes *out,
		      struct sl_error *err);

/*
 * Pass over /proc now, if a running container is to be looked at in a process that is forked from
 * this one: all of them share what was seen. What goes wrong they will say.
 */
void host_processes_prepare(struct host *h, const struct sl_container *c);

/* A process of a container, by numbers alone. */
struct host_process_id {
	int64_t pid;
	uint64_t start; /* in clock ticks after boot; 0 when @problem says why it is not known */
	const char *problem; /* why it cannot be looked at, or NULL; static */
	int sys;             /* with it: errno, or 0 */
};

/*
 * The same processes, as few questions as possible: nothing of theirs is read that could wait. This
 * program and what it started are left out. @anew: not as they were some seconds ago. @out is owned
 * by the caller: free(). 1: it does not run, or there is no /proc to look at.
 */
int host_process_ids(struct host *h, const struct sl_container *c, bool anew,
		     struct host_process_id **out, size_t *count, struct sl_error *err);

/*
 * Look again, at least a second after the first time: is_steady says which processes are there
 * still and run the same file. Waits where that second has not passed yet; *stop may be NULL.
 * @keep: those that were old enough at the first look stay steady, whatever became of them.
 */
void host_processes_again(struct host *h, struct sl_processes *p, bool keep,
			  const volatile sig_atomic_t *stop);

#endif
