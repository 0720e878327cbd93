/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI runtime specification of a container, parsed from bytes: no I/O here. */
#ifndef HOST_CTRD_SPEC_H
#define HOST_CTRD_SPEC_H

#include <strandline/container.h>
#include <strandline/error.h>

/* Most mounts that are read of one container. */
#define CTRD_MOUNTS_MAX 4096

/* What a specification says besides what goes into the container; owned. */
struct ctrd_spec {
	char *root_path;       /* "rootfs", or where the tree is */
	bool has_userns;       /* it has a user namespace */
	struct sl_idmap idmap; /* of that namespace, when the specification has it */
};

/*
 * Mounts and working directory of @c. Sources below @volumes (the root's own directory for volumes
 * that images declare; may be NULL) are volumes. What the runtime mounts for itself is left out:
 * /proc, /sys, /dev and the like hold no files of a container.
 */
int ctrd_spec_read(struct sl_container *c, const void *text, size_t len, const char *volumes,
		   struct ctrd_spec *out, struct sl_error *err);
void ctrd_spec_clear(struct ctrd_spec *spec);

/* "0:100000:65536,65536:200000:1": a label's ranges, inside:outside:count. */
int ctrd_spec_ranges(struct sl_idmap_range **out, size_t *count, const char *text,
		     struct sl_error *err);

#endif
