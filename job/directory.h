/* SPDX-License-Identifier: Apache-2.0 */
/* A directory named on the command line, dressed as a container. */
#ifndef JOB_DIRECTORY_H
#define JOB_DIRECTORY_H

#include <strandline/container.h>

#include "job/job.h"

/*
 * A container called after @dir, of engine "none", without id, lowers or mounts. @marker is how the
 * directory marks deletions: one of the overlays' for an upper directory, SL_MARKER_NONE for a
 * whole tree.
 */
int directory_container(struct sl_container **out, const char *dir, enum sl_marker marker,
			struct sl_error *err);

/* Say so when the directory looks as if another dialect were its own. Only a word: what is in the
 * directory does not choose how it is read. */
void directory_hint(const struct sl_container *c, const struct job *job);

#endif
