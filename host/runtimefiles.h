/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runtimes, shims and monitors keep about a container while it runs: runc's and crun's state,
 * containerd's task directory, conmon's exit files. All of it lies below run, and is gone with the
 * next boot, unless an engine was told to keep it elsewhere.
 */
#ifndef HOST_RUNTIMEFILES_H
#define HOST_RUNTIMEFILES_H

#include <strandline/container.h>

/*
 * Add what is there of the container to its artifacts: below run, where the shim of a running one
 * works (@proc_fd, or -1), and where daemon.json says. Negative is memory only.
 */
int runtimefiles_add(struct sl_container *c, int root_fd, int proc_fd, struct sl_error *err);

#endif
