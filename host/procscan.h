/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in a container. Its processes are those in its control group and those in its
 * namespaces; each is looked at through its directory in /proc, which stays with it: another
 * process that gets its number later is never taken for it. Nothing of the container is run, and
 * nothing is opened that could wait: arguments and environment are read from anonymous memory alone
 * since Linux 4.17, so that no file server of the container's is asked for them.
 */
#ifndef HOST_PROCSCAN_H
#define HOST_PROCSCAN_H

#include <signal.h>

#include <strandline/process.h>

struct host;

/*
 * Look at the processes of a running container. 0; 1: it does not run, or there is no /proc to look
 * at. What cannot be read is a gap in @out. Clear @out also after a failure.
 */
int host_processes(struct host *h, const struct sl_container *c, struct sl_processes *out,
		   struct sl_error *err);

/*
 * Pass over /proc now, if a running container is to be looked at in a process that is forked from
 * this one: all of them share what was seen. What goes wrong they will say.
 */
void host_processes_prepare(struct host *h, const struct sl_container *c);

/*
 * Look again, at least a second after the first time: is_steady says which processes are there
 * still and run the same file. Waits where that second has not passed yet; *stop may be NULL.
 */
void host_processes_again(struct host *h, struct sl_processes *p,
			  const volatile sig_atomic_t *stop);

#endif
