/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.json of a `docker save` archive, parsed from bytes: no I/O here. */
#ifndef SNAPSHOT_DOCKERDOC_H
#define SNAPSHOT_DOCKERDOC_H

#include <strandline/error.h>

#include "core/json.h"

#define DOCKERDOC_MAX_IMAGES 4096

/* One image. Everything borrows from the document. */
struct dockerdoc_image {
	const char *config;
	const struct jval *tags, *layers; /* lists of text; NULL when empty */
	const struct jval *sources;       /* diff_id -> descriptor of a layer from elsewhere */
	size_t tag_count, layer_count;
};

struct dockerdoc {
	struct jval *doc;
	struct dockerdoc_image *images;
	size_t count;
};

/* -SL_EFORMAT; -SL_ELIMIT above DOCKERDOC_MAX_IMAGES images or SL_IMAGE_MAX_LAYERS layers. */
int dockerdoc_parse(struct dockerdoc *out, const void *text, size_t len, struct sl_error *err);
void dockerdoc_clear(struct dockerdoc *d);

/*
 * The digest that a member's name claims for its content: HEX.json, sha256:HEX, blobs/sha256/HEX.
 * 0, or 1 when it claims none.
 */
int dockerdoc_named_digest(const char *name, uint8_t out[SL_SHA256_SIZE]);

/*
 * Pick by @name: a tag, the image id or at least 12 digits of it; NULL for the only image.
 * -SL_ENOTFOUND and -SL_EAMBIGUOUS list what is there. *tag is the tag that fits, else the first,
 * else NULL.
 */
int dockerdoc_pick(const struct dockerdoc *d, const char *name, const struct dockerdoc_image **out,
		   const char **tag, struct sl_error *err);

#endif
