/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in a container. Its processes are those in its control group and those in its
 * namespaces; each is looked at through its directory in /proc, which stays with it: another
 * process that gets its number later is never taken for it. Nothing of the container is run, and
 * nothing is opened that could wait: arguments and environment are read from anonymous memory alone
 * since Linux 4.17, so that no file server of the container's is asked for them. But all readers of
 * a process's memory wait for its lock, and whoever holds that may wait for such a server: that is
 * asked for in a worker (proctexts.h).
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
 * which may be NULL. What waits for a process's memory is asked by a worker.
 */
int host_processes(struct host *h, const struct sl_container *c, const volatile sig_atomic_t *stop,
		   struct sl_processes *out, struct sl_error *err);
/*
 * The same without this program, where those left it out, and without the memory of those that are
 * known to hang, which is a gap; who hangs now is marked there.
 */
int host_processes_of(struct host *h, const struct sl_container *c, struct host_members *members,
		      const volatile sig_atomic_t *stop, struct sl_processes *out,
		      struct sl_error *err);

/*
 * Pass over /proc now, if a running container is to be looked at in a process that is forked from
 * this one: all of them share what was seen. What goes wrong they will say.
 */
void host_processes_prepare(struct host *h, const struct sl_container *c);

/*
 * Look again, at least a second after the first time: is_steady says which processes are there
 * still and run the same file. Waits where that second has not passed yet; *stop may be NULL.
 * @keep: those that were old enough at the first look stay steady, whatever became of them.
 */
void host_processes_again(struct host *h, struct sl_processes *p, bool keep,
			  const volatile sig_atomic_t *stop);

#endif
