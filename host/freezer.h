/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel has stopped a control group: a paused container. */
#ifndef HOST_FREEZER_H
#define HOST_FREEZER_H

#include "host/cgroup.h"

enum freezer {
	FREEZER_UNKNOWN, /* neither hierarchy could be asked */
	FREEZER_RUNS,
	FREEZER_FROZEN,
};

/* @root_fd is the root of the running machine, with its /sys/fs/cgroup. */
enum freezer freezer_of(int root_fd, const struct cgroup *group);

#endif
