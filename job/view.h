/* SPDX-License-Identifier: Apache-2.0 */
/* What a container shows at one path: its writable directory and all below it, as one tree. */
#ifndef JOB_VIEW_H
#define JOB_VIEW_H

#include <strandline/source.h>
#include <strandline/stack.h>

#include "core/buf.h"

/*
 * Entries say in which directory they lie: layer 0 is the writable one, layer 1 + N lower N.
 * -SL_ENOTFOUND where there is no writable directory.
 */
int view_open(struct sl_source **out, const struct sl_stack *stack, struct sl_error *err);

/* @path as entries have it: "a/b". 0 and the entry, borrowed until the next call; 1 when nothing is
 * there. */
int view_find(struct sl_source *view, struct sl_bytes path, const struct sl_entry **out,
	      struct sl_error *err);

/*
 * Where @path ("/a/b") leads in the container: links on the way are followed, the last name may be
 * one. @out becomes "a/b". What is not there is text from there on.
 */
int view_resolve(struct sl_source *view, const char *path, struct buf *out, struct sl_error *err);

#endif
