/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a process that a store names is still that container's. */
#ifndef HOST_ALIVE_H
#define HOST_ALIVE_H

#include <strandline/error.h>

enum alive {
	ALIVE_NO,      /* no such process, it has ended, or it belongs to something else */
	ALIVE_YES,     /* its control group or its mounts name the container */
	ALIVE_UNKNOWN, /* /proc would not say */
};

/* @proc_fd is an open /proc; @id the container's full id. */
enum alive alive_check(int proc_fd, int64_t pid, const char *id);

#endif
