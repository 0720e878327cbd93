/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and indexes of images as containerd stores them, parsed from bytes that their
 * digest has proven: no I/O here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/tocnote.h"
#include "host/ctrd.h"

/* Most descriptors in one index. */
#define ITEMS_MAX 4096

static const struct {
	const char *type;
	enum ctrd_doc_kind kind;
} kinds[] = {
	{"application/vnd.oci.image.index.v1+json", CTRD_DOC_INDEX},
	{"application/vnd.docker.distribution.manifest.list.v2+json", CTRD_DOC_INDEX},
	{"application/vnd.oci.image.manifest.v1+json", CTRD_DOC_MANIFEST},
	{"application/vnd.docker.distribution.manifest.v2+json", CTRD_DOC_MANIFEST},
	{"application/vnd.oci.image.config.v1+json", CTRD_DOC_CONFIG},
	{"application/vnd.docker.container.image.v1+json", CTRD_DOC_CONFIG},
};

/* What a layer's media type begins with; compression and encryption follow. */
static const char *const layers[] = {
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.nondistributable.v1.tar",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.foreign.diff.tar",
};

static enum ctrd_doc_kind kind_of(const char *type)
{
	for (size_t i = 0; type != NULL && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(type, kinds[i].type) == 0)
			return kinds[i].kind;
	return CTRD_DOC_OTHER;
}

static bool is_layer(const char *type)
{
	static const char *const packed[] = {"", "+gzip", "+zstd", ".gzip", ".zstd"};

	for (size_t i = 0; type != NULL && i < ARRAY_SIZE(layers); i++) {
		size_t len = strlen(layers[i]);

		if (strncmp(type, layers[i], len) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(packed); k++)
			if (strcmp(type + len, packed[k]) == 0)
				return true;
	}
	return false;
}

static bool is_word(const struct jval *v, const char *want)
{
	const char *text = jval_str(v);

	return text != NULL && strcmp(text, want) == 0;
}

/* Attestations and signatures travel in an index, too. */
static bool is_no_image(const struct jval *v)
{
	const struct jval *platform = jval_get(v, "platform");

	return is_word(jval_path(v, "annotations", "vnd.docker.reference.type", NULL),
		       "attestation-manifest") ||
	       (is_word(jval_get(platform, "os"), "unknown") &&
		is_word(jval_get(platform, "architecture"), "unknown")) ||
	       jval_get(v, "artifactType") != NULL;
}

/*
 * A claim that is malformed is none: containerd unpacks whole layers and reads no annotation. What
 * stands in the blob is looked at all the same.
 */
static void read_toc(struct ctrd_desc *out, const struct jval *notes)
{
	if (tocnote_parse(&out->toc, notes, NULL) < 0)
		out->toc = (struct sl_toc_claim){.kind = SL_TOC_NONE};
}

static int read_desc(struct ctrd_desc *out, const struct jval *v, const char *what,
		     struct sl_error *err)
{
	const char *digest = jval_str(jval_get(v, "digest"));
	int64_t size;

	if (digest == NULL || digest_parse(out->digest, digest, strlen(digest)) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "%s without a sha256 digest", what);
	if (jval_i64(jval_get(v, "size"), &size) < 0 || size < 0)
		return sl_fail(err, SL_EFORMAT, 0, "%s without a usable size", what);
	out->size = (uint64_t)size;
	out->is_layer = is_layer(jval_str(jval_get(v, "mediaType")));
	read_toc(out, jval_get(v, "annotations"));
	return 0;
}

static int read_list(struct ctrd_doc *out, const struct jval *list, size_t max, const char *what,
		     struct sl_error *err)
{
	size_t n = jval_len(list);
	int rc = 0;

	if (list == NULL || jval_type(list) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "no list of %ss", what);
	if (n > max)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu %ss", max, what);
	out->items = calloc(n > 0 ? n : 1, sizeof(*out->items));
	if (out->items == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "%ss", what);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct jval *v = jval_at(list, i);

		if (out->kind == CTRD_DOC_INDEX && is_no_image(v))
			continue;
		rc = read_desc(&out->items[out->count], v, what, err);
		if (rc == 0 && out->kind == CTRD_DOC_MANIFEST && !out->items[out->count].is_layer)
			return sl_fail(err, SL_EUNSUPPORTED, 0,
				       "layer %zu is of a type that is no file system", i);
		out->count++;
	}
	return rc;
}

static int read_manifest(struct ctrd_doc *out, const struct jval *doc, struct sl_error *err)
{
	const struct jval *config = jval_get(doc, "config");
	int rc;

	if (kind_of(jval_str(jval_get(config, "mediaType"))) != CTRD_DOC_CONFIG)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "its config is no container image's");
	rc = read_desc(&out->config, config, "config", err);
	return rc < 0 ? rc
		      : read_list(out, jval_get(doc, "layers"), SL_IMAGE_MAX_LAYERS, "layer", err);
}

/* The document itself says what it is, and must say one thing only (CVE-2021-41190). */
static int read_doc(struct ctrd_doc *out, const struct jval *doc, struct sl_error *err)
{
	const char *type = jval_str(jval_get(doc, "mediaType"));
	bool is_index = jval_get(doc, "manifests") != NULL;
	bool is_manifest = jval_get(doc, "layers") != NULL || jval_get(doc, "config") != NULL;
	int64_t version;

	if (is_index && is_manifest && jval_get(doc, "rootfs") == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "both an index and a manifest");
	if (jval_get(doc, "rootfs") != NULL) {
		out->kind = CTRD_DOC_CONFIG;
		return 0;
	}
	if (jval_i64(jval_get(doc, "schemaVersion"), &version) < 0 || version != 2)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "schemaVersion is not 2");
	out->kind = is_index ? CTRD_DOC_INDEX : is_manifest ? CTRD_DOC_MANIFEST : CTRD_DOC_OTHER;
	if (out->kind == CTRD_DOC_OTHER)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "neither an index nor a manifest");
	if (type != NULL && kind_of(type) != out->kind)
		return sl_fail(err, SL_EFORMAT, 0, "its media type is not what it is");
	if (out->kind == CTRD_DOC_MANIFEST)
		return read_manifest(out, doc, err);
	return read_list(out, jval_get(doc, "manifests"), ITEMS_MAX, "manifest", err);
}

int ctrd_doc_parse(struct ctrd_doc *out, const void *text, size_t len, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	int rc = jval_parse_bounded(&doc, text, len, STORE_VALUES_MAX, err);

	*out = (struct ctrd_doc){0};
	if (rc == 0 && jval_type(doc) != JVAL_OBJECT)
		rc = sl_fail(err, SL_EFORMAT, 0, "not a JSON object");
	if (rc == 0)
		rc = read_doc(out, doc, err);
	if (rc < 0)
		ctrd_doc_clear(out);
	return rc;
}

void ctrd_doc_clear(struct ctrd_doc *doc)
{
	free(doc->items);
	*doc = (struct ctrd_doc){0};
}
