/* SPDX-License-Identifier: Apache-2.0 */
/* Which image of a layout is meant: by tag, by platform, or because there is no other. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "snapshot/imagename.h"
#include "snapshot/ocilayout.h"

#define MAX_DEPTH 4

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

static int add_found(struct ocilayout *l, const struct ocidoc_desc *d, struct sl_error *err)
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

static int add_index(struct ocilayout *l, const struct ocidoc_desc *d, size_t parent,
		     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(OCILAYOUT_MAX_DOCUMENT);
	unsigned int depth = l->nodes[parent].depth + 1;
	struct ociindex *node;
	int rc;

	if (depth > MAX_DEPTH)
		return sl_fail(err, SL_ELIMIT, 0, "indexes nested deeper than %d", MAX_DEPTH);
	if (l->node_count == OCILAYOUT_MAX_INDEXES)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d indexes", OCILAYOUT_MAX_INDEXES);
	rc = ocilayout_fetch(l, d, "index", &text, err);
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
static int consider(struct ocilayout *l, const struct ocidoc_desc *d, size_t parent,
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
static int collect(struct ocilayout *l, struct sl_error *err)
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
static size_t count_suiting(const struct ocilayout *l, bool exact, const struct ocidoc_desc **hit)
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
static char *list_platforms(const struct ocilayout *l)
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

static int fail_choice(const struct ocilayout *l, size_t hits, struct sl_error *err)
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
static int choose_one(const struct ocilayout *l, struct ocidoc_desc *out, struct sl_error *err)
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

int ocilayout_choose(struct ocilayout *l, struct ocidoc_desc *out, struct sl_error *err)
{
	int rc = collect(l, err);

	return rc < 0 ? rc : choose_one(l, out, err);
}

/* The name stands at the top of the layout, whatever index the manifest was found in. */
const char *ocilayout_name(const struct ocilayout *l)
{
	const struct ocidoc_index *top = &l->nodes[0].index;

	for (size_t i = 0; i < top->count; i++) {
		const struct ocidoc_desc *d = &top->manifests[i];
		const char *name = d->image_name != NULL ? d->image_name : d->ref_name;

		if (is_image(d) && name != NULL && (l->tag == NULL || is_tagged(d, l->tag)))
			return name;
	}
	return NULL;
}

static bool lists(const struct ocidoc_index *index, const struct ocidoc_desc *d)
{
	for (size_t i = 0; i < index->count; i++)
		if (is_same(&index->manifests[i], d))
			return true;
	return false;
}

void ocilayout_path(const struct ocilayout *l, const struct ocidoc_desc *d,
		    bool leads[OCILAYOUT_MAX_INDEXES])
{
	memset(leads, 0, OCILAYOUT_MAX_INDEXES * sizeof(leads[0]));
	for (size_t n = 1; n < l->node_count; n++)
		for (size_t at = n; at != 0 && lists(&l->nodes[n].index, d);
		     at = l->nodes[at].parent)
			leads[at] = true;
}
