/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which container a process is in, by the names of its control groups. Names are no proof: whoever
 * may create groups may name them, and a privileged container may move into another's.
 */
#ifndef HOST_CGROUP_H
#define HOST_CGROUP_H

#include <strandline/error.h>

/* Longest /proc/PID/cgroup that is looked at: a line each of at most 4,096 bytes and a bit. */
#define CGROUP_FILE_MAX ((size_t)64 * 1024)
#define CGROUP_POD_UID_SIZE 40

/* All texts are borrowed from the document. */
struct cgroup {
	struct sl_bytes path;              /* of the hierarchy that says most; "/" at least */
	struct sl_bytes unified;           /* path in version 2's hierarchy; len 0: none */
	struct sl_bytes freezer;           /* path in version 1's freezer; len 0: none */
	struct sl_bytes memory, pids, cpu; /* paths in version 1's hierarchies; len 0: none */
	struct sl_bytes id;                /* of the innermost container; len 0: in none */
	const char *engine;                /* whose way of naming it is, or NULL; static */
	/* No engine's way of naming: the last two components, as containerd's own client makes them
	 * of a namespace and an id. Good for nothing but comparing with these. */
	bool is_guess;
	bool is_monitor;                   /* conmon: beside a container, not in it */
	char pod_uid[CGROUP_POD_UID_SIZE]; /* as Kubernetes spells it; empty: in no pod */
};

/* -SL_EFORMAT when no line is a control group's. An empty document has no groups. */
int cgroup_parse(struct cgroup *out, const void *text, size_t len, struct sl_error *err);

#endif
