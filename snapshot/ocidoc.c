/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/ocidoc.h"

#include <strandline/image.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "core/tocnote.h"

static const struct {
	const char *media_type;
	enum ocidoc_kind kind;
} kinds[] = {
	{"application/vnd.oci.image.index.v1+json", OCIDOC_INDEX},
	{"application/vnd.docker.distribution.manifest.list.v2+json", OCIDOC_INDEX},
	{"application/vnd.oci.image.manifest.v1+json", OCIDOC_MANIFEST},
	{"application/vnd.docker.distribution.manifest.v2+json", OCIDOC_MANIFEST},
	{"application/vnd.oci.image.config.v1+json", OCIDOC_CONFIG},
	{"application/vnd.docker.container.image.v1+json", OCIDOC_CONFIG},
	{"application/vnd.oci.image.layer.v1.tar", OCIDOC_LAYER},
	{"application/vnd.oci.image.layer.v1.tar+gzip", OCIDOC_LAYER},
	{"application/vnd.oci.image.layer.v1.tar+zstd", OCIDOC_LAYER},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar", OCIDOC_LAYER},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", OCIDOC_LAYER},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", OCIDOC_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar", OCIDOC_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar.gzip", OCIDOC_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar.zstd", OCIDOC_LAYER},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar", OCIDOC_LAYER},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", OCIDOC_LAYER},
};

enum ocidoc_kind ocidoc_kind(const char *media_type)
{
	for (size_t i = 0; media_type != NULL && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].media_type, media_type) == 0)
			return kinds[i].kind;
	return OCIDOC_OTHER;
}

static bool is_alnum(char c, bool upper)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (upper && c >= 'A' && c <= 'Z');
}

/* algorithm ::= component (separator component)*; encoded ::= [a-zA-Z0-9=_-]+ */
static bool is_digest(const char *text)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL || colon[1] == '\0')
		return false;
	for (const char *at = text; at < colon; at++) {
		bool is_inside = at > text && at + 1 < colon && is_alnum(at[-1], false);

		if (!is_alnum(*at, false) && !(is_inside && strchr("+._-", *at) != NULL))
			return false;
	}
	for (const char *at = colon + 1; *at != '\0'; at++)
		if (!is_alnum(*at, true) && strchr("=_-", *at) == NULL)
			return false;
	return colon > text;
}

int ocidoc_parse_digest(uint8_t out[SL_SHA256_SIZE], const char *text, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(text, strlen(text));
	const char *s = shown != NULL ? shown : "?";

	if (!is_digest(text))
		return sl_fail(err, SL_EFORMAT, 0, "'%s' is no digest", s);
	if (strncmp(text, "sha256:", 7) != 0)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "digest '%s' is not sha256, the one that is verified here", s);
	if (digest_parse(out, text, strlen(text)) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "'%s' is no sha256 digest", s);
	return 0;
}

static bool is_word(const char *text, const char *want)
{
	return text != NULL && strcmp(text, want) == 0;
}

static bool parse_related_tag(const char *name, uint8_t digest[SL_SHA256_SIZE])
{
	static const char *const suffixes[] = {"", ".sig", ".att", ".sbom"};
	const size_t hex = 2 * (size_t)SL_SHA256_SIZE;
	const char *tag = name != NULL ? strrchr(name, ':') : NULL;

	tag = tag != NULL ? tag + 1 : name;
	if (tag == NULL || strncmp(tag, "sha256-", 7) != 0 || strnlen(tag + 7, hex) != hex ||
	    hex_decode(digest, SL_SHA256_SIZE, tag + 7, hex) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strcmp(tag + 7 + hex, suffixes[i]) == 0)
			return true;
	return false;
}

bool ocidoc_related_tag(const struct ocidoc_desc *d, uint8_t digest[SL_SHA256_SIZE])
{
	return parse_related_tag(d->ref_name, digest) || parse_related_tag(d->image_name, digest);
}

/* What `cosign save` writes beside the image, under the image's own name. */
static bool is_cosign_kind(const char *kind)
{
	return is_word(kind, "dev.cosignproject.cosign/sigs") ||
	       is_word(kind, "dev.cosignproject.cosign/atts") ||
	       is_word(kind, "dev.cosignproject.cosign/sboms");
}

int ocidoc_parse_desc(struct ocidoc_desc *out, const struct jval *v, struct sl_error *err)
{
	const struct jval *platform = jval_get(v, "platform"), *notes = jval_get(v, "annotations");
	const char *digest = jval_str(jval_get(v, "digest"));
	uint8_t related[SL_SHA256_SIZE];
	int64_t size;
	int rc;

	if (digest == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "descriptor without a digest");
	rc = ocidoc_parse_digest(out->digest, digest, err);
	if (rc < 0)
		return rc;
	if (jval_i64(jval_get(v, "size"), &size) < 0 || size < 0)
		return sl_fail(err, SL_EFORMAT, 0, "descriptor %s has no usable size", digest);
	out->size = (uint64_t)size;
	out->media_type = jval_str(jval_get(v, "mediaType"));
	out->kind = ocidoc_kind(out->media_type);
	out->data = jval_str(jval_get(v, "data"));
	out->urls = jval_get(v, "urls");
	out->os = jval_str(jval_get(platform, "os"));
	out->arch = jval_str(jval_get(platform, "architecture"));
	out->variant = jval_str(jval_get(platform, "variant"));
	out->ref_name = jval_str(jval_get(notes, "org.opencontainers.image.ref.name"));
	out->image_name = jval_str(jval_get(notes, "io.containerd.image.name"));
	out->is_attestation = is_word(jval_str(jval_get(notes, "vnd.docker.reference.type")),
				      "attestation-manifest") ||
			      (is_word(out->os, "unknown") && is_word(out->arch, "unknown")) ||
			      jval_str(jval_get(v, "artifactType")) != NULL ||
			      is_cosign_kind(jval_str(jval_get(notes, "kind"))) ||
			      ocidoc_related_tag(out, related);
	return tocnote_parse(&out->toc, notes, err);
}

static int parse_descs(struct ocidoc_desc **out, size_t *count, const struct jval *list, size_t max,
		       const char *what, struct sl_error *err)
{
	size_t n = jval_len(list);

	if (list == NULL || jval_type(list) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "no list of %s", what);
	if (n > max)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu %s", max, what);
	*out = calloc(n > 0 ? n : 1, sizeof(**out));
	if (*out == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "list of %s", what);
	for (size_t i = 0; i < n; i++) {
		int rc = ocidoc_parse_desc(&(*out)[i], jval_at(list, i), err);

		if (rc < 0)
			return sl_wrap(err, rc, "%s %zu", what, i);
	}
	*count = n;
	return 0;
}

/*
 * A document must say one thing only: one that is both index and manifest is read differently by
 * different engines (CVE-2021-41190).
 */
static int check_shape(const struct jval *doc, enum ocidoc_kind want, struct sl_error *err)
{
	const char *media_type = jval_str(jval_get(doc, "mediaType"));
	bool is_index = jval_get(doc, "manifests") != NULL;
	bool is_manifest = jval_get(doc, "layers") != NULL || jval_get(doc, "config") != NULL;
	int64_t version;

	if (jval_type(doc) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "not a json object");
	if (is_index && is_manifest)
		return sl_fail(err, SL_EFORMAT, 0, "both an index and a manifest");
	if (media_type != NULL && ocidoc_kind(media_type) != want)
		return sl_fail(err, SL_EFORMAT, 0, "media type is not what its descriptor says");
	if (jval_i64(jval_get(doc, "schemaVersion"), &version) < 0 || version != 2)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "schemaVersion is not 2");
	return 0;
}

int ocidoc_parse_index(struct ocidoc_index *out, const void *text, size_t len, struct sl_error *err)
{
	int rc;

	*out = (struct ocidoc_index){0};
	rc = jval_parse_bounded(&out->doc, text, len, OCIDOC_MAX_VALUES, err);
	if (rc == 0)
		rc = check_shape(out->doc, OCIDOC_INDEX, err);
	if (rc == 0)
		rc = parse_descs(&out->manifests, &out->count, jval_get(out->doc, "manifests"),
				 OCIDOC_MAX_DESCRIPTORS, "manifests", err);
	if (rc < 0)
		ocidoc_index_clear(out);
	return rc;
}

void ocidoc_index_clear(struct ocidoc_index *i)
{
	free(i->manifests);
	jval_free(i->doc);
	*i = (struct ocidoc_index){0};
}

static int check_manifest(const struct ocidoc_manifest *m, struct sl_error *err)
{
	if (m->config.kind != OCIDOC_CONFIG) {
		const char *t = m->config.media_type != NULL ? m->config.media_type : "";
		AUTO_FREE char *shown = quote_dup(t, strlen(t));

		return sl_fail(err, SL_EUNSUPPORTED, 0, "config of type '%s': no container image",
			       shown != NULL ? shown : "?");
	}
	for (size_t i = 0; i < m->layer_count; i++) {
		const char *t = m->layers[i].media_type != NULL ? m->layers[i].media_type : "";
		AUTO_FREE char *shown = NULL;

		if (m->layers[i].kind == OCIDOC_LAYER)
			continue;
		shown = quote_dup(t, strlen(t));
		return sl_fail(err, SL_EUNSUPPORTED, 0, "layer %zu is of type '%s'", i,
			       shown != NULL ? shown : "?");
	}
	return 0;
}

int ocidoc_parse_manifest(struct ocidoc_manifest *out, const void *text, size_t len,
			  struct sl_error *err)
{
	int rc;

	*out = (struct ocidoc_manifest){0};
	rc = jval_parse_bounded(&out->doc, text, len, OCIDOC_MAX_VALUES, err);
	if (rc == 0)
		rc = check_shape(out->doc, OCIDOC_MANIFEST, err);
	if (rc == 0) {
		rc = ocidoc_parse_desc(&out->config, jval_get(out->doc, "config"), err);
		if (rc < 0)
			(void)sl_wrap(err, rc, "config");
	}
	if (rc == 0)
		rc = parse_descs(&out->layers, &out->layer_count, jval_get(out->doc, "layers"),
				 SL_IMAGE_MAX_LAYERS, "layers", err);
	if (rc == 0)
		rc = check_manifest(out, err);
	if (rc < 0)
		ocidoc_manifest_clear(out);
	return rc;
}

void ocidoc_manifest_clear(struct ocidoc_manifest *m)
{
	free(m->layers);
	jval_free(m->doc);
	*m = (struct ocidoc_manifest){0};
}

static int parse_diff_ids(struct ocidoc_config *out, const struct jval *list, struct sl_error *err)
{
	size_t n = jval_len(list);

	if (list == NULL || jval_type(list) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "no rootfs.diff_ids");
	if (n > SL_IMAGE_MAX_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d layers", SL_IMAGE_MAX_LAYERS);
	out->diff_ids = calloc(n > 0 ? n : 1, sizeof(*out->diff_ids));
	if (out->diff_ids == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "diff_ids");
	for (size_t i = 0; i < n; i++) {
		const char *text = jval_str(jval_at(list, i));
		int rc;

		if (text == NULL)
			return sl_fail(err, SL_EFORMAT, 0, "diff_id %zu is no text", i);
		rc = ocidoc_parse_digest(out->diff_ids[i], text, err);
		if (rc < 0)
			return sl_wrap(err, rc, "diff_id %zu", i);
	}
	out->count = n;
	return 0;
}

int ocidoc_parse_config(struct ocidoc_config *out, const void *text, size_t len,
			struct sl_error *err)
{
	int rc;

	*out = (struct ocidoc_config){0};
	rc = jval_parse_bounded(&out->doc, text, len, OCIDOC_MAX_VALUES, err);
	if (rc == 0)
		rc = parse_diff_ids(out, jval_path(out->doc, "rootfs", "diff_ids", NULL), err);
	if (rc < 0) {
		ocidoc_config_clear(out);
		return rc;
	}
	out->os = jval_str(jval_get(out->doc, "os"));
	out->arch = jval_str(jval_get(out->doc, "architecture"));
	out->variant = jval_str(jval_get(out->doc, "variant"));
	return 0;
}

void ocidoc_config_clear(struct ocidoc_config *c)
{
	free(c->diff_ids);
	jval_free(c->doc);
	*c = (struct ocidoc_config){0};
}

int ocidoc_platform(const struct ocidoc_config *c, char **out, struct sl_error *err)
{
	*out = NULL;
	if (c->os == NULL || c->arch == NULL)
		return 0;
	if (asprintf(out, "%s/%s%s%s", c->os, c->arch, c->variant != NULL ? "/" : "",
		     c->variant != NULL ? c->variant : "") < 0) {
		*out = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "platform");
	}
	return 0;
}

int ocidoc_missing(const char *media_type, const struct jval *urls, int rc, struct sl_error *err)
{
	const char *type = media_type != NULL ? media_type : "";
	bool is_foreign = strstr(type, ".nondistributable.") || strstr(type, ".foreign.");
	AUTO_FREE char *shown = quote_dup(type, strlen(type));
	CLEANUP(buf_clear) struct buf where = BUF_INIT(8192);

	for (size_t i = 0; i < jval_len(urls) && i < 4; i++) {
		const char *url = jval_str(jval_at(urls, i));

		if (url == NULL)
			continue;
		(void)buf_append_str(&where, where.len > 0 ? ", '" : ", to be had from '");
		(void)quote_bytes(&where, url, strnlen(url, 1024));
		(void)buf_append_char(&where, '\'');
	}
	if (!is_foreign && where.len == 0)
		return rc;
	return sl_wrap(err, rc, "not distributed with the image, of type '%s'%s",
		       shown != NULL ? shown : "?", where.data != NULL ? where.data : "");
}

int ocidoc_check_layout(const void *text, size_t len, struct sl_error *err)
{
	struct jval *doc = NULL;
	const char *version;
	int rc = jval_parse_bounded(&doc, text, len, OCIDOC_MAX_VALUES, err);

	if (rc < 0)
		return rc;
	version = jval_str(jval_get(doc, "imageLayoutVersion"));
	if (version == NULL)
		rc = sl_fail(err, SL_EFORMAT, 0, "no imageLayoutVersion");
	else if (strncmp(version, "1.", 2) != 0)
		rc = sl_fail(err, SL_EUNSUPPORTED, 0, "imageLayoutVersion is not 1");
	jval_free(doc);
	return rc;
}
