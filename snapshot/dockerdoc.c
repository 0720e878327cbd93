/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/dockerdoc.h"

#include <stdlib.h>
#include <string.h>

#include <strandline/image.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "snapshot/imagename.h"
#include "snapshot/ocidoc.h"

#define MIN_ID_DIGITS 12

/* ---- the document ---- */

/* A list of text, or null as Go writes an empty one. */
static int text_list(const struct jval **out, size_t *count, const struct jval *list,
		     const char *what, struct sl_error *err)
{
	size_t n = jval_len(list);

	*out = NULL;
	*count = 0;
	if (list == NULL || jval_type(list) == JVAL_NULL)
		return 0;
	if (jval_type(list) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "%s is no list", what);
	for (size_t i = 0; i < n; i++)
		if (jval_str(jval_at(list, i)) == NULL)
			return sl_fail(err, SL_EFORMAT, 0, "%s: item %zu is no text", what, i);
	*out = list;
	*count = n;
	return 0;
}

static int parse_image(struct dockerdoc_image *out, const struct jval *v, struct sl_error *err)
{
	int rc;

	if (jval_type(v) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "not a json object");
	out->config = jval_str(jval_get(v, "Config"));
	if (out->config == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "no Config");
	out->sources = jval_get(v, "LayerSources");
	rc = text_list(&out->tags, &out->tag_count, jval_get(v, "RepoTags"), "RepoTags", err);
	if (rc == 0)
		rc = text_list(&out->layers, &out->layer_count, jval_get(v, "Layers"), "Layers",
			       err);
	if (rc == 0 && out->layer_count > SL_IMAGE_MAX_LAYERS)
		rc = sl_fail(err, SL_ELIMIT, 0, "more than %d layers", SL_IMAGE_MAX_LAYERS);
	return rc;
}

static int parse_images(struct dockerdoc *out, struct sl_error *err)
{
	size_t n = jval_len(out->doc);

	if (jval_type(out->doc) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "not a json list of images");
	if (n > DOCKERDOC_MAX_IMAGES)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d images", DOCKERDOC_MAX_IMAGES);
	out->images = calloc(n > 0 ? n : 1, sizeof(*out->images));
	if (out->images == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "list of images");
	for (size_t i = 0; i < n; i++) {
		int rc = parse_image(&out->images[i], jval_at(out->doc, i), err);

		if (rc < 0)
			return sl_wrap(err, rc, "image %zu", i);
	}
	out->count = n;
	return 0;
}

int dockerdoc_parse(struct dockerdoc *out, const void *text, size_t len, struct sl_error *err)
{
	int rc;

	*out = (struct dockerdoc){0};
	rc = jval_parse_bounded(&out->doc, text, len, OCIDOC_MAX_VALUES, err);
	if (rc == 0)
		rc = parse_images(out, err);
	if (rc < 0)
		dockerdoc_clear(out);
	return rc;
}

void dockerdoc_clear(struct dockerdoc *d)
{
	free(d->images);
	jval_free(d->doc);
	*d = (struct dockerdoc){0};
}

/* ---- names ---- */

int dockerdoc_named_digest(const char *name, uint8_t out[SL_SHA256_SIZE])
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;
	char text[DIGEST_TEXT_SIZE] = "sha256:";
	size_t len;

	if (strncmp(base, "sha256:", 7) == 0)
		base += 7;
	len = strlen(base);
	if (len > 5 && strcmp(base + len - 5, ".json") == 0)
		len -= 5;
	if (len != 2 * (size_t)SL_SHA256_SIZE)
		return 1;
	memcpy(text + 7, base, len);
	text[7 + len] = '\0';
	return digest_parse(out, text, 7 + len) == 0 ? 0 : 1;
}

/* "sha256:HEX", "HEX", or the first digits of it. */
static bool is_id(const struct dockerdoc_image *image, const char *name)
{
	char text[DIGEST_TEXT_SIZE];
	uint8_t digest[SL_SHA256_SIZE];
	size_t len;

	if (dockerdoc_named_digest(image->config, digest) != 0)
		return false;
	digest_format(text, digest);
	if (strncmp(name, "sha256:", 7) == 0)
		name += 7;
	len = strlen(name);
	return len >= MIN_ID_DIGITS && strncmp(text + 7, name, len) == 0;
}

static const char *matching_tag(const struct dockerdoc_image *image, const char *name)
{
	for (size_t i = 0; i < image->tag_count; i++) {
		const char *tag = jval_str(jval_at(image->tags, i));

		if (imagename_same(tag, name))
			return tag;
	}
	return NULL;
}

static const char *first_tag(const struct dockerdoc_image *image)
{
	return image->tag_count > 0 ? jval_str(jval_at(image->tags, 0)) : NULL;
}

/* "'web:1', 'db:2'", for messages; the config where an image has no tag. NULL on OOM. */
static char *list_images(const struct dockerdoc *d)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);

	for (size_t i = 0; i < d->count; i++) {
		const char *tag = first_tag(&d->images[i]);
		const char *word = tag != NULL ? tag : d->images[i].config;

		if (out.len > 3000) {
			(void)buf_append_str(&out, ", ...");
			break;
		}
		(void)buf_append_str(&out, out.len > 0 ? ", '" : "'");
		(void)quote_bytes(&out, word, strnlen(word, 256));
		(void)buf_append_char(&out, '\'');
	}
	return buf_take(&out);
}

/* ---- which image ---- */

int dockerdoc_pick(const struct dockerdoc *d, const char *name, const struct dockerdoc_image **out,
		   const char **tag, struct sl_error *err)
{
	const struct dockerdoc_image *hit = NULL;
	bool is_ambiguous = false;
	AUTO_FREE char *all = list_images(d);
	AUTO_FREE char *shown = NULL;

	for (size_t i = 0; i < d->count; i++) {
		const struct dockerdoc_image *image = &d->images[i];

		if (name != NULL && matching_tag(image, name) == NULL && !is_id(image, name))
			continue;
		if (hit != NULL && strcmp(hit->config, image->config) != 0)
			is_ambiguous = true;
		if (hit == NULL)
			hit = image;
	}
	if (is_ambiguous)
		return sl_fail(err, SL_EAMBIGUOUS, 0, "several images, name one of %s",
			       all != NULL ? all : "them");
	if (hit == NULL && name == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "no image in the archive");
	if (hit == NULL) {
		shown = quote_dup(name, strlen(name));
		return sl_fail(err, SL_ENOTFOUND, 0, "no image '%s' in the archive; there is %s",
			       shown != NULL ? shown : "?", all != NULL && *all ? all : "none");
	}
	*tag = name != NULL ? matching_tag(hit, name) : NULL;
	if (*tag == NULL)
		*tag = first_tag(hit);
	*out = hit;
	return 0;
}
