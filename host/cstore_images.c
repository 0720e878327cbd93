/* SPDX-License-Identifier: Apache-2.0 */
/* Which images there are, and what they are called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "host/cstore.h"

/* Candidates that a message about an ambiguous word shows. */
#define SHOWN_MAX 10

int cstore_image_by_id(struct cstore *s, const char *id, struct cstore_image *out,
		       struct sl_error *err)
{
	for (size_t i = 0; i < s->part_count; i++) {
		struct cstore_part *part = &s->parts[i];
		int rc = cstore_images_read(s, part, err);

		if (rc < 0)
			return rc;
		out->part = part;
		out->row = cstore_table_find(&part->images, id);
		if (out->row != NULL)
			return 0;
	}
	return 1;
}

/* Where the repository ends: at the tag or the digest. */
static size_t repo_len(const char *ref)
{
	const char *at = strchrnul(ref, '@'), *slash = memrchr(ref, '/', (size_t)(at - ref));
	const char *from = slash != NULL ? slash : ref;
	const char *colon = memchr(from, ':', (size_t)(at - from));

	return (size_t)((colon != NULL ? colon : at) - ref);
}

/*
 * A short word means an image of this host first, then one from anywhere whose last components it
 * is, as Podman looks among the images it has.
 */
int cstore_name_fits(const char *name, const char *word)
{
	static const char own[] = "localhost/";
	size_t have = repo_len(name), want = repo_len(word);
	const char *tag = word[want] != '\0' ? word + want : ":latest";

	if (want == 0 || want > have)
		return 0;
	/* with a digest a tag in front of it says nothing */
	if (strchr(word, '@') != NULL)
		tag = strchr(word, '@');
	if (strcmp(name + have, tag) != 0)
		return 0;
	if (memcmp(name + have - want, word, want) != 0)
		return 0;
	if (have == want)
		return 3;
	if (name[have - want - 1] != '/')
		return 0;
	return have == want + sizeof(own) - 1 && strncmp(name, own, sizeof(own) - 1) == 0 ? 2 : 1;
}

const char *cstore_image_name(const struct cstore_row *row, const char *wanted)
{
	const struct jval *names = jval_get(row->v, "names");
	const char *first = NULL;

	for (size_t i = 0; i < jval_len(names); i++) {
		const char *name = jval_str(jval_at(names, i));

		if (name == NULL || name[0] == '\0')
			continue;
		if (wanted != NULL && strcmp(name, wanted) == 0)
			return name;
		if (first == NULL || (strchr(first, '@') != NULL && strchr(name, '@') == NULL))
			first = name;
	}
	return wanted == NULL ? first : NULL;
}

/* An id is the digest of a configuration, except where somebody chose it. */
static bool is_digest(const char *id)
{
	return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

static int report_gaps(const struct cstore_table *table, host_gap_fn gap, void *payload)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < table->gap_count; i++)
		rc = store_gap(gap, payload, table->gaps[i].what, &table->gaps[i].why);
	return rc;
}

static bool is_first(struct cstore *s, const struct cstore_part *part, const struct cstore_row *row)
{
	struct cstore_image at;

	return cstore_image_by_id(s, row->id, &at, NULL) == 0 && at.part == part;
}

int cstore_images(struct store *store, int (*each)(void *payload, const struct store_image *image),
		  host_gap_fn gap, void *payload, struct sl_error *err)
{
	struct cstore *s = container_of(store, struct cstore, store);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->part_count; i++) {
		struct cstore_part *part = &s->parts[i];

		rc = cstore_images_read(s, part, err);
		if (rc == 0)
			rc = report_gaps(&part->images, gap, payload);
		for (size_t j = 0; rc == 0 && j < part->images.count; j++) {
			const struct cstore_row *row = &part->images.rows[j];
			char id[DIGEST_TEXT_SIZE];

			if (!is_digest(row->id) || !is_first(s, part, row))
				continue;
			(void)snprintf(id, sizeof(id), "sha256:%s", row->id);
			rc = each(payload, &(struct store_image){
						   .name = cstore_image_name(row, NULL), .id = id});
		}
	}
	return rc;
}

/* The images that fit best so far. */
struct fits {
	int best;
	size_t count; /* different ids */
	struct cstore_image first;
	const char *name;
	struct buf shown;
};

static void fits_clear(struct fits *f)
{
	buf_clear(&f->shown);
}

static void consider(struct fits *f, const struct cstore_image *at, const char *name, int fit)
{
	if (fit == 0 || fit < f->best)
		return;
	if (fit > f->best) {
		f->best = fit;
		f->count = 0;
		buf_reset(&f->shown);
	}
	if (f->count > 0 && strcmp(f->first.row->id, at->row->id) == 0)
		return;
	if (f->count++ == 0) {
		f->first = *at;
		f->name = name;
	}
	if (f->count > SHOWN_MAX)
		return;
	(void)buf_printf(&f->shown, "%s sha256:%.16s", f->count > 1 ? "," : "", at->row->id);
	if (name == NULL)
		return;
	(void)buf_append_str(&f->shown, " (");
	(void)quote_bytes(&f->shown, name, strlen(name));
	(void)buf_append_char(&f->shown, ')');
}

/* "repository@digest" also names an image that is listed by its tag alone. */
static int digest_fit(const struct cstore_row *row, const char *name, const char *word)
{
	const char *at = strchr(word, '@');
	const char *digest = jval_str(jval_get(row->v, "digest"));
	AUTO_FREE char *whole = NULL;

	if (at == NULL || digest == NULL || strcmp(at + 1, digest) != 0)
		return 0;
	if (asprintf(&whole, "%.*s%s", (int)repo_len(name), name, at) < 0) {
		whole = NULL;
		return 0;
	}
	return cstore_name_fits(whole, word);
}

static void consider_row(struct fits *f, const struct cstore_image *at, const char *word,
			 const char *prefix)
{
	const struct jval *names = jval_get(at->row->v, "names");

	for (size_t i = 0; i < jval_len(names); i++) {
		const char *name = jval_str(jval_at(names, i));
		int fit = name != NULL ? cstore_name_fits(name, word) : 0;

		if (name != NULL && fit == 0)
			fit = digest_fit(at->row, name, word);
		/* names come before beginnings of ids, whole ids before names */
		consider(f, at, name, fit > 0 ? fit + 1 : 0);
	}
	if (prefix == NULL || strncmp(at->row->id, prefix, strlen(prefix)) != 0)
		return;
	consider(f, at, cstore_image_name(at->row, NULL),
		 at->row->id[strlen(prefix)] == '\0' ? 9 : 1);
}

static int search(struct cstore *s, const char *word, struct fits *f, size_t *unread,
		  struct sl_error *err)
{
	const char *prefix = strncmp(word, "sha256:", 7) == 0 ? word + 7 : word;

	if (prefix[0] == '\0' || strspn(prefix, "0123456789abcdef") != strlen(prefix))
		prefix = NULL;
	for (size_t i = 0; i < s->part_count; i++) {
		struct cstore_part *part = &s->parts[i];
		int rc = cstore_images_read(s, part, err);

		if (rc < 0)
			return rc;
		*unread += part->images.gap_count;
		for (size_t j = 0; j < part->images.count; j++)
			consider_row(
				f,
				&(struct cstore_image){.part = part, .row = &part->images.rows[j]},
				word, prefix);
	}
	return 0;
}

int cstore_image(struct store *store, const char *word, struct sl_image **out, struct sl_error *err)
{
	struct cstore *s = container_of(store, struct cstore, store);
	CLEANUP(fits_clear) struct fits f = {.shown = BUF_INIT(16384)};
	size_t unread = 0;
	int rc = search(s, word, &f, &unread, err);

	if (rc < 0)
		return rc;
	if (f.count == 0 && unread > 0)
		return sl_fail(err, SL_EFORMAT, 0,
			       "no such image, but some of '%s' could not be read", s->store.dir);
	if (f.count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no such image");
	if (f.count > 1)
		return sl_fail(err, SL_EAMBIGUOUS, 0, "this fits %zu images:%s%s", f.count,
			       f.shown.data != NULL ? f.shown.data : "",
			       f.count > SHOWN_MAX ? ", ..." : "");
	return cstore_image_load(s, &f.first, word, f.name, out, err);
}

int cstore_container_image(struct store *store, const struct sl_container *c, struct sl_image **out,
			   struct sl_error *err)
{
	struct cstore *s = container_of(store, struct cstore, store);
	struct cstore_image at;
	char id[2 * SL_SHA256_SIZE + 1], text[DIGEST_TEXT_SIZE];
	const char *name;
	int rc;

	if (!c->has_image_id)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store does not say which image it runs");
	hex_encode(id, c->image_id, sizeof(c->image_id));
	digest_format(text, c->image_id);
	rc = cstore_image_by_id(s, id, &at, err);
	if (rc == 1)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "image %s is not in the store any more", text);
	if (rc < 0)
		return rc;
	/* the name may have moved on to a newer image since */
	name = c->image_ref != NULL ? cstore_image_name(at.row, c->image_ref) : NULL;
	if (name == NULL)
		name = cstore_image_name(at.row, NULL);
	return cstore_image_load(s, &at, text, name, out, err);
}
