/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A baseline as text, and back:
 *
 *	#strandline baseline 1
 *	#image sha256:ID
 *	#config BASE64
 *	#layer sha256:CHAIN diff=sha256:DIFF tree=sha256:TREE entries=N bytes=N
 *	(the layer's lines, snapshot/dumpline.h)
 *	#layer ...
 *	#end
 *
 * Layers stand bottom first. Nothing depends on where the image came from, what it is called or
 * when it was indexed, so every form of one image has the same dump. TREE is the SHA-256 of the
 * lines of that layer.
 *
 * A merged view starts with "#strandline view 1" and "#image ..." and has no layers.
 */
#ifndef SNAPSHOT_DUMP_H
#define SNAPSHOT_DUMP_H

#include <strandline/baseline.h>

#include "core/istream.h"
#include "core/ostream.h"

/* Largest configuration that is read, as for images. */
#define DUMP_MAX_CONFIG ((size_t)8 << 20)

/* 1 when the image is unknown. -SL_EUNTRUSTED when rows do not hash to their stored digest. */
int dump_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
	       struct ostream *out, struct sl_error *err);

/* What the image's layers show together. 1 when the image is unknown. */
int dump_view(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
	      struct ostream *out, struct sl_error *err);

/* Parts of it: the lines '#image' and '#config'; '#layer' and the lines of its rows. */
int dump_put_image(struct ostream *out, const struct sl_image *image, struct sl_error *err);
int dump_put_layer(struct sl_baselines *b, int64_t id, const struct sl_layer_info *info,
		   struct ostream *out, struct sl_error *err);

/*
 * Store the image that a dump describes, all or nothing. Its configuration is proven by its digest,
 * and so are the digests of its layers; that these rows are what those layers hold is not: such
 * layers are stored as recorded, and a layer that is known already must agree with the dump.
 *
 * @name: what to call the image; NULL: as it is called already, else by its id. Borrows @in.
 * -SL_EFORMAT, -SL_ELIMIT, -SL_EUNTRUSTED naming the line.
 */
int dump_load(struct sl_baselines *b, struct istream *in, const char *name,
	      uint8_t config_digest[SL_SHA256_SIZE], struct sl_index_result *out,
	      struct sl_error *err);

#endif
