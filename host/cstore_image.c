/* SPDX-License-Identifier: Apache-2.0 */
/* An image of the store: its config, proven against its id, and its layers' directories. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/kernel.h"
#include "host/cstore.h"
#include "host/imageconfig.h"

int cstore_bigdata_name(struct buf *out, const char *key)
{
	if (strspn(key, "0123456789abcdefghijklmnopqrstuvwxyz.") == strlen(key))
		return buf_append_str(out, key);
	(void)buf_append_char(out, '=');
	return base64_encode(out, key, strlen(key));
}

/* One piece of an image's big data. */
static int read_bigdata(const struct cstore_image *at, const char *key, struct buf *out,
			struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(4096);

	if (at->part->images_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no images");
	(void)buf_append_str(&path, at->row->id);
	(void)buf_append_char(&path, '/');
	if (cstore_bigdata_name(&path, key) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "image data");
	return root_read_file(at->part->images_fd, path.data, ROOT_NO_LINKS, out, err);
}

static int read_config(const struct cstore_image *at, struct sl_image *image, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	char key[DIGEST_TEXT_SIZE];
	int rc;

	if (hex_decode(image->config_digest, sizeof(image->config_digest), at->row->id,
		       strlen(at->row->id)) < 0)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "the image's id is no digest: nothing can be proven against it");
	digest_format(key, image->config_digest);
	rc = read_bigdata(at, key, &text, err);
	if (rc < 0)
		return sl_wrap(err, rc, "image config");
	return imageconfig_keep(image, &text, err);
}

/* Does the manifest name this image's config? */
static bool names_config(const struct buf *text, const struct sl_image *image)
{
	AUTO_JVAL struct jval *doc = NULL;
	uint8_t digest[SL_SHA256_SIZE];
	const char *named;

	if (jval_parse_bounded(&doc, text->data, text->len, CSTORE_VALUES_MAX, NULL) < 0)
		return false;
	named = jval_str(jval_path(doc, "config", "digest", NULL));
	return named != NULL && digest_parse(digest, named, strlen(named)) == 0 &&
	       memcmp(digest, image->config_digest, sizeof(digest)) == 0;
}

/* The digest is a claim until the bytes are there, hash to it and lead to the config. */
static int read_manifest(const struct cstore_image *at, struct sl_image *image,
			 struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	const char *said = jval_str(jval_get(at->row->v, "digest"));
	uint8_t digest[SL_SHA256_SIZE];
	char key[sizeof("manifest-") + DIGEST_TEXT_SIZE];
	int rc;

	if (said == NULL || digest_parse(image->manifest_digest, said, strlen(said)) < 0)
		return 0;
	image->has_manifest_digest = true;
	(void)snprintf(key, sizeof(key), "manifest-%s", said);
	rc = read_bigdata(at, key, &text, NULL);
	if (rc == -SL_ENOTFOUND)
		rc = read_bigdata(at, "manifest", &text, NULL);
	if (rc < 0 || text.len == 0)
		return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "manifest") : 0;
	rc = sha256_once(text.data, text.len, digest, err);
	if (rc < 0 || memcmp(digest, image->manifest_digest, sizeof(digest)) != 0 ||
	    !names_config(&text, image))
		return rc;
	image->manifest_size = text.len;
	image->manifest = buf_take(&text);
	return image->manifest != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "manifest");
}

/*
 * layers.json repeats the diff_id; when it says another, one of the two was changed. A layer that
 * was pulled by a table of contents may have none there: tar-split and directory must do.
 */
static int check_diff(const struct sl_layer *layer, const struct cstore_layer *at, size_t n,
		      struct sl_error *err)
{
	const char *text = jval_str(jval_get(at->row->v, "diff-digest"));
	uint8_t diff_id[SL_SHA256_SIZE];

	if (text == NULL || text[0] == '\0')
		return 0;
	if (digest_parse(diff_id, text, strlen(text)) < 0 ||
	    memcmp(diff_id, layer->diff_id, sizeof(diff_id)) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "layer %zu: diff-digest of '%.12s' in layers.json contradicts the "
			       "image config",
			       n, at->id);
	return 0;
}

/* A layer whose directory is gone keeps its digests and has no descriptors. */
static int open_layer(struct cstore *s, const struct cstore_layer *at, struct sl_layer *layer,
		      struct sl_error *err)
{
	const char *sub = at->part->layout == CSTORE_OVERLAY ? "diff" : NULL;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *file = NULL;
	int rc;

	layer->marker = cstore_marker(s, at->part);
	layer->dir_is_whole = at->part->layout == CSTORE_WHOLE;
	if (asprintf(&file, "%s.tar-split.gz", at->id) < 0) {
		file = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	if (at->part->layers_fd >= 0)
		layer->tar_split_fd =
			root_open_path(at->part->layers_fd, file, ROOT_NO_LINKS, &why);
	if (layer->tar_split_fd < 0)
		layer->tar_split_fd = -1;
	if (kernel_ran_out(why.sys))
		return store_give_error(err, &why);
	rc = cstore_layer_open(s, at->part, at->id, sub, &layer->dir_fd, &layer->dir_path, NULL);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	if (rc < 0)
		layer->dir_fd = -1;
	return cstore_idmap_of_row(&layer->idmap, &s->idmap, at->row->v, err);
}

static int open_layers(struct cstore *s, const struct cstore_image *at, struct sl_image *image,
		       struct sl_error *err)
{
	CLEANUP(cstore_chain_clear) struct cstore_chain chain = {0};
	const char *top = jval_str(jval_get(at->row->v, "layer"));
	int rc = top != NULL && top[0] != '\0' ? cstore_chain_read(s, at->part, top, &chain, err)
					       : 0;

	if (rc < 0)
		return rc;
	if (chain.count > image->layer_count ||
	    (chain.is_whole && chain.count > 0 && chain.count != image->layer_count))
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "the image config has %zu layers, layers.json has %zu",
			       image->layer_count, chain.count);
	/* where layers.json has lost some, those above them are known still */
	for (size_t i = 0; rc == 0 && i < chain.count; i++) {
		size_t n = image->layer_count - 1 - i;

		rc = check_diff(&image->layers[n], &chain.layers[i], n, err);
		if (rc == 0)
			rc = open_layer(s, &chain.layers[i], &image->layers[n], err);
	}
	return rc;
}

static int read_layers(struct cstore *s, const struct cstore_image *at, struct sl_image *image,
		       struct sl_error *err)
{
	CLEANUP(imageconfig_clear) struct imageconfig config = {0};
	int rc = imageconfig_parse(&config, image->config, image->config_size, err);

	if (rc == 0)
		rc = imageconfig_add_layers(&config, image, err);
	if (rc < 0)
		return sl_wrap(err, rc, "image config");
	image->platform = take_ptr(&config.platform);
	return open_layers(s, at, image, err);
}

int cstore_image_load(struct cstore *s, const struct cstore_image *at, const char *reference,
		      const char *name, struct sl_image **out, struct sl_error *err)
{
	AUTO_IMAGE struct sl_image *image = NULL;
	int rc = sl_image_new(&image, reference, err);

	if (rc < 0)
		return rc;
	if (!cstore_keep(&image->name, name))
		return sl_fail(err, SL_ENOMEM, 0, "image name");
	rc = read_config(at, image, err);
	if (rc == 0)
		rc = read_manifest(at, image, err);
	if (rc == 0)
		rc = read_layers(s, at, image, err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&image);
	return 0;
}
