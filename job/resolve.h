/* SPDX-License-Identifier: Apache-2.0 */
/* From what a person typed to the image or container it means (README, "Names"). */
#ifndef JOB_RESOLVE_H
#define JOB_RESOLVE_H

#include <strandline/container.h>
#include <strandline/image.h>

#include "job/job.h"

struct host;

/* The engines' stores this job looks at. Close with host_close(). */
int resolve_host(const struct job *job, struct host **out, struct sl_error *err);

/*
 * oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], docker:NAME|ID,
 * rootfs:DIR, rootfs-tar:FILE; without a transport an existing path is sniffed, anything else is a
 * name in the stores. @host may be NULL when it is not open yet. Other transports are
 * -SL_EUNSUPPORTED by name.
 */
int resolve_image(const struct job *job, struct host *host, const char *reference,
		  const char *platform, struct sl_image **out, struct sl_error *err);

/* What stands behind the engine in "docker:NAME", as images of stores are called; else NULL. */
const char *resolve_engine_name(const char *reference);

/*
 * The name under which rootfs:DIR or rootfs-tar:FILE is stored: with the absolute path. 1 when
 * @reference is neither, or a pipe, whose name says nothing.
 */
int resolve_tree_name(char **out, const char *reference, struct sl_error *err);

#endif
