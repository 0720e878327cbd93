/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/sigfind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "snapshot/signature.h"

#define MAX_MANIFEST (1u << 20)
#define MAX_LOOKS 1024 /* manifests that are read in search of signatures */

#define COSIGN_PAYLOAD "application/vnd.dev.cosign.simplesigning.v1+json"
#define COSIGN_SIGNATURE "dev.cosignproject.cosign/signature"
#define NOTATION_TYPE "application/vnd.cncf.notary.signature"
#define NOTATION_JWS "application/jose+json"
#define NOTATION_COSE "application/cose"
#define BUNDLE_PREFIX "application/vnd.dev.sigstore.bundle"

struct search {
	struct sl_image *image;
	const struct sigfind_blobs *blobs;
	size_t looks;
};

static bool is_text(const struct jval *v, const char *want)
{
	return jval_str(v) != NULL && strcmp(jval_str(v), want) == 0;
}

/* Read and parse a manifest that may be of any kind. */
static int read_manifest(const struct sigfind_blobs *blobs, const struct ocidoc_desc *d,
			 struct jval **out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAX_MANIFEST);
	int rc = blobs->fetch(blobs->payload, d, &text, err);

	if (rc == 0)
		rc = jval_parse(out, text.data != NULL ? text.data : "", text.len, err);
	return rc;
}

/* ---- telling artifacts from images ---- */

static bool is_artifact(const struct jval *manifest)
{
	const char *config = jval_str(jval_path(manifest, "config", "mediaType", NULL));
	const struct jval *layers = jval_get(manifest, "layers");

	if (jval_get(manifest, "artifactType") != NULL || config == NULL ||
	    ocidoc_kind(config) != OCIDOC_CONFIG)
		return true;
	/* cosign gives its signatures an image's configuration */
	for (size_t i = 0; i < jval_len(layers); i++)
		if (is_text(jval_get(jval_at(layers, i), "mediaType"), COSIGN_PAYLOAD))
			return true;
	return false;
}

int sigfind_mark(struct ocidoc_index *top, const struct sigfind_blobs *blobs, struct sl_error *err)
{
	size_t looks = 0;

	for (size_t i = 0; top->count > 1 && i < top->count && looks < MAX_LOOKS; i++) {
		struct jval *manifest AUTO_JVAL = NULL;
		struct ocidoc_desc *d = &top->manifests[i];
		int rc;

		if (d->kind != OCIDOC_MANIFEST || d->is_attestation)
			continue;
		looks++;
		rc = read_manifest(blobs, d, &manifest, NULL);
		if (rc == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "manifest");
		d->is_attestation = rc == 0 && is_artifact(manifest);
	}
	return 0;
}

/* ---- what a manifest holds ---- */

static void describe(char *out, size_t size, const char *what, const struct ocidoc_desc *d)
{
	char digest[DIGEST_TEXT_SIZE];

	digest_format(digest, d->digest);
	(void)snprintf(out, size, "%s %.19s", what, digest); /* sha256: and twelve digits */
}

/* The blob of a layer becomes a signature; its base64 text, for cosign, stands in an annotation. */
static int take_layer(struct search *s, enum signature_kind kind, const char *what,
		      const struct jval *layer, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf blob = BUF_INIT(SIGNATURE_MAX_BYTES);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIGNATURE_MAX_BYTES);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const char *annotation = jval_str(jval_path(layer, "annotations", COSIGN_SIGNATURE, NULL));
	struct ocidoc_desc d = {0};
	char where[80] = "";
	int rc = ocidoc_parse_desc(&d, layer, &why);

	(void)snprintf(where, sizeof(where), "%s", what);
	if (rc == 0) {
		describe(where, sizeof(where), what, &d);
		rc = s->blobs->fetch(s->blobs->payload, &d, &blob, &why);
	}
	if (rc == 0 && kind == SIGNATURE_COSIGN && annotation == NULL)
		rc = sl_fail(&why, SL_EFORMAT, 0, "no signature beside the payload");
	if (rc == 0 && kind == SIGNATURE_COSIGN)
		rc = buf_append_str(&text, annotation);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "signature");
	if (rc < 0)
		return signature_add_other(&s->image->signatures, where, sl_error_text(&why), err);
	if (kind == SIGNATURE_COSIGN)
		return signature_add(&s->image->signatures, kind, where, &text, &blob, err);
	return signature_add(&s->image->signatures, kind, where, &blob, NULL, err);
}

static int take_notation(struct search *s, const struct jval *layer, const char *media_type,
			 struct sl_error *err)
{
	if (strcmp(media_type, NOTATION_JWS) == 0)
		return take_layer(s, SIGNATURE_NOTATION, "notation signature", layer, err);
	if (strcmp(media_type, NOTATION_COSE) == 0)
		return signature_add_other(&s->image->signatures, "notation signature",
					   "COSE envelopes are not read by this version", err);
	return signature_add_other(&s->image->signatures, "notation signature",
				   "envelope of an unknown type", err);
}

static int take_layers(struct search *s, const struct jval *manifest, struct sl_error *err)
{
	const struct jval *layers = jval_get(manifest, "layers");
	bool is_notation =
		is_text(jval_path(manifest, "config", "mediaType", NULL), NOTATION_TYPE) ||
		is_text(jval_get(manifest, "artifactType"), NOTATION_TYPE);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < jval_len(layers); i++) {
		const struct jval *layer = jval_at(layers, i);
		const char *type = jval_str(jval_get(layer, "mediaType"));

		if (type == NULL)
			continue;
		if (is_notation)
			rc = take_notation(s, layer, type, err);
		else if (strcmp(type, COSIGN_PAYLOAD) == 0)
			rc = take_layer(s, SIGNATURE_COSIGN, "cosign signature", layer, err);
		else if (strncmp(type, BUNDLE_PREFIX, strlen(BUNDLE_PREFIX)) == 0)
			rc = take_layer(s, SIGNATURE_BUNDLE, "sigstore bundle", layer, err);
	}
	return rc;
}

/* ---- where they lie ---- */

/* A manifest that says it is about something else is nobody's business here. */
static bool is_about(const struct sl_image *image, const struct jval *manifest)
{
	const char *subject = jval_str(jval_path(manifest, "subject", "digest", NULL));
	uint8_t digest[SL_SHA256_SIZE];

	if (jval_get(manifest, "subject") == NULL)
		return true;
	return subject != NULL && digest_parse(digest, subject, strlen(subject)) == 0 &&
	       sl_image_named_by(image, digest, 0) != SL_IMAGE_NAME_NONE;
}

static int look_at(struct search *s, const struct ocidoc_desc *d, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct jval *manifest AUTO_JVAL = NULL;
	char where[80];
	int rc;

	if (s->looks++ >= MAX_LOOKS)
		return 0;
	rc = read_manifest(s->blobs, d, &manifest, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "manifest of a signature");
	if (rc < 0) {
		describe(where, sizeof(where), "manifest", d);
		return signature_add_other(&s->image->signatures, where, sl_error_text(&why), err);
	}
	return is_about(s->image, manifest) ? take_layers(s, manifest, err) : 0;
}

/*
 * The tag of a descriptor, without the repository in front of it: sha256-DIGEST, with or without
 * .sig behind. Such a tag says whose signatures those are; one for another image is passed over.
 */
enum tag_says { TAG_NOTHING, TAG_THIS_IMAGE, TAG_ANOTHER_IMAGE };

static enum tag_says read_tag(const struct sl_image *image, const struct ocidoc_desc *d)
{
	uint8_t digest[SL_SHA256_SIZE];

	if (!ocidoc_related_tag(d, digest))
		return TAG_NOTHING;
	return sl_image_named_by(image, digest, 0) != SL_IMAGE_NAME_NONE ? TAG_THIS_IMAGE
									 : TAG_ANOTHER_IMAGE;
}

static int look_through(struct search *s, const struct ocidoc_desc *d, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAX_MANIFEST);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(ocidoc_index_clear) struct ocidoc_index index = {0};
	char where[80];
	int rc = s->blobs->fetch(s->blobs->payload, d, &text, &why);

	if (rc == 0)
		rc = ocidoc_parse_index(&index, text.data != NULL ? text.data : "", text.len, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "list of referrers");
	if (rc < 0) {
		describe(where, sizeof(where), "list of referrers", d);
		return signature_add_other(&s->image->signatures, where, sl_error_text(&why), err);
	}
	for (size_t i = 0; rc == 0 && i < index.count; i++)
		rc = look_at(s, &index.manifests[i], err);
	return rc;
}

int sigfind_collect(struct sl_image *image, const struct ocidoc_index *top,
		    const struct sigfind_blobs *blobs, struct sl_error *err)
{
	struct search s = {.image = image, .blobs = blobs};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < top->count; i++) {
		const struct ocidoc_desc *d = &top->manifests[i];
		enum tag_says tag = read_tag(image, d);

		if (tag == TAG_ANOTHER_IMAGE || !d->is_attestation)
			continue;
		if (d->kind != OCIDOC_INDEX)
			rc = look_at(&s, d, err);
		else if (tag == TAG_THIS_IMAGE)
			rc = look_through(&s, d, err);
	}
	return rc;
}
