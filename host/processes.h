/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All processes, looked at once. Processes come and go meanwhile: one that is gone is left out, and
 * what is done with a process later is done through its directory, after a look at its start time.
 */
#ifndef HOST_PROCESSES_H
#define HOST_PROCESSES_H

#include "host/process.h"

/* The kernel numbers them up to 4,194,304. */
#define PROCESSES_MAX ((size_t)4 << 20)
#define PROCESSES_NO_VIEW SIZE_MAX

struct process {
	int64_t pid, parent;
	uint64_t start; /* clock ticks after boot: with the pid, it is this process */
	/*
	 * Of its container, by its control group, or NULL; owned. Those that share a container's
	 * mounts share its groups: only the first of them is asked, and all on the machine's own.
	 */
	char *id;
	const char *engine; /* how that is named; NULL: nothing tells */
	bool id_is_guess;   /* see cgroup.h */
	size_t view;        /* index into views, PROCESSES_NO_VIEW when it would not say */
};

/* Processes that see the same mounts from the same root directory. */
struct process_view {
	uint64_t namespace;
	uint64_t mount; /* of the root directory; 0 where the kernel does not tell (before 5.8) */
	uint64_t dev, inode; /* of the root directory */
	bool is_machine;     /* that is the examined root's own */
	size_t first, count; /* in by_view */
};

struct processes {
	struct process *all; /* by pid */
	size_t count;
	size_t *by_id; /* those with an id, ordered by it */
	size_t named;
	size_t *by_view;
	struct process_view *views; /* by the lowest pid in it: the machine's own comes first */
	size_t view_count;
	size_t denied;  /* how many would not say where they are */
	bool is_hidden; /* hidepid: processes of other users are not even listed */
	bool is_inner;  /* a pid namespace's /proc: only processes within it are listed */
};

/* @root_fd is the machine's root, which many have for theirs. */
int processes_read(struct processes *out, int proc_fd, int root_fd, struct sl_error *err);
void processes_clear(struct processes *p);

/* Does this /proc show a pid namespace that is not the machine's first one? */
bool processes_is_inner(int proc_fd);

/* NULL: no such process, or a thread of the kernel. */
const struct process *processes_by_pid(const struct processes *p, int64_t pid);

/* How many bear this id; *first is their place in by_id. */
size_t processes_by_id(const struct processes *p, const char *id, size_t *first);

/* Its directory, if it is still this process: -SL_ENOTFOUND. */
int processes_open(const struct process *process, int proc_fd, struct sl_error *err);

/* The directory of any process that still has this view: -SL_ENOTFOUND when none has. */
int processes_open_view(const struct processes *p, size_t view, int proc_fd, int64_t *pid,
			struct sl_error *err);

/*
 * The first process of a container among these: the first one of its pid namespace, else the one
 * that was started first. @some are indices into all, which are put in order; NULL when none lives.
 */
const struct process *processes_first(const struct processes *p, size_t *some, size_t count,
				      int proc_fd);

#endif
