/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/oci.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/quote.h"
#include "core/root.h"
#include "snapshot/blobs.h"
#include "snapshot/ocilayout.h"
#include "snapshot/platform.h"
#include "snapshot/sigfind.h"

/* A small layer may stand in its descriptor; it gets a file that only memory holds. */
static int open_embedded(const struct ocidoc_desc *d, struct blob *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT(OCILAYOUT_MAX_DOCUMENT);
	AUTO_CLOSE int fd = memfd_create("strandline-layer", MFD_CLOEXEC);
	int rc = ocilayout_embedded(d, &bytes, err);

	if (rc < 0)
		return rc;
	if (fd < 0 || pwrite(fd, bytes.data, bytes.len, 0) != (ssize_t)bytes.len)
		return sl_fail(err, SL_EIO, errno, "memory for an embedded layer");
	*out = (struct blob){.fd = take_fd(&fd), .size = bytes.len};
	return 0;
}

static int open_layer(const struct ocilayout *l, const struct ocidoc_desc *d, struct blob *out,
		      struct sl_error *err)
{
	char name[DIGEST_TEXT_SIZE];
	int rc = ocilayout_blob(l, d, out, err);

	if (rc == -SL_ENOTFOUND && d->data != NULL) {
		if (err != NULL)
			sl_error_clear(err);
		rc = open_embedded(d, out, err);
	} else if (rc == -SL_ENOTFOUND) {
		rc = ocidoc_missing(d->media_type, d->urls, rc, err);
	}
	digest_format(name, d->digest);
	return rc < 0 ? sl_wrap(err, rc, "layer blob %s", name) : 0;
}

static int fill_layer(const struct ocilayout *l, struct sl_image *image,
		      const struct ocidoc_desc *d, const uint8_t diff_id[SL_SHA256_SIZE],
		      struct sl_error *err)
{
	struct sl_layer layer = SL_LAYER_INIT;
	struct blob blob;
	int rc = open_layer(l, d, &blob, err);

	if (rc < 0)
		return rc;
	blob_give(&blob, &layer);
	layer.has_diff_id = layer.has_blob_digest = true;
	memcpy(layer.diff_id, diff_id, SL_SHA256_SIZE);
	memcpy(layer.blob_digest, d->digest, SL_SHA256_SIZE);
	layer.marker = SL_MARKER_OCI;
	layer.toc = d->toc;
	rc = sl_image_add_layer(image, &layer, err);
	if (rc < 0)
		close(layer.blob_fd);
	return rc;
}

static int set_layers(const struct ocilayout *l, struct sl_image *image,
		      const struct ocidoc_manifest *m, const struct ocidoc_config *c,
		      struct sl_error *err)
{
	int rc = 0;

	if (!l->host_platform && !platform_suits(&l->platform, c->os, c->arch, c->variant))
		return sl_fail(err, SL_ENOTFOUND, 0, "the image is not for %s/%s", l->platform.os,
			       l->platform.arch);
	if (m->layer_count != c->count)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "manifest has %zu layers, its config %zu diff_ids", m->layer_count,
			       c->count);
	for (size_t i = 0; rc == 0 && i < c->count; i++)
		rc = fill_layer(l, image, &m->layers[i], c->diff_ids[i], err);
	if (rc == 0)
		rc = sl_image_chain(image, err);
	return rc < 0 ? rc : ocidoc_platform(c, &image->platform, err);
}

static int fill_config(const struct ocilayout *l, struct sl_image *image,
		       const struct ocidoc_manifest *m, struct sl_error *err)
{
	CLEANUP(ocidoc_config_clear) struct ocidoc_config config = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(OCILAYOUT_MAX_DOCUMENT);
	int rc = ocilayout_fetch(l, &m->config, "config", &text, err);

	if (rc < 0)
		return rc;
	memcpy(image->config_digest, m->config.digest, SL_SHA256_SIZE);
	rc = ocidoc_parse_config(&config, text.data, text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "config");
	image->config_size = text.len;
	image->config = buf_take(&text);
	if (image->config == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "config");
	return set_layers(l, image, m, &config, err);
}

static int fill_image(const struct ocilayout *l, struct sl_image *image,
		      const struct ocidoc_desc *d, struct sl_error *err)
{
	CLEANUP(ocidoc_manifest_clear) struct ocidoc_manifest manifest = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(OCILAYOUT_MAX_DOCUMENT);
	int rc = ocilayout_fetch(l, d, "manifest", &text, err);

	if (rc < 0)
		return rc;
	rc = ocidoc_parse_manifest(&manifest, text.data, text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "manifest");
	image->has_manifest_digest = true;
	memcpy(image->manifest_digest, d->digest, SL_SHA256_SIZE);
	image->manifest_size = text.len;
	image->manifest = buf_take(&text);
	if (image->manifest == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "manifest");
	return fill_config(l, image, &manifest, err);
}

/* People may know the image by the digest of any index that leads to its manifest. */
static int set_indexes(const struct ocilayout *l, struct sl_image *image,
		       const struct ocidoc_desc *d, struct sl_error *err)
{
	bool leads[OCILAYOUT_MAX_INDEXES];
	int rc = 0;

	ocilayout_path(l, d, leads);
	for (size_t n = 1; rc == 0 && n < l->node_count; n++)
		if (leads[n])
			rc = sl_image_add_index(image, l->nodes[n].digest, l->nodes[n].size, err);
	return rc;
}

static int set_name(const struct ocilayout *l, struct sl_image *image, struct sl_error *err)
{
	const char *name = ocilayout_name(l);

	if (name == NULL)
		return 0;
	image->name = strdup(name);
	return image->name != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "image name");
}

static int fetch_for_signature(void *payload, const struct ocidoc_desc *d, struct buf *out,
			       struct sl_error *err)
{
	return ocilayout_fetch(payload, d, "blob", out, err);
}

static int open_layout(struct ocilayout *l, struct sl_image *image, const char *platform,
		       struct sl_error *err)
{
	struct sigfind_blobs blobs = {fetch_for_signature, l};
	struct ocidoc_desc manifest;
	int rc = platform_parse(&l->platform, platform, err);

	if (rc == 0)
		rc = ocilayout_read(l, err);
	if (rc == 0)
		rc = sigfind_mark(&l->nodes[0].index, &blobs, err);
	if (rc == 0)
		rc = ocilayout_choose(l, &manifest, err);
	if (rc == 0)
		rc = fill_image(l, image, &manifest, err);
	if (rc == 0)
		rc = set_indexes(l, image, &manifest, err);
	if (rc == 0)
		rc = sigfind_collect(image, &l->nodes[0].index, &blobs, err);
	return rc < 0 ? rc : set_name(l, image, err);
}

static int open_image(struct sl_image **out, const struct blobs *blobs, const char *reference,
		      const char *tag, const char *platform, struct sl_error *err)
{
	struct sl_image *image = NULL;
	struct ocilayout *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layout");
	l->blobs = blobs;
	l->tag = tag;
	l->host_platform = platform == NULL;
	rc = sl_image_new(&image, reference, err);
	if (rc == 0)
		rc = open_layout(l, image, platform, err);
	ocilayout_free(l);
	if (rc < 0) {
		AUTO_FREE char *shown = quote_dup(reference, strlen(reference));

		sl_image_free(image);
		return sl_wrap(err, rc, "%s", shown != NULL ? shown : "?");
	}
	*out = image;
	return 0;
}

int oci_open(struct sl_image **out, const char *dir, const char *tag, const char *platform,
	     struct sl_error *err)
{
	AUTO_CLOSE int dir_fd = root_open_dir(dir, err);
	struct blobs blobs = {.dir_fd = dir_fd};
	AUTO_FREE char *reference = NULL;

	if (dir_fd < 0)
		return dir_fd;
	if (asprintf(&reference, "oci:%s%s%s", dir, tag != NULL ? ":" : "",
		     tag != NULL ? tag : "") < 0) {
		reference = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "reference");
	}
	return open_image(out, &blobs, reference, tag, platform, err);
}

int oci_open_archive(struct sl_image **out, const struct tarball *archive, const char *reference,
		     const char *tag, const char *platform, struct sl_error *err)
{
	struct blobs blobs = {.dir_fd = -1, .archive = archive};

	return open_image(out, &blobs, reference, tag, platform, err);
}
