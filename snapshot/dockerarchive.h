/* SPDX-License-Identifier: Apache-2.0 */
/* What `docker save` writes, in all its forms, as an image: docker-archive:FILE[:NAME]. */
#ifndef SNAPSHOT_DOCKERARCHIVE_H
#define SNAPSHOT_DOCKERARCHIVE_H

#include <strandline/image.h>

struct tarball;

/*
 * Pick an image of the archive's manifest.json as dockerdoc_pick() does. The configuration must
 * hash to what its name says (-SL_EUNTRUSTED), and lists the diff_ids that every layer is proven
 * against when it is read, whatever the archive calls it and however it is compressed. With
 * @platform "os/arch[/variant]" an image for another is -SL_ENOTFOUND. The archive may be freed
 * then: layers hold its file open. @reference is how the user calls it.
 */
int dockerarchive_open(struct sl_image **out, const struct tarball *archive, const char *reference,
		       const char *name, const char *platform, struct sl_error *err);

#endif
