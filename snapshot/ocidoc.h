/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON documents of OCI images (and Docker's twins of them), parsed from bytes: no I/O here. */
#ifndef SNAPSHOT_OCIDOC_H
#define SNAPSHOT_OCIDOC_H

#include <strandline/error.h>
#include <strandline/image.h>

#include "core/json.h"

/* Most descriptors in one index. */
#define OCIDOC_MAX_DESCRIPTORS 4096

enum ocidoc_kind {
	OCIDOC_INDEX,
	OCIDOC_MANIFEST,
	OCIDOC_CONFIG,
	OCIDOC_LAYER,
	OCIDOC_OTHER, /* artifacts, attestations, obsolete formats */
};

/* Most values in one document, an image of 500 layers and as many steps has some thousands. */
#define OCIDOC_MAX_VALUES 262144

/* A descriptor. Strings borrow from the document it stands in; NULL when absent. */
struct ocidoc_desc {
	enum ocidoc_kind kind;
	const char *media_type;
	uint8_t digest[SL_SHA256_SIZE];
	uint64_t size;
	const char *data; /* the blob itself, base64 */
	const struct jval *urls;
	const char *os, *arch, *variant;
	const char *ref_name;   /* org.opencontainers.image.ref.name */
	const char *image_name; /* io.containerd.image.name */
	bool is_attestation;    /* or a signature, or another artifact: no image to pick */
	struct sl_toc_claim toc;
};

/* What a media type says; OTHER for NULL. */
enum ocidoc_kind ocidoc_kind(const char *media_type);

/* One descriptor of a document that is of no kind below. Strings borrow from it. */
int ocidoc_parse_desc(struct ocidoc_desc *out, const struct jval *v, struct sl_error *err);

/*
 * The tags of what belongs to an image by its digest: "sha256-DIGEST" (referrers), the same with
 * .sig, .att or .sbom behind (cosign). @digest receives the image's.
 */
bool ocidoc_related_tag(const struct ocidoc_desc *d, uint8_t digest[SL_SHA256_SIZE]);

/* An index: index.json, or a manifest list. */
struct ocidoc_index {
	struct jval *doc;
	struct ocidoc_desc *manifests;
	size_t count;
};
int ocidoc_parse_index(struct ocidoc_index *out, const void *text, size_t len,
		       struct sl_error *err);
void ocidoc_index_clear(struct ocidoc_index *i);

struct ocidoc_manifest {
	struct jval *doc;
	struct ocidoc_desc config;
	struct ocidoc_desc *layers;
	size_t layer_count;
};
int ocidoc_parse_manifest(struct ocidoc_manifest *out, const void *text, size_t len,
			  struct sl_error *err);
void ocidoc_manifest_clear(struct ocidoc_manifest *m);

struct ocidoc_config {
	struct jval *doc;
	const char *os, *arch, *variant; /* borrowed from doc; NULL when absent */
	uint8_t (*diff_ids)[SL_SHA256_SIZE];
	size_t count;
};
int ocidoc_parse_config(struct ocidoc_config *out, const void *text, size_t len,
			struct sl_error *err);
void ocidoc_config_clear(struct ocidoc_config *c);
/* "os/arch[/variant]", NULL when the config does not say; the caller frees it. */
int ocidoc_platform(const struct ocidoc_config *c, char **out, struct sl_error *err);

/* {"imageLayoutVersion":"1.x.y"}: 0, -SL_EFORMAT or -SL_EUNSUPPORTED. */
int ocidoc_check_layout(const void *text, size_t len, struct sl_error *err);

/*
 * Say why a layer's blob is missing, where its descriptor does: layers that must not be passed on
 * are left out by type, or are to be had elsewhere. @media_type and @urls may be NULL. Returns @rc.
 */
int ocidoc_missing(const char *media_type, const struct jval *urls, int rc, struct sl_error *err);

/*
 * A digest's grammar (algorithm:encoded), checked before any use in a path. -SL_EFORMAT when it
 * breaks it; -SL_EUNSUPPORTED for anything but sha256.
 */
int ocidoc_parse_digest(uint8_t out[SL_SHA256_SIZE], const char *text, struct sl_error *err);

#endif
