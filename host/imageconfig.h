/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of an image, as every store keeps it: the document that the image's id is the
 * digest of. Parsed from bytes that imageconfig_keep() has proven.
 */
#ifndef HOST_IMAGECONFIG_H
#define HOST_IMAGECONFIG_H

#include <strandline/image.h>

#include "core/buf.h"

struct imageconfig {
	char *platform;                      /* "linux/amd64", or NULL; owned */
	uint8_t (*diff_ids)[SL_SHA256_SIZE]; /* bottom first; owned */
	size_t count;
	bool has_diff_ids; /* the list is there, be it empty */
};

/*
 * Give @image its configuration, which is taken out of @text. -SL_EUNTRUSTED when it is not what
 * image->config_digest is the digest of: it was put there later.
 */
int imageconfig_keep(struct sl_image *image, struct buf *text, struct sl_error *err);

/* -SL_EFORMAT; -SL_ELIMIT for more than SL_IMAGE_MAX_LAYERS layers, or too many values. */
int imageconfig_parse(struct imageconfig *out, const void *text, size_t len, struct sl_error *err);
void imageconfig_clear(struct imageconfig *config);

/* Append its layers to an empty image: diff_ids and chain IDs, and nothing else. */
int imageconfig_add_layers(const struct imageconfig *config, struct sl_image *image,
			   struct sl_error *err);

#endif
