/* SPDX-License-Identifier: Apache-2.0 */
/* What an image says of itself, held against its own digests, before any layer is read. */
#ifndef SNAPSHOT_PROOF_H
#define SNAPSHOT_PROOF_H

#include <strandline/image.h>

/*
 * What stands in the place of a configuration for a tree that was recorded (baseline_record.c):
 * schema, and its type of root file system, which is no image's.
 */
#define PROOF_TREE_SCHEMA "strandline.tree/1"
#define PROOF_TREE_TYPE "recorded"

/* The chain ID of such a tree's only layer, from its id. */
int proof_tree_chain(uint8_t out[SL_SHA256_SIZE], const uint8_t config_digest[SL_SHA256_SIZE],
		     struct sl_error *err);

/*
 * The configuration hashes to config_digest and lists exactly the diff_ids of the layers; the chain
 * IDs follow from them. The manifest, when it is there, hashes to manifest_digest and names that
 * configuration; *manifest_verified says whether it was there and did. The configuration of a
 * recorded tree is one only where the image's trust is no better than that.
 *
 * -SL_EUNTRUSTED naming what contradicts what; -SL_EFORMAT; -SL_EINVAL for an incomplete image.
 */
int proof_of_identity(const struct sl_image *image, bool *manifest_verified, struct sl_error *err);

#endif
