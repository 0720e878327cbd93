/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted into a container as a source: paths as the container has them, without what is no
 * volume: the engines' stores, which are examined by themselves.
 */
#ifndef JOB_VOLUMETREE_H
#define JOB_VOLUMETREE_H

#include <strandline/container.h>
#include <strandline/source.h>

struct host;

/* Most objects of one mount; what is left then is a gap. */
#define VOLUMETREE_ENTRIES_MAX UINT64_C(1000000)

/*
 * Open @m of @c. 0; 1 when it is not to be walked: *why says it, static text, and *sys. The
 * engine's own files for the container (hosts, hostname...) are among its artifacts: 1, and *why is
 * NULL.
 * @h and @m are borrowed.
 */
int volumetree_open(struct sl_source **out, struct host *h, const struct sl_container *c,
		    const struct sl_mount *m, const char **why, int *sys, struct sl_error *err);

#endif
