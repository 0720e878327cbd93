/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of containers' files from run to run, for `diff`: a file that is the same inode, with the
 * same size and times, is not read again. It speeds up looking, and proves nothing: whatever states
 * that bytes equal others (check, capture, index) never asks it.
 *
 * It lies in a file of its own beside the database: it may be deleted at any time, and is emptied
 * when the machine was started anew or its clock was set.
 */
#ifndef JOB_DIGESTCACHE_H
#define JOB_DIGESTCACHE_H

#include "diff/drift.h"

/* Behind the name of the database. */
#define DIGESTCACHE_SUFFIX ".digests"

/* A file is remembered once its times are so old that whoever writes to it moves them. */
#define DIGESTCACHE_SETTLED_SECONDS 60
/* What no run has asked for since then is forgotten. */
#define DIGESTCACHE_DAYS 7
#define DIGESTCACHE_BYTES_MAX ((uint64_t)256 << 20)

/* When and where a run takes place. */
struct digestcache_run {
	char boot_id[64]; /* of this start of the machine, and of the program that judges files */
	struct sl_time now;
	int64_t clock_ns; /* what the clock says beyond the time since boot: moves when it is set */
	uint64_t bytes_max; /* of the file */
};

/* This machine, now. False when it cannot be told apart from how it was before a restart. */
bool digestcache_run_here(struct digestcache_run *out);

struct digestcache;

/*
 * @path: of the file. Nothing is opened before it is asked for something. What goes wrong then ends
 * its use and is in digestcache_trouble(); no call fails because of it.
 */
int digestcache_new(struct digestcache **out, const char *path, const struct digestcache_run *run,
		    struct sl_error *err);
/* Writes what is to be kept. NULL is fine. */
void digestcache_free(struct digestcache *c);
/* As a comparison wants it; borrows from @c. */
struct drift_cache digestcache_for_drift(struct digestcache *c);
/* Why it is not used any more, once; NULL: it is, or that was said. */
const char *digestcache_trouble(struct digestcache *c);

#endif
