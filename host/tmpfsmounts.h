/* SPDX-License-Identifier: Apache-2.0 */
/* The file systems in memory that a container has for itself: gone when it stops. */
#ifndef HOST_TMPFSMOUNTS_H
#define HOST_TMPFSMOUNTS_H

#include <strandline/container.h>

struct host;

struct tmpfs_mount {
	char *point; /* in the container, absolute; owned */
	uint32_t major, minor;
};

struct tmpfs_mounts {
	struct tmpfs_mount *items; /* by point */
	size_t count;
	char **points; /* everything that is mounted in the container, by name; owned */
	size_t point_count;
};

/*
 * What the container's first process sees. Left out are the machine's own (/run given into a
 * container: a volume) and parts of one that is listed. 0; 1: nothing can be seen, and *why says
 * so (static text).
 */
int host_tmpfs_mounts(struct host *h, const struct sl_container *c, struct tmpfs_mounts *out,
		      const char **why, struct sl_error *err);
void tmpfs_mounts_clear(struct tmpfs_mounts *m);

/* Is something mounted at exactly this path? It begins with a slash. */
bool tmpfs_mounts_has(const struct tmpfs_mounts *m, const char *path);

#endif
