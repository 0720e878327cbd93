/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI image layout, or an archive of it, as an image: oci:DIR[:TAG], oci-archive:FILE[:TAG]. */
#ifndef SNAPSHOT_OCI_H
#define SNAPSHOT_OCI_H

#include <strandline/image.h>

struct tarball;

/*
 * Open the layout in @dir and pick one image: by @tag (org.opencontainers.image.ref.name,
 * containerd's name, or the manifest's digest), else the only one there is, else -SL_EAMBIGUOUS
 * listing them. Indexes are followed (nesting <= 4, bounded
 * count); @platform "os/arch[/variant]" chooses, NULL means this host. Attestation manifests are
 * skipped. index.json is a claim; every blob below it is read by digest, and size and digest of
 * manifest and config are verified here (-SL_EUNTRUSTED naming which). Layers come back with
 * blob_fd, blob_digest and blob_size set, and with chain IDs.
 */
int oci_open(struct sl_image **out, const char *dir, const char *tag, const char *platform,
	     struct sl_error *err);

/* The same from an archive, which may be freed then: layers hold its file open. @reference is how
 * the user calls it. */
int oci_open_archive(struct sl_image **out, const struct tarball *archive, const char *reference,
		     const char *tag, const char *platform, struct sl_error *err);

#endif
