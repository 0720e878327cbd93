/* SPDX-License-Identifier: Apache-2.0 */
/* Images that are files and directories of the user: layouts and archives. */
#ifndef JOB_IMAGEFILE_H
#define JOB_IMAGEFILE_H

#include <strandline/image.h>

#include "job/job.h"

/*
 * What stands behind "oci:", "oci-archive:" or "docker-archive:" of @reference: PATH[:NAME], where
 * PATH is the longest that exists. FILE may be a pipe, or "-" for standard input.
 * 0; 1 when @reference has none of these transports.
 */
int imagefile_resolve(const struct job *job, const char *reference, const char *platform,
		      struct sl_image **out, struct sl_error *err);

/* What an existing path without a transport turns out to be. */
enum imagefile_kind {
	IMAGEFILE_NONE,       /* nothing is there */
	IMAGEFILE_IMAGE,      /* a layout or an archive: *out is set */
	IMAGEFILE_ROOTFS,     /* a directory that is no layout */
	IMAGEFILE_ROOTFS_TAR, /* a tar without an image in it */
};
int imagefile_sniff(const struct job *job, const char *path, const char *platform,
		    enum imagefile_kind *kind, struct sl_image **out, struct sl_error *err);

#endif
