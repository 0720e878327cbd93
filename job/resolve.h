/* SPDX-License-Identifier: Apache-2.0 */
/* From what a person typed to the image or container it means (DESIGN 4.1). */
#ifndef JOB_RESOLVE_H
#define JOB_RESOLVE_H

#include <strandline/container.h>
#include <strandline/image.h>

#include "job/job.h"

struct host;

/* The engines' stores this job looks at. Close with host_close(). */
int resolve_host(const struct job *job, struct host **out, struct sl_error *err);

/*
 * oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], docker:NAME|ID; without a
 * transport an existing path is sniffed, anything else is a name in the stores. @host may be NULL
 * when it is not open yet. Other transports of DESIGN 4.1 are -SL_EUNSUPPORTED by name.
 */
int resolve_image(const struct job *job, struct host *host, const char *reference,
		  const char *platform, struct sl_image **out, struct sl_error *err);

#endif
