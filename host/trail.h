/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path of the host, and every directory on the way to it: by these, not by text, it is found out
 * what it belongs to, because stores are reached through links and other mount points, too.
 */
#ifndef HOST_TRAIL_H
#define HOST_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "host/host.h"

struct host_step {
	dev_t dev;
	ino_t ino;
	size_t end; /* its path is this much of trail.path; 0 is the root */
};

/* Owned inside. */
struct host_trail {
	char *path; /* as it is when links on the way are followed, inside the examined root */
	struct host_step *steps; /* the root first; the object itself last, if it is there */
	size_t count, cap;
	bool exists;    /* else only what leads to it, as far as that is there */
	struct stat st; /* of the object, when it exists; the last name may be a link's */
};

/*
 * Walk to @path, one name at a time. Links on the way lead where they lead inside the root; the
 * last name may be a link, which stays one. What is not there is no failure.
 */
int host_trail_open(const struct host *h, const char *path, struct host_trail *out,
		    struct sl_error *err);
void host_trail_clear(struct host_trail *t);

/* Where on the trail is this object? NULL: nowhere. */
const struct host_step *host_trail_find(const struct host_trail *t, int fd);
/* What follows that step: "/a/b", or "/" at the end of the trail. Borrowed. */
const char *host_trail_rest(const struct host_trail *t, const struct host_step *step);

#endif
