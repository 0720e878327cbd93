/* SPDX-License-Identifier: Apache-2.0 */
/* What an image says of itself, held against its own digests, before any layer is read. */
#ifndef SNAPSHOT_PROOF_H
#define SNAPSHOT_PROOF_H

#include <strandline/image.h>

/*
 * The configuration hashes to config_digest and lists exactly the diff_ids of the layers; the chain
 * IDs follow from them. The manifest, when it is there, hashes to manifest_digest and names that
 * configuration; *manifest_verified says whether it was there and did.
 *
 * -SL_EUNTRUSTED naming what contradicts what; -SL_EFORMAT; -SL_EINVAL for an incomplete image.
 */
int proof_of_identity(const struct sl_image *image, bool *manifest_verified, struct sl_error *err);

#endif
