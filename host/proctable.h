/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over /proc that serves all containers: which processes are in whose namespaces and
 * control groups. Of those in namespaces of their own it also remembers what they run, so that a
 * later look can say whether a process stayed.
 */
#ifndef HOST_PROCTABLE_H
#define HOST_PROCTABLE_H

#include <strandline/process.h>

#include "core/buf.h"
#include "host/machine.h"

/* After so long the pass is made again. */
#define PROCTABLE_OLD_NS (UINT64_C(10) * 1000 * 1000 * 1000)

struct proctable_row {
	int64_t pid;
	uint64_t pid_ns, mnt_ns; /* 0: it would not say */
	char *cgroup;            /* owned, or NULL; no proof */
	bool is_named;           /* the group bears a container's id */
	bool is_denied;          /* it would not say where it is */
	int denied_sys;          /* why not: EACCES, or what went wrong in asking */
	bool is_covered;         /* something is mounted over its entry of the machine's /proc */
	bool has_exe;            /* what follows is known */
	uint64_t start, exe_dev, exe_ino;
};

/* A pid namespace, and the one it was made in; 0: the first one, or out of reach. */
struct proctable_ns {
	uint64_t number, parent;
};

struct proctable {
	struct proctable_row *rows; /* by pid; those of the machine's own namespaces and no group
				       of their own are left out */
	size_t count, cap;
	struct proctable_ns *spaces;
	size_t space_count, space_cap;
	uint64_t pid_ns, mnt_ns;   /* of the machine; 0: process 1 would not say */
	uint64_t at_ns;            /* after boot; 0: not read yet */
	struct sl_object *engines; /* programs of the host's engines; owned */
	size_t engine_count;
};

/* The host's, read anew when it is old. Borrowed until the next call. */
int proctable_get(struct host *h, const struct proctable **out, struct sl_error *err);
void proctable_free(struct proctable *t);

/* Is the pid namespace @ns that one, or was it made somewhere beneath it? */
bool proctable_is_within(const struct proctable *t, uint64_t ns, uint64_t outer);

const struct proctable_row *proctable_by_pid(const struct proctable *t, int64_t pid);

/* The program of the host's engines that this file is, by device and inode; or NULL. */
const char *proctable_engine(const struct proctable *t, uint64_t dev, uint64_t ino);
/* Where such programs lie on the machine, without a slash in front; NULL behind the last. */
const char *proctable_program(size_t i);

#endif
