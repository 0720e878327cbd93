/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a place that we are about to write to lies in what is being examined. */
#ifndef JOB_OUTPLACE_H
#define JOB_OUTPLACE_H

#include <strandline/container.h>

#include "job/job.h"

struct host;

/*
 * Would a file at @path be in an engine's store? 1: yes; 0: no, or the stores cannot be read, which
 * whoever needs them will say; negative: it cannot be told.
 */
int outplace_in_store(const struct job *job, const char *path, struct sl_error *err);

/* Refuse the directory @dir where it lies in @c: its writable layer, its store, its own root. */
int outplace_spare(int dir, const char *path, const struct host *host, const struct sl_container *c,
		   struct sl_error *err);

/*
 * Refuse a document at @path, before it is begun, in an engine's store, or in @tree (may be NULL).
 * NULL, "-" and what is no file (a pipe, a terminal) are fine.
 */
int outplace_check(const struct job *job, const char *path, const char *tree, struct sl_error *err);
/* The same in the root directory of what runs in a container, once that was found. */
int outplace_check_container(const char *path, const struct host *host,
			     const struct sl_container *c, struct sl_error *err);

#endif
