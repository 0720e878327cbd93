/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signatures of an image that lie in the same layout: cosign's tags (sha256-DIGEST.sig), what
 * `cosign save` writes, the referrers of OCI 1.1 (a manifest whose subject is the image), and the
 * fallback tag (sha256-DIGEST) that lists them where a registry cannot.
 */
#ifndef SNAPSHOT_SIGFIND_H
#define SNAPSHOT_SIGFIND_H

#include <strandline/image.h>

#include "core/buf.h"
#include "snapshot/ocidoc.h"

/* Reads one blob, held against size and digest of its descriptor; at most @out->max bytes. */
struct sigfind_blobs {
	int (*fetch)(void *payload, const struct ocidoc_desc *d, struct buf *out,
		     struct sl_error *err);
	void *payload;
};

/*
 * Note in @top which manifests are signatures and other artifacts, so that no one picks them as an
 * image. Their descriptors need not say so; what cannot be read is left as it is.
 */
int sigfind_mark(struct ocidoc_index *top, const struct sigfind_blobs *blobs, struct sl_error *err);

/*
 * Fill image->signatures with what refers to the image's manifest or to its indexes. A signature
 * that cannot be read is kept with the reason: only memory is a failure.
 */
int sigfind_collect(struct sl_image *image, const struct ocidoc_index *top,
		    const struct sigfind_blobs *blobs, struct sl_error *err);

#endif
