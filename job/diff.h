/* SPDX-License-Identifier: Apache-2.0 */
/* Find the drift of containers and directories, and say it to a sink. */
#ifndef JOB_DIFF_H
#define JOB_DIFF_H

#include <strandline/sink.h>

#include "job/job.h"

/* How long a container may be stopped, in seconds. */
#define DIFF_FREEZE_DEFAULT 10
#define DIFF_FREEZE_MAX 600

struct diff_request {
	const char *const *containers; /* references; a pod stands for all its workloads */
	size_t container_count;
	bool all;              /* every running and paused workload */
	bool stopped;          /* with all: the others too */
	bool sandboxes;        /* with all: what holds the namespaces of pods, too */
	bool orphans;          /* with all: what no container owns, and what images are built in */
	const char *upper;     /* instead: this upper directory on the image */
	enum sl_marker marker; /* dialect of upper */
	const char *rootfs;    /* instead: this whole tree against the image */
	const char *image;     /* for upper and rootfs */
	const char *platform;
	const char *output; /* where the document goes, which no container may hold; or NULL */
	bool no_index;
	bool check; /* hold the lower directories against their layers first */
	bool quick;
	unsigned int parallel; /* containers at a time, each in a process; 0 and 1: no other */
	bool paranoid; /* read everything, whatever earlier runs remember (job/digestcache.h) */
	uint64_t max_holes;          /* bytes of them that are hashed a container; 0: the default */
	unsigned int freeze_seconds; /* stop running containers, at most so long; 0: do not */
	unsigned int max_seconds;    /* for the files of a container; 0: however long it takes */
	uint64_t max_bytes;          /* of them; 0: all */
	bool show_touched;
	const char *const *policies; /* files */
	size_t policy_count;
	bool no_processes; /* do not look at what runs */
	enum sl_severity fail_on;
	bool accept_unproven;
	bool fail_on_new; /* only what nobody acknowledged and the last such run did not find */
	bool volumes;     /* look through what is mounted, too */
	const char *yara; /* rules: a file or directory; NULL: none */
	bool posture;     /* what is risky by itself counts like what is found */
	const char *const *hashes; /* lists of known digests: FILE, bad:FILE, good:FILE */
	size_t hash_count;
};

/*
 * Run and report. One container that cannot be examined is a gap in its own document part; the
 * others go on.
 *
 * @param[out] status  exit status, as man strandline has it for diff
 * @return 0; negative when no statement at all could be made
 */
int job_diff(const struct job *job, const struct diff_request *request, struct sl_sink *sink,
	     int *status, struct sl_error *err);

#endif
