/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain trees that no image vouches for: rootfs:DIR and rootfs-tar:FILE. Opened here; what they
 * are comes out when they are recorded (sl_baselines_record).
 */
#ifndef SNAPSHOT_ROOTFS_H
#define SNAPSHOT_ROOTFS_H

#include <strandline/image.h>

/*
 * An image with the trust recorded, the name @reference and one layer without diff_id: the
 * directory @path, given by the user.
 */
int rootfs_open(struct sl_image **out, const char *reference, const char *path,
		struct sl_error *err);

/*
 * The same of a tar, plain or compressed. @path may be a pipe, which is waited for; "-" is standard
 * input. Any other kind of file is refused.
 */
int rootfs_tar_open(struct sl_image **out, const char *reference, const char *path,
		    struct sl_error *err);

#endif
