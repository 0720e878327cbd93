/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process's memory says of it: the files it maps to run them, its arguments, which
 * variables make it run more. Whoever asks waits for a lock that the process can hold for ever, so
 * that a worker does (memberwalk.h); mapped files come from there as descriptors.
 */
#ifndef HOST_PROCTEXTS_H
#define HOST_PROCTEXTS_H

#include <signal.h>

#include "host/members.h"
#include "host/procmaps.h"

enum proctexts_kind {
	PROCTEXTS_MAPPED, /* one executable mapping of a file; of equal ones only the first */
	PROCTEXTS_MAPS,   /* that were all; or why there are no more */
	PROCTEXTS_ARGUMENTS,
	/* variables of its environment that lead to code, each with its NUL: procleads.h */
	PROCTEXTS_ENVIRONMENT,
	PROCTEXTS_END,  /* nothing more comes of it */
	PROCTEXTS_HUNG, /* nor here: it did not answer, or no worker could be had */
};

struct proctexts_item {
	enum proctexts_kind kind;
	struct procmaps_row row; /* PROCTEXTS_MAPPED: without addresses; borrowed like bytes */
	struct sl_bytes bytes;   /* what was read, or of a mapping its link; until the next call */
	/*
	 * PROCTEXTS_MAPPED: what is mapped, O_PATH, the caller's; -1 where it was sent for an
	 * earlier process, or with @sys.
	 */
	int fd;
	int sys;           /* errno of what could not be read, or 0 */
	bool is_cut;       /* it is longer than is read */
	const char *why;   /* PROCTEXTS_HUNG: static */
	bool is_abandoned; /* PROCTEXTS_HUNG: the worker could not even be killed */
};

struct proctexts;

/* Borrows everything. Members that are known to hang are not asked. */
int proctexts_new(struct proctexts **out, int proc_fd, const struct host_members *members,
		  const volatile sig_atomic_t *stop, struct sl_error *err);
/* The next item of @member; members only in their order, any may be left out. -SL_ECANCELLED: *stop
 */
int proctexts_next(struct proctexts *t, size_t member, struct proctexts_item *out,
		   struct sl_error *err);
void proctexts_free(struct proctexts *t); /* NULL is fine */

#endif
