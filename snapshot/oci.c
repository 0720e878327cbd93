/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/oci.h"

#include <errno.h>
#include <inttypes.h>
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
#include "snapshot/imagename.h"
#include "snapshot/ocidoc.h"
#include "snapshot/platform.h"
#include "snapshot/sigfind.h"

#define MAX_DOCUMENT (8u << 20)
#define MAX_DEPTH 4
#define MAX_INDEXES 64
#define BLOB_PATH_SIZE (sizeof("blobs/sha256/") + (size_t)2 * SL_SHA256_SIZE)

/* An index that was read, and where it lies. Descriptors borrow from it. */
struct node {
	struct ocidoc_index index;
	unsigned int depth;
	size_t parent; /* the node that lists it; the top lists itself */
	uint8_t digest[SL_SHA256_SIZE];
	uint64_t size;
};

struct layout {
	const struct blobs *blobs;
	const char *tag;
	bool host_platform; /* nobody asked for one */
	struct platform platform;
	struct node nodes[MAX_INDEXES];
	size_t node_count;
	struct ocidoc_desc *found; /* image manifests that may be meant; owned list */
	size_t found_count;
};

/* ---- blobs ---- */

/* Open a blob and compare its size, which costs nothing, with its descriptor. */
static int open_blob(const struct layout *l, const struct ocidoc_desc *d, struct blob *out,
		     struct sl_error *err)
{
	char path[BLOB_PATH_SIZE] = "blobs/sha256/";
	int rc;

	hex_encode(path + strlen(path), d->digest, SL_SHA256_SIZE);
	rc = blobs_open(l->blobs, path, out, err);
	if (rc < 0 || out->size == d->size)
		return rc;
	close(out->fd);
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "'%s' has %" PRIu64 " bytes, its descriptor says %" PRIu64, path, out->size,
		       d->size);
}

static int embedded_bytes(const struct ocidoc_desc *d, struct buf *out, struct sl_error *err)
{
	if (base64_decode(out, d->data, strlen(d->data)) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "descriptor with malformed data");
	if (out->len != d->size)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "descriptor with %zu bytes of data says %" PRIu64, out->len,
			       d->size);
	return 0;
}

/* From the blob's file, or from its descriptor, which may embed it. */
static int fetch_bytes(const struct layout *l, const struct ocidoc_desc *d, struct buf *out,
		       struct sl_error *err)
{
	struct blob blob;
	int rc = open_blob(l, d, &blob, err);

	if (rc == -SL_ENOTFOUND && d->data != NULL) {
		if (err != NULL)
			sl_error_clear(err);
		return embedded_bytes(d, out, err);
	}
	if (rc < 0)
		return rc;
	rc = blob_read(&blob, out, err);
	close(blob.fd);
	return rc;
}

/* Read a document and prove that it is the one that was asked for. */
static int fetch(const struct layout *l, const struct ocidoc_desc *d, const char *what,
		 struct buf *out, struct sl_error *err)
{
	char want[DIGEST_TEXT_SIZE], got_text[DIGEST_TEXT_SIZE];
	uint8_t got[SL_SHA256_SIZE];
	int rc;

	digest_format(want, d->digest);
	if (d->size > out->max)
		return sl_fail(err, SL_ELIMIT, 0, "%s %s is larger than %zu bytes", what, want,
			       out->max);
	rc = fetch_bytes(l, d, out, err);
	if (rc == 0)
		rc = sha256_once(out->data != NULL ? out->data : "", out->len, got, err);
	if (rc == 0 && memcmp(got, d->digest, SL_SHA256_SIZE) != 0) {
		digest_format(got_text, got);
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "its bytes have digest %s", got_text);
	}
	return rc < 0 ? sl_wrap(err, rc, "%s %s", what, want) : 0;
}

/* ---- which image ---- */

/* A tag is a ref.name, the whole name that containerd writes, or the digest that messages list. */
static bool is_tagged(const struct ocidoc_desc *d, const char *tag)
{
	char digest[DIGEST_TEXT_SIZE];

	digest_format(digest, d->digest);
	return (d->ref_name != NULL && strcmp(d->ref_name, tag) == 0) ||
	       (d->image_name != NULL && imagename_same(d->image_name, tag)) ||
	       strcmp(digest, tag) == 0;
}

static bool is_image(const struct ocidoc_desc *d)
{
	return (d->kind == OCIDOC_INDEX || d->kind == OCIDOC_MANIFEST) && !d->is_attestation;
}

static const char *tag_of(const struct ocidoc_desc *d)
{
	if (d->ref_name != NULL)
		return d->ref_name;
	return d->image_name != NULL ? d->image_name : "";
}

static bool is_same(const struct ocidoc_desc *a, const struct ocidoc_desc *b)
{
	return memcmp(a->digest, b->digest, SL_SHA256_SIZE) == 0;
}

/* "'1.0', '1.1'" of what an index offers, for messages. NULL on OOM. */
static char *list_images(const struct ocidoc_desc *d, size_t count, bool tags)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);

	for (size_t i = 0; i < count; i++) {
		const char *tag = tags ? tag_of(&d[i]) : "";
		char digest[DIGEST_TEXT_SIZE];

		if (!is_image(&d[i]))
			continue;
		if (out.len > 3000) {
			(void)buf_append_str(&out, "...");
			break;
		}
		(void)buf_append_str(&out, out.len > 0 ? ", '" : "'");
		digest_format(digest, d[i].digest);
		(void)quote_bytes(&out, *tag != '\0' ? tag : digest,
				  strnlen(*tag != '\0' ? tag : digest, 256));
		(void)buf_append_char(&out, '\'');
	}
	return buf_take(&out);
}

static int add_found(struct layout *l, const struct ocidoc_desc *d, struct sl_error *err)
{
	struct ocidoc_desc *grown;

	for (size_t i = 0; i < l->found_count; i++)
		if (is_same(&l->found[i], d))
			return 0;
	if (l->found_count == OCIDOC_MAX_DESCRIPTORS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d manifests", OCIDOC_MAX_DESCRIPTORS);
	grown = realloc(l->found, (l->found_count + 1) * sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "list of manifests");
	l->found = grown;
	l->found[l->found_count++] = *d;
	return 0;
}

static int add_index(struct layout *l, const struct ocidoc_desc *d, size_t parent,
		     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAX_DOCUMENT);
	unsigned int depth = l->nodes[parent].depth + 1;
	struct node *node;
	int rc;

	if (depth > MAX_DEPTH)
		return sl_fail(err, SL_ELIMIT, 0, "indexes nested deeper than %d", MAX_DEPTH);
	if (l->node_count == MAX_INDEXES)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d indexes", MAX_INDEXES);
	rc = fetch(l, d, "index", &text, err);
	if (rc < 0)
		return rc;
	node = &l->nodes[l->node_count];
	rc = ocidoc_parse_index(&node->index, text.data, text.len, err);
	if (rc < 0) {
		char name[DIGEST_TEXT_SIZE];

		digest_format(name, d->digest);
		return sl_wrap(err, rc, "index %s", name);
	}
	node->depth = depth;
	node->parent = parent;
	node->size = d->size;
	memcpy(node->digest, d->digest, SL_SHA256_SIZE);
	l->node_count++;
	return 0;
}

/* A manifest is found; an index waits in the list of nodes to be looked through. */
static int consider(struct layout *l, const struct ocidoc_desc *d, size_t parent,
		    struct sl_error *err)
{
	if (!is_image(d))
		return 0;
	return d->kind == OCIDOC_INDEX ? add_index(l, d, parent, err) : add_found(l, d, err);
}

/* What there is instead may be an image of an old kind, which names no diff_ids. */
static int no_image(const struct ocidoc_index *top, struct sl_error *err)
{
	for (size_t i = 0; i < top->count; i++) {
		const char *type = top->manifests[i].media_type;
		AUTO_FREE char *shown = NULL;

		if (top->manifests[i].kind != OCIDOC_OTHER || top->manifests[i].is_attestation)
			continue;
		if (type == NULL)
			return sl_fail(err, SL_EFORMAT, 0,
				       "no image in the layout: manifest %zu has no mediaType", i);
		shown = quote_dup(type, strlen(type));
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "no image in the layout: manifest %zu is of type '%s'", i,
			       shown != NULL ? shown : "?");
	}
	return sl_fail(err, SL_ENOTFOUND, 0, "no image in the layout");
}

/* Without a tag there must be one image only: one name, or no names at all. */
static int check_one_name(const struct ocidoc_index *top, struct sl_error *err)
{
	const struct ocidoc_desc *first = NULL;

	for (size_t i = 0; i < top->count; i++) {
		const struct ocidoc_desc *d = &top->manifests[i];

		if (!is_image(d))
			continue;
		if (first == NULL)
			first = d;
		if (!is_same(first, d) && strcmp(tag_of(first), tag_of(d)) != 0) {
			AUTO_FREE char *all = list_images(top->manifests, top->count, true);

			return sl_fail(err, SL_EAMBIGUOUS, 0, "several images, name one of %s",
				       all != NULL ? all : "them");
		}
	}
	return first != NULL ? 0 : no_image(top, err);
}

/* Collect every manifest that the tag, or the lack of one, can mean. */
static int collect(struct layout *l, struct sl_error *err)
{
	const struct ocidoc_index *top = &l->nodes[0].index;
	size_t hits = 0;
	int rc = l->tag == NULL ? check_one_name(top, err) : 0;

	for (size_t i = 0; rc == 0 && i < top->count; i++) {
		if (l->tag != NULL && !is_tagged(&top->manifests[i], l->tag))
			continue;
		hits += is_image(&top->manifests[i]);
		rc = consider(l, &top->manifests[i], 0, err);
	}
	if (rc == 0 && hits == 0) {
		AUTO_FREE char *all = list_images(top->manifests, top->count, true);
		AUTO_FREE char *shown = quote_dup(l->tag, strlen(l->tag));

		if (all == NULL || *all == '\0')
			return no_image(top, err);
		return sl_fail(err, SL_ENOTFOUND, 0, "no image tagged '%s'; there is %s",
			       shown != NULL ? shown : "?",
			       all != NULL && *all != '\0' ? all : "none");
	}
	for (size_t n = 1; rc == 0 && n < l->node_count; n++) {
		const struct ocidoc_index *index = &l->nodes[n].index;

		for (size_t i = 0; rc == 0 && i < index->count; i++)
			rc = consider(l, &index->manifests[i], n, err);
	}
	return rc;
}

/* Manifests for the platform; with @exact, of just the variant that was asked for, or of none. */
static size_t count_suiting(const struct layout *l, bool exact, const struct ocidoc_desc **hit)
{
	size_t hits = 0;

	for (size_t i = 0; i < l->found_count; i++) {
		const struct ocidoc_desc *d = &l->found[i];

		if (!platform_suits(&l->platform, d->os, d->arch, d->variant) ||
		    (exact && (d->variant == NULL) != (l->platform.variant == NULL)))
			continue;
		*hit = d;
		hits++;
	}
	return hits;
}

/* "linux/arm64, linux/s390x" of what was found, for messages; NULL when one does not say. */
static char *list_platforms(const struct layout *l)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);

	for (size_t i = 0; i < l->found_count; i++) {
		const struct ocidoc_desc *d = &l->found[i];

		if (d->os == NULL || d->arch == NULL)
			return NULL;
		if (out.len > 3000) {
			(void)buf_append_str(&out, ", ...");
			break;
		}
		(void)buf_append_str(&out, out.len > 0 ? ", " : "");
		(void)quote_bytes(&out, d->os, strnlen(d->os, 64));
		(void)buf_append_char(&out, '/');
		(void)quote_bytes(&out, d->arch, strnlen(d->arch, 64));
		(void)buf_append_str(&out, d->variant != NULL ? "/" : "");
		if (d->variant != NULL)
			(void)quote_bytes(&out, d->variant, strnlen(d->variant, 64));
	}
	return buf_take(&out);
}

static int fail_choice(const struct layout *l, size_t hits, struct sl_error *err)
{
	AUTO_FREE char *all = list_images(l->found, l->found_count, false);
	AUTO_FREE char *platforms = list_platforms(l);
	const char *shown = all != NULL ? all : "";

	if (hits > 0)
		return sl_fail(err, SL_EAMBIGUOUS, 0, "several images for one platform: %s", shown);
	if (l->found_count > 1 && platforms == NULL)
		return sl_fail(err, SL_EAMBIGUOUS, 0,
			       "several images whose index does not say for which platform they "
			       "are: %s",
			       shown);
	return sl_fail(err, SL_ENOTFOUND, 0, "no image for %s/%s%s%s%s%s", l->platform.os,
		       l->platform.arch, l->platform.variant != NULL ? "/" : "",
		       l->platform.variant != NULL ? l->platform.variant : "",
		       platforms != NULL ? "; --platform can be " : "",
		       platforms != NULL ? platforms : "");
}

/*
 * The one manifest for the platform. A lone manifest is taken when nobody asked for a platform, or
 * when it does not say which it is for (its config will be asked).
 */
static int choose(const struct layout *l, struct ocidoc_desc *out, struct sl_error *err)
{
	const struct ocidoc_desc *hit = NULL;
	size_t hits = count_suiting(l, false, &hit);

	if (hits > 1) /* amd64 beside amd64/v3: the plain one is for everybody */
		hits = count_suiting(l, true, &hit);
	if (hits == 0 && l->found_count == 1 && (l->host_platform || l->found[0].os == NULL)) {
		hit = &l->found[0];
		hits = 1;
	}
	if (hits == 1) {
		*out = *hit;
		return 0;
	}
	return fail_choice(l, count_suiting(l, false, &hit), err);
}

/* ---- the image ---- */

/* A small layer may stand in its descriptor; it gets a file that only memory holds. */
static int open_embedded(const struct ocidoc_desc *d, struct blob *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT(MAX_DOCUMENT);
	AUTO_CLOSE int fd = memfd_create("strandline-layer", MFD_CLOEXEC);
	int rc = embedded_bytes(d, &bytes, err);

	if (rc < 0)
		return rc;
	if (fd < 0 || pwrite(fd, bytes.data, bytes.len, 0) != (ssize_t)bytes.len)
		return sl_fail(err, SL_EIO, errno, "memory for an embedded layer");
	*out = (struct blob){.fd = take_fd(&fd), .size = bytes.len};
	return 0;
}

static int open_layer(const struct layout *l, const struct ocidoc_desc *d, struct blob *out,
		      struct sl_error *err)
{
	char name[DIGEST_TEXT_SIZE];
	int rc = open_blob(l, d, out, err);

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

static int fill_layer(const struct layout *l, struct sl_image *image, const struct ocidoc_desc *d,
		      const uint8_t diff_id[SL_SHA256_SIZE], struct sl_error *err)
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

static int set_layers(const struct layout *l, struct sl_image *image,
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

static int fill_config(const struct layout *l, struct sl_image *image,
		       const struct ocidoc_manifest *m, struct sl_error *err)
{
	CLEANUP(ocidoc_config_clear) struct ocidoc_config config = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAX_DOCUMENT);
	int rc = fetch(l, &m->config, "config", &text, err);

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

static int fill_image(const struct layout *l, struct sl_image *image, const struct ocidoc_desc *d,
		      struct sl_error *err)
{
	CLEANUP(ocidoc_manifest_clear) struct ocidoc_manifest manifest = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAX_DOCUMENT);
	int rc = fetch(l, d, "manifest", &text, err);

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

/* The name stands at the top of the layout, whatever index the manifest was found in. */
static int set_name(const struct layout *l, struct sl_image *image, struct sl_error *err)
{
	const struct ocidoc_index *top = &l->nodes[0].index;

	for (size_t i = 0; i < top->count; i++) {
		const struct ocidoc_desc *d = &top->manifests[i];
		const char *name = d->image_name != NULL ? d->image_name : d->ref_name;

		if (!is_image(d) || name == NULL || (l->tag != NULL && !is_tagged(d, l->tag)))
			continue;
		image->name = strdup(name);
		return image->name != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "image name");
	}
	return 0;
}

static bool lists(const struct ocidoc_index *index, const struct ocidoc_desc *d)
{
	for (size_t i = 0; i < index->count; i++)
		if (is_same(&index->manifests[i], d))
			return true;
	return false;
}

/* The indexes that lead to the manifest: people may know the image by the digest of any of them. */
static int set_indexes(const struct layout *l, struct sl_image *image, const struct ocidoc_desc *d,
		       struct sl_error *err)
{
	bool leads[MAX_INDEXES] = {false};
	int rc = 0;

	for (size_t n = 1; n < l->node_count; n++)
		for (size_t at = n; at != 0 && lists(&l->nodes[n].index, d);
		     at = l->nodes[at].parent)
			leads[at] = true;
	for (size_t n = 1; rc == 0 && n < l->node_count; n++)
		if (leads[n])
			rc = sl_image_add_index(image, l->nodes[n].digest, l->nodes[n].size, err);
	return rc;
}

static int fetch_for_signature(void *payload, const struct ocidoc_desc *d, struct buf *out,
			       struct sl_error *err)
{
	return fetch(payload, d, "blob", out, err);
}

static int read_top(struct layout *l, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAX_DOCUMENT);
	int rc = blobs_read(l->blobs, "oci-layout", &text, err);

	if (rc == 0)
		rc = ocidoc_check_layout(text.data != NULL ? text.data : "", text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "no OCI layout: oci-layout");
	buf_reset(&text);
	rc = blobs_read(l->blobs, "index.json", &text, err);
	if (rc == 0)
		rc = ocidoc_parse_index(&l->nodes[0].index, text.data != NULL ? text.data : "",
					text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "index.json");
	l->node_count = 1;
	return 0;
}

static int open_layout(struct layout *l, struct sl_image *image, const char *platform,
		       struct sl_error *err)
{
	struct sigfind_blobs blobs = {fetch_for_signature, l};
	struct ocidoc_desc manifest;
	int rc = platform_parse(&l->platform, platform, err);

	if (rc == 0)
		rc = read_top(l, err);
	if (rc == 0)
		rc = sigfind_mark(&l->nodes[0].index, &blobs, err);
	if (rc == 0)
		rc = collect(l, err);
	if (rc == 0)
		rc = choose(l, &manifest, err);
	if (rc == 0)
		rc = fill_image(l, image, &manifest, err);
	if (rc == 0)
		rc = set_indexes(l, image, &manifest, err);
	if (rc == 0)
		rc = sigfind_collect(image, &l->nodes[0].index, &blobs, err);
	return rc < 0 ? rc : set_name(l, image, err);
}

static void layout_free(struct layout *l)
{
	for (size_t i = 0; i < l->node_count; i++)
		ocidoc_index_clear(&l->nodes[i].index);
	platform_clear(&l->platform);
	free(l->found);
	free(l);
}

static int open_image(struct sl_image **out, const struct blobs *blobs, const char *reference,
		      const char *tag, const char *platform, struct sl_error *err)
{
	struct sl_image *image = NULL;
	struct layout *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layout");
	l->blobs = blobs;
	l->tag = tag;
	l->host_platform = platform == NULL;
	rc = sl_image_new(&image, reference, err);
	if (rc == 0)
		rc = open_layout(l, image, platform, err);
	layout_free(l);
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
