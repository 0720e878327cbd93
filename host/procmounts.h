/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of one process, kept: which mount an object is on, and what it is of. */
#ifndef HOST_PROCMOUNTS_H
#define HOST_PROCMOUNTS_H

#include <strandline/error.h>

struct procmount {
	uint64_t id, parent;
	uint32_t major, minor;
	char *root, *point; /* owned */
	bool is_tmpfs, is_proc, is_overlay;
	bool is_kernel;     /* an interface of the kernel that no container gets outside of /sys */
	bool shows_nothing; /* it has no files: handles of namespaces */
	bool is_readonly;
	bool is_slow; /* a path in it may lead to a server that does not answer */
};

struct procmounts {
	struct procmount *items;
	size_t count, cap;
	bool has_slow;
	size_t broken; /* lines that are no mount */
};

/* @pid_fd is the process's directory in /proc. */
int procmounts_read(struct procmounts *out, int pid_fd, struct sl_error *err);
void procmounts_clear(struct procmounts *m);

const struct procmount *procmounts_by_id(const struct procmounts *m, uint64_t id);

/* Is this a mount over an entry of a process in a procfs ("/proc/1", "/proc/1/cmdline")? */
bool procmounts_covers(const struct procmounts *m, const struct procmount *mount);

/*
 * What lies behind @prefix in @path, with its slash; "" when they are the same. NULL: @path does
 * not lie beneath it. Both absolute.
 */
const char *procmounts_behind(const char *path, const char *prefix);

#endif
