/* SPDX-License-Identifier: Apache-2.0 */
/* An image of the content store: its documents, its layers' blobs and their unpacked directories.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "host/ctrd.h"

static int read_manifest(struct ctrd *c, struct sl_image *image, struct ctrd_doc *out,
			 const uint8_t digest[SL_SHA256_SIZE], struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);
	int rc = ctrd_blob_read(c, digest, "manifest", &text, err);

	if (rc == 0)
		rc = ctrd_doc_parse(out, text.data, text.len, err);
	if (rc < 0)
		return rc;
	image->has_manifest_digest = true;
	memcpy(image->manifest_digest, digest, SL_SHA256_SIZE);
	image->manifest_size = text.len;
	image->manifest = buf_take(&text);
	return image->manifest != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "manifest");
}

int ctrd_imageconfig_read(struct ctrd *c, const uint8_t digest[SL_SHA256_SIZE], struct buf *text,
			  struct imageconfig *out, struct sl_error *err)
{
	int rc = ctrd_blob_read(c, digest, "image config", text, err);

	if (rc == 0)
		rc = imageconfig_parse(out, text->data, text->len, err);
	if (rc == 0 && !out->has_diff_ids)
		rc = sl_fail(err, SL_EFORMAT, 0, "no rootfs.diff_ids");
	return rc;
}

static int read_config(struct ctrd *c, struct sl_image *image, struct imageconfig *out,
		       const uint8_t digest[SL_SHA256_SIZE], struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);
	int rc = ctrd_imageconfig_read(c, digest, &text, out, err);

	if (rc < 0)
		return rc;
	image->platform = take_ptr(&out->platform);
	memcpy(image->config_digest, digest, SL_SHA256_SIZE);
	image->config_size = text.len;
	image->config = buf_take(&text);
	return image->config != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "image config");
}

/* Layer blobs may be gone on purpose (discard_unpacked_layers): the digests stay. */
static int add_layer(struct ctrd *c, struct sl_image *image, const struct ctrd_desc *blob,
		     const uint8_t diff_id[SL_SHA256_SIZE], struct sl_error *err)
{
	struct sl_layer layer = SL_LAYER_INIT;
	int fd = -1, rc;

	layer.has_diff_id = true;
	layer.marker = c->marker;
	memcpy(layer.diff_id, diff_id, SL_SHA256_SIZE);
	if (blob != NULL) {
		layer.has_blob_digest = true;
		memcpy(layer.blob_digest, blob->digest, SL_SHA256_SIZE);
		layer.blob_size = blob->size;
		layer.toc = blob->toc;
		fd = ctrd_blob_open(c, blob->digest, NULL);
	}
	layer.blob_fd = fd < 0 ? -1 : fd;
	rc = sl_image_add_layer(image, &layer, err);
	if (rc < 0 && fd >= 0)
		close(fd);
	return rc;
}

static int add_layers(struct ctrd *c, struct sl_image *image, const struct ctrd_doc *manifest,
		      const struct imageconfig *config, struct sl_error *err)
{
	int rc = 0;

	if (manifest != NULL && manifest->count != config->count)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "manifest has %zu layers, its config %zu diff_ids", manifest->count,
			       config->count);
	for (size_t i = 0; rc == 0 && i < config->count; i++)
		rc = add_layer(c, image, manifest != NULL ? &manifest->items[i] : NULL,
			       config->diff_ids[i], err);
	return rc < 0 ? rc : sl_image_chain(image, err);
}

/* The layer that a committed snapshot is, by its key; counted from @below of the image's. */
static struct sl_layer *layer_of(struct sl_image *image, const struct ctrd_link *link)
{
	uint8_t chain_id[SL_SHA256_SIZE];
	size_t ns_len;
	const char *key = ctrd_backend_split(link->backend, &ns_len);

	if (key == NULL || link->is_remote || digest_parse(chain_id, key, strlen(key)) < 0)
		return NULL;
	for (size_t i = 0; i < image->layer_count; i++)
		if (memcmp(image->layers[i].chain_id, chain_id, SL_SHA256_SIZE) == 0)
			return &image->layers[i];
	return NULL;
}

static int open_dirs(const struct ctrd_snapper *s, struct sl_image *image,
		     const struct ctrd_chain *chain, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < chain->count; i++) {
		struct sl_layer *layer = layer_of(image, &chain->links[i]);

		if (layer == NULL || layer->dir_path != NULL)
			continue;
		rc = ctrd_snapshot_open(s, chain->links[i].id, &layer->dir_fd, &layer->dir_path,
					err);
		if (rc < 0 && rc != -SL_ENOMEM)
			rc = 0; /* it keeps its digests and has no directory */
	}
	return rc;
}

/* From the uppermost layer that is unpacked here: it leads to all below. */
static int find_dirs(struct ctrd *c, const struct ctrd_snapper *s, const char *ns,
		     struct sl_image *image, struct sl_error *err)
{
	int rc = 1;

	for (size_t i = image->layer_count; rc == 1 && i > 0; i--) {
		CLEANUP(ctrd_chain_clear) struct ctrd_chain chain = {0};
		AUTO_FREE char *backend = NULL;
		char key[DIGEST_TEXT_SIZE];
		const struct containerd_key which = {ns, s->name, key};

		digest_format(key, image->layers[i - 1].chain_id);
		rc = ctrd_backend_find(c, s, &which, &backend, err);
		if (rc == 0)
			rc = ctrd_chain_read(&chain, s, backend, err);
		if (rc == 0)
			return open_dirs(s, image, &chain, err);
		if (rc != -SL_ENOMEM && err != NULL)
			sl_error_clear(err);
		rc = rc == -SL_ENOMEM ? rc : 1;
	}
	return rc < 0 ? rc : 0;
}

/* Whole copies are no layers, so only directories of changes count. */
static int add_dirs(struct ctrd *c, const char *ns, const char *snapshotter, struct sl_image *image,
		    struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->snapper_count; i++) {
		const struct ctrd_snapper *s = &c->snappers[i];

		if (s->layout == CTRD_OVERLAY &&
		    (snapshotter == NULL || strcmp(snapshotter, s->name) == 0))
			rc = find_dirs(c, s, ns, image, err);
	}
	return rc;
}

static int add_indexes(const struct ctrd_target *t, const struct ctrd_choice *choice,
		       struct sl_image *image, struct sl_error *err)
{
	int rc = 0;

	for (size_t at = choice->via; rc == 0 && at > 0; at = t->indexes[at - 1].via)
		rc = sl_image_add_index(image, t->indexes[at - 1].digest, t->indexes[at - 1].size,
					err);
	return rc;
}

int ctrd_image_build(struct ctrd *c, const char *ns, const char *snapshotter,
		     const struct ctrd_target *t, const struct ctrd_choice *choice,
		     const char *reference, const char *name, struct sl_image **out,
		     struct sl_error *err)
{
	CLEANUP(imageconfig_clear) struct imageconfig config = {0};
	CLEANUP(ctrd_doc_clear) struct ctrd_doc manifest = {0};
	AUTO_IMAGE struct sl_image *image = NULL;
	int rc = sl_image_new(&image, reference, err);

	if (rc == 0 && choice->has_manifest)
		rc = read_manifest(c, image, &manifest, choice->manifest, err);
	if (rc == 0)
		rc = read_config(c, image, &config, choice->config, err);
	if (rc == 0)
		rc = add_layers(c, image, choice->has_manifest ? &manifest : NULL, &config, err);
	if (rc == 0)
		rc = add_indexes(t, choice, image, err);
	if (rc == 0)
		rc = add_dirs(c, ns, snapshotter, image, err);
	if (rc == 0 && name != NULL && (image->name = strdup(name)) == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "image name");
	if (rc < 0)
		return rc;
	*out = take_ptr(&image);
	return 0;
}

int containerd_image(struct ctrd *c, const char *ns, const char *snapshotter,
		     const uint8_t digest[SL_SHA256_SIZE], const struct containerd_top *top,
		     const char *reference, struct sl_image **out, struct sl_error *err)
{
	const struct ctrd_target *t;
	const struct ctrd_choice *choice;
	int rc = ctrd_target_get(c, digest, &t, err);

	if (rc == 0)
		rc = ctrd_target_choose(c, t, ns, top, &choice, err);
	return rc < 0 ? rc
		      : ctrd_image_build(c, ns, snapshotter, t, choice, reference, NULL, out, err);
}
