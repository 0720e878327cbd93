/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/dockerarchive.h"

#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/quote.h"
#include "snapshot/blobs.h"
#include "snapshot/dockerdoc.h"
#include "snapshot/ocidoc.h"
#include "snapshot/platform.h"

#define MAX_DOCUMENT (8u << 20)

/* A layer that came from elsewhere has a descriptor of its own. */
static int missing_layer(const struct dockerdoc_image *doc, const uint8_t diff_id[SL_SHA256_SIZE],
			 int rc, struct sl_error *err)
{
	char text[DIGEST_TEXT_SIZE];
	const struct jval *source;

	digest_format(text, diff_id);
	source = jval_get(doc->sources, text);
	return ocidoc_missing(jval_str(jval_get(source, "mediaType")), jval_get(source, "urls"), rc,
			      err);
}

static int add_layer(struct sl_image *image, const struct blobs *blobs,
		     const struct dockerdoc_image *doc, size_t i,
		     const uint8_t diff_id[SL_SHA256_SIZE], struct sl_error *err)
{
	static const char blob_folder[] = "blobs/sha256/";
	const char *name = jval_str(jval_at(doc->layers, i));
	struct sl_layer layer = SL_LAYER_INIT;
	struct blob blob;
	int rc = blobs_open(blobs, name, &blob, err);

	if (rc == -SL_ENOTFOUND)
		rc = missing_layer(doc, diff_id, rc, err);
	if (rc < 0)
		return sl_wrap(err, rc, "layer %zu of %zu", i + 1, doc->layer_count);
	blob_give(&blob, &layer);
	layer.has_diff_id = true;
	memcpy(layer.diff_id, diff_id, SL_SHA256_SIZE);
	/* elsewhere a digest in the name may be of the tar or of the compressed tar */
	if (strncmp(name, blob_folder, strlen(blob_folder)) == 0)
		layer.has_blob_digest = dockerdoc_named_digest(name, layer.blob_digest) == 0;
	layer.marker = SL_MARKER_OCI;
	rc = sl_image_add_layer(image, &layer, err);
	if (rc < 0)
		close(layer.blob_fd);
	return rc;
}

static int check_platform(const struct ocidoc_config *config, const char *wanted,
			  struct sl_error *err)
{
	CLEANUP(platform_clear) struct platform platform = {0};
	int rc = wanted != NULL ? platform_parse(&platform, wanted, err) : 0;

	if (wanted == NULL || rc < 0)
		return rc;
	if (platform_suits(&platform, config->os, config->arch, config->variant))
		return 0;
	return sl_fail(err, SL_ENOTFOUND, 0, "the image is not for %s/%s", platform.os,
		       platform.arch);
}

static int set_layers(struct sl_image *image, const struct blobs *blobs,
		      const struct dockerdoc_image *doc, const char *platform, struct sl_error *err)
{
	CLEANUP(ocidoc_config_clear) struct ocidoc_config config = {0};
	int rc = ocidoc_parse_config(&config, image->config, image->config_size, err);

	if (rc < 0)
		return sl_wrap(err, rc, "config");
	rc = check_platform(&config, platform, err);
	if (rc == 0 && doc->layer_count != config.count)
		rc = sl_fail(err, SL_EUNTRUSTED, 0,
			     "manifest.json has %zu layers, the config %zu diff_ids",
			     doc->layer_count, config.count);
	for (size_t i = 0; rc == 0 && i < config.count; i++)
		rc = add_layer(image, blobs, doc, i, config.diff_ids[i], err);
	if (rc == 0)
		rc = sl_image_chain(image, err);
	return rc < 0 ? rc : ocidoc_platform(&config, &image->platform, err);
}

/* The image id is the digest of the configuration, and mostly its name. */
static int read_config(struct sl_image *image, const struct blobs *blobs, const char *name,
		       struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAX_DOCUMENT);
	char got[DIGEST_TEXT_SIZE];
	uint8_t claimed[SL_SHA256_SIZE];
	int rc = blobs_read(blobs, name, &text, err);

	if (rc < 0)
		return sl_wrap(err, rc, "config");
	rc = sha256_once(text.data != NULL ? text.data : "", text.len, image->config_digest, err);
	if (rc < 0)
		return rc;
	if (dockerdoc_named_digest(name, claimed) == 0 &&
	    memcmp(claimed, image->config_digest, SL_SHA256_SIZE) != 0) {
		AUTO_FREE char *shown = quote_dup(name, strlen(name));

		digest_format(got, image->config_digest);
		return sl_fail(err, SL_EUNTRUSTED, 0, "config '%s': its bytes have digest %s",
			       shown != NULL ? shown : "?", got);
	}
	image->config_size = text.len;
	image->config = buf_take(&text);
	return image->config != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "config");
}

static int fill_image(struct sl_image *image, const struct blobs *blobs, const char *name,
		      const char *platform, struct sl_error *err)
{
	CLEANUP(dockerdoc_clear) struct dockerdoc doc = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAX_DOCUMENT);
	const struct dockerdoc_image *picked;
	const char *tag;
	int rc = blobs_read(blobs, "manifest.json", &text, err);

	if (rc < 0)
		return sl_wrap(err, rc, "no archive of docker save");
	rc = dockerdoc_parse(&doc, text.data != NULL ? text.data : "", text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "manifest.json");
	rc = dockerdoc_pick(&doc, name, &picked, &tag, err);
	if (rc == 0)
		rc = read_config(image, blobs, picked->config, err);
	if (rc == 0)
		rc = set_layers(image, blobs, picked, platform, err);
	if (rc == 0 && tag != NULL && (image->name = strdup(tag)) == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "image name");
	return rc;
}

int dockerarchive_open(struct sl_image **out, const struct tarball *archive, const char *reference,
		       const char *name, const char *platform, struct sl_error *err)
{
	const struct blobs blobs = {.dir_fd = -1, .archive = archive};
	struct sl_image *image = NULL;
	int rc = sl_image_new(&image, reference, err);

	if (rc < 0)
		return rc;
	rc = fill_image(image, &blobs, name, platform, err);
	if (rc < 0) {
		AUTO_FREE char *shown = quote_dup(reference, strlen(reference));

		sl_image_free(image);
		return sl_wrap(err, rc, "%s", shown != NULL ? shown : "?");
	}
	*out = image;
	return 0;
}
