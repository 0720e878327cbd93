/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI image layout directory as an image: oci:DIR[:TAG]. */
#ifndef SNAPSHOT_OCI_H
#define SNAPSHOT_OCI_H

#include <strandline/image.h>

/*
 * Open the layout in @dir and pick one image: by @tag (org.opencontainers.image.ref.name), else the
 * only one there is, else -SL_EAMBIGUOUS listing them. Indexes are followed (nesting <= 4, bounded
 * count); @platform "os/arch[/variant]" chooses, NULL means this host. Attestation manifests are
 * skipped. index.json is a claim; every blob below it is read by digest, and size and digest of
 * manifest and config are verified here (-SL_EUNTRUSTED naming which). Layers come back with
 * blob_fd, blob_digest and blob_size set, and with chain IDs.
 */
int oci_open(struct sl_image **out, const char *dir, const char *tag, const char *platform,
	     struct sl_error *err);

#endif
