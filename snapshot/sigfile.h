/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that were brought along as files, because engines' stores keep none. */
#ifndef SNAPSHOT_SIGFILE_H
#define SNAPSHOT_SIGFILE_H

#include <strandline/image.h>

#include "core/buf.h"

/*
 * Add what one file holds: a notation envelope, a sigstore bundle, the lines that `cosign download
 * signature` prints, or a bare base64 signature, which needs @payload: the bytes that were signed
 * (NULL when there are none). @name is for messages. -SL_EFORMAT when it is none of these.
 */
int sigfile_add(struct sl_signatures **list, const char *name, const struct buf *file,
		const struct buf *payload, struct sl_error *err);

/*
 * A manifest, or an index, that somebody kept (`skopeo inspect --raw`): when its bytes lead to the
 * image's configuration, the image is known by its digest from now on. A manifest goes in before
 * the index that lists it. 1 when it has nothing to do with the image.
 */
int sigfile_manifest(struct sl_image *image, const struct buf *file, struct sl_error *err);

#endif
