/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bytes of a container's mount lie: a volume or bind mount at its source on the host, a
 * tmpfs in the mount namespace of the container's first process. Nothing is opened that could lead
 * to a server which does not answer, and nothing outside of the examined root. The root of the host
 * itself, and what the kernel shows of itself as files, are no volumes.
 */
#ifndef HOST_VOLUME_H
#define HOST_VOLUME_H

#include <strandline/container.h>

struct host;

struct host_volume {
	int dir_fd;      /* O_PATH, a directory; -1: there is nothing to read */
	char *file;      /* the mount is this file in it; NULL: the directory itself. Owned */
	const char *why; /* why it is not read; static text, or NULL */
	int sys;
	bool is_shm; /* /dev/shm, which engines mount from a tmpfs inside their store */
};

/* Open @m of @c. 0, also when it cannot be read: then why says it. Clear with the next one. */
int host_volume_open(struct host *h, const struct sl_container *c, const struct sl_mount *m,
		     struct host_volume *out, struct sl_error *err);
void host_volume_clear(struct host_volume *v);

#endif
