/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proven baselines as one signed file of text, for nodes that never see the images' blobs
 * (docs/signed-baselines.md):
 *
 *	#strandline baselines 1
 *	#image sha256:ID		each image once, by id
 *	#config BASE64
 *	#layer sha256:CHAIN ...		each layer of them once, by chain id
 *	(the layer's lines, as in a dump: snapshot/dump.h)
 *	#end
 *	(who signed it: snapshot/exportnote.h)
 *
 * No name and no time is in it: the same images and the same key give the same bytes.
 */
#ifndef SNAPSHOT_EXPORT_H
#define SNAPSHOT_EXPORT_H

#include <strandline/baseline.h>

#include "core/ostream.h"
#include "core/sign.h"

#define EXPORT_MAX_IMAGES 4096
#define EXPORT_MAX_LAYERS 65536
/* Bytes of all configurations together. */
#define EXPORT_MAX_CONFIGS ((size_t)32 << 20)

struct export_result {
	size_t images, layers;
	uint64_t entries;
	uint64_t bytes; /* written */
};

/*
 * Write and sign the baselines of these images, given in any order and any number of times. One
 * that is not proven is -SL_EUNTRUSTED, one that is not stored -SL_ENOTFOUND, by its digest.
 */
int export_images(struct sl_baselines *b, const uint8_t (*ids)[SL_SHA256_SIZE], size_t count,
		  const struct sign_key *key, struct ostream *out, struct export_result *result,
		  struct sl_error *err);

#endif
