/* SPDX-License-Identifier: Apache-2.0 */
/* A directory named on the command line, dressed as a container. */
#ifndef JOB_DIRECTORY_H
#define JOB_DIRECTORY_H

#include <strandline/container.h>

/*
 * A container called after @dir, of engine "none", without id, lowers or mounts. @marker is how the
 * directory marks deletions: SL_MARKER_OVERLAY_TRUSTED for an upper directory, SL_MARKER_NONE for
 * a whole tree.
 */
int directory_container(struct sl_container **out, const char *dir, enum sl_marker marker,
			struct sl_error *err);

#endif
