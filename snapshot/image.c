/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/image.h>

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "snapshot/signature.h"

#define MAX_INDEXES 64 /* that lead to one manifest */

int sl_image_new(struct sl_image **out, const char *reference, struct sl_error *err)
{
	struct sl_image *image = calloc(1, sizeof(*image));

	if (image == NULL || (image->reference = strdup(reference)) == NULL) {
		free(image);
		return sl_fail(err, SL_ENOMEM, 0, "image");
	}
	*out = image;
	return 0;
}

int sl_image_add_layer(struct sl_image *image, struct sl_layer *layer, struct sl_error *err)
{
	struct sl_layer *layers;

	if (image->layer_count >= SL_IMAGE_MAX_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d layers", SL_IMAGE_MAX_LAYERS);
	layers = realloc(image->layers, (image->layer_count + 1) * sizeof(*layers));
	if (layers == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer list");
	image->layers = layers;
	layers[image->layer_count++] = *layer;
	*layer = SL_LAYER_INIT;
	return 0;
}

static int chain_one(uint8_t out[SL_SHA256_SIZE], const uint8_t below[SL_SHA256_SIZE],
		     const uint8_t diff_id[SL_SHA256_SIZE], struct sl_error *err)
{
	char text[2 * DIGEST_TEXT_SIZE];

	digest_format(text, below);
	text[DIGEST_TEXT_SIZE - 1] = ' ';
	digest_format(text + DIGEST_TEXT_SIZE, diff_id);
	return sha256_once(text, strlen(text), out, err);
}

int sl_image_chain(struct sl_image *image, struct sl_error *err)
{
	for (size_t i = 0; i < image->layer_count; i++) {
		struct sl_layer *layer = &image->layers[i];
		int rc;

		if (!layer->has_diff_id)
			return sl_fail(err, SL_EINVAL, 0, "layer %zu has no diff_id", i);
		if (i == 0) {
			memcpy(layer->chain_id, layer->diff_id, SL_SHA256_SIZE);
			continue;
		}
		rc = chain_one(layer->chain_id, image->layers[i - 1].chain_id, layer->diff_id, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int sl_image_add_index(struct sl_image *image, const uint8_t digest[SL_SHA256_SIZE], uint64_t size,
		       struct sl_error *err)
{
	struct sl_image_index *indexes;

	if (image->index_count >= MAX_INDEXES)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d indexes", MAX_INDEXES);
	indexes = realloc(image->indexes, (image->index_count + 1) * sizeof(*indexes));
	if (indexes == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "list of indexes");
	image->indexes = indexes;
	indexes[image->index_count].size = size;
	memcpy(indexes[image->index_count++].digest, digest, SL_SHA256_SIZE);
	return 0;
}

static bool is_called(const uint8_t own[SL_SHA256_SIZE], uint64_t own_size,
		      const uint8_t digest[SL_SHA256_SIZE], uint64_t size)
{
	return memcmp(own, digest, SL_SHA256_SIZE) == 0 && (size == 0 || size == own_size);
}

enum sl_image_name sl_image_named_by(const struct sl_image *image,
				     const uint8_t digest[SL_SHA256_SIZE], uint64_t size)
{
	if (is_called(image->config_digest, image->config_size, digest, size))
		return SL_IMAGE_NAME_CONFIG;
	if (!image->has_manifest_digest || image->manifest == NULL)
		return SL_IMAGE_NAME_NONE;
	if (is_called(image->manifest_digest, image->manifest_size, digest, size))
		return SL_IMAGE_NAME_MANIFEST;
	for (size_t i = 0; i < image->index_count; i++)
		if (is_called(image->indexes[i].digest, image->indexes[i].size, digest, size))
			return SL_IMAGE_NAME_INDEX;
	return SL_IMAGE_NAME_NONE;
}

static void layer_clear(struct sl_layer *layer)
{
	if (layer->dir_fd >= 0)
		close(layer->dir_fd);
	if (layer->tar_split_fd >= 0)
		close(layer->tar_split_fd);
	if (layer->blob_fd >= 0)
		close(layer->blob_fd);
	free(layer->dir_path);
	free(layer->idmap.uids);
	free(layer->idmap.gids);
}

void sl_image_free(struct sl_image *image)
{
	if (image == NULL)
		return;
	for (size_t i = 0; i < image->layer_count; i++)
		layer_clear(&image->layers[i]);
	free(image->layers);
	free(image->reference);
	free(image->name);
	free(image->platform);
	free(image->config);
	free(image->manifest);
	free(image->indexes);
	signatures_free(image->signatures);
	free(image->signer);
	free(image);
}

const char *sl_trust_name(enum sl_trust trust)
{
	switch (trust) {
	case SL_TRUST_PROVEN:
		return "proven";
	case SL_TRUST_SIGNED:
		return "signed";
	case SL_TRUST_RECORDED:
		return "recorded";
	case SL_TRUST_ON_DISK:
		return "on-disk";
	}
	return "unknown";
}

const char *sl_anchor_name(enum sl_anchor anchor)
{
	switch (anchor) {
	case SL_ANCHOR_HOST:
		return "host";
	case SL_ANCHOR_OPERATOR:
		return "operator";
	case SL_ANCHOR_SIGNATURE:
		return "signature";
	}
	return "unknown";
}

const char *sl_marker_name(enum sl_marker marker)
{
	switch (marker) {
	case SL_MARKER_NONE:
		return "none";
	case SL_MARKER_OCI:
		return "oci";
	case SL_MARKER_OVERLAY_TRUSTED:
		return "overlay-trusted";
	case SL_MARKER_OVERLAY_USER:
		return "overlay-user";
	case SL_MARKER_FUSE_OVERLAY:
		return "fuse-overlayfs";
	case SL_MARKER_AUFS:
		return "aufs";
	}
	return "unknown";
}
