/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts that a container was not given. Whoever may mount inside puts a file or directory over one
 * that is compared: programs then see what no comparison of the tree below ever reads.
 */
#ifndef HOST_PROCINNER_H
#define HOST_PROCINNER_H

#include "host/procmounts.h"

#include <strandline/process.h>

/* Mounts that are told apart; more say nothing new. */
#define PROCINNER_MAX 64

/* The container, as far as its mounts need it. Texts borrowed. */
struct procinner {
	const struct sl_container *container;
	const struct procmount *root; /* its root directory's mount */
	bool may_mount;               /* CAP_SYS_ADMIN is in its bounding set, or nobody knows */
	const struct procmounts *mounts;
	/*
	 * The mount on which @path leads to something now, through the container's links. 0; 1:
	 * there is nothing; negative: not known. NULL: never known.
	 */
	int (*mount_at)(const void *payload, const char *path, uint64_t *id);
	const void *payload;
};

/* What @mount is to that container. SL_INNER_NONE: it was given it, or shows nothing of files. */
enum sl_inner procinner_of(const struct procinner *in, const struct procmount *mount);

/* Add those among @mounts that are not listed yet. 0 or -SL_ENOMEM. */
int procinner_add(const struct procinner *in, const struct procmounts *mounts,
		  struct sl_processes *out);

#endif
