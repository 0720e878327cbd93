/* SPDX-License-Identifier: Apache-2.0 */
/* A check of layer directories that keeps what differs: the bytes as they are found. */
#ifndef JOB_LOWERSINK_H
#define JOB_LOWERSINK_H

#include <strandline/check.h>

#include "core/buf.h"
#include "job/capture_run.h"

/* Differences of one directory that are listed; the rest is counted. */
#define LOWERSINK_LISTED_MAX 4096

/*
 * @next is told the same; borrowed. @list gets a JSON array of what became of each directory, which
 * ends when the sink is closed.
 */
int lowersink_new(struct sl_check_sink **out, struct capture *c, struct capture_target *t,
		  struct sl_check_sink *next, struct buf *list, struct sl_error *err);

/* The name of the directory that stands for the lower at @index, beneath the root of role lower. */
void lowersink_name(char out[24], const struct sl_lower *lower, size_t index);

#endif
