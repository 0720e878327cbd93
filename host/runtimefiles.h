/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runtimes, shims and monitors keep about a container while it runs: runc's and crun's state,
 * containerd's task directory, conmon's exit files. All of it lies below run, and is gone with the
 * next boot.
 */
#ifndef HOST_RUNTIMEFILES_H
#define HOST_RUNTIMEFILES_H

#include <strandline/container.h>

/* Add what is there of the container to its artifacts. Negative is memory only. */
int runtimefiles_add(struct sl_container *c, int root_fd, struct sl_error *err);

#endif
