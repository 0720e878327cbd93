/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a file lies that a process runs. The kernel says it: the mount that the file was opened on,
 * and its path on that mount. A name that the process gives is never looked up for it.
 */
#ifndef HOST_PROCOBJECT_H
#define HOST_PROCOBJECT_H

#include "host/procmounts.h"
#include "host/proctable.h"

/* Objects of one container that are told apart; more is a gap. */
#define PROCOBJECTS_MAX 8192

/* The container whose objects these are. */
struct procobjects {
	const struct proctable *table;
	int proc_fd;
	const struct sl_container *container;
	struct procmount root; /* its root directory's mount; texts borrowed; root NULL: unknown */
	struct procmounts mounts; /* as its first process sees them; borrowed */
	struct sl_processes *out;
};

/* One process, as far as paths need it. All borrowed. */
struct procseen {
	int pid_fd;
	const struct procmounts *mounts;
	const char *root; /* its root directory, as links in its directory show it */
	bool is_machine;  /* it sees the machine's mounts */
};

/*
 * Add what @fd (O_PATH, taken over, also on failure) refers to, or find it again. @link is what
 * /proc shows for it, NULL when that is too long to be shown.
 */
int procobject_add(struct procobjects *all, const struct procseen *by, int fd, const char *link,
		   size_t *index, struct sl_error *err);

/* A link's text, as seen from the root directory of the process. */
const char *procobject_inside(const struct procseen *by, const char *link);

/* Read the first bytes of a regular file that can be read without waiting. 0 when it cannot. */
size_t procobject_head(const struct procseen *by, int fd, char *out, size_t size);

#endif
