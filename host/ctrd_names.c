/* SPDX-License-Identifier: Apache-2.0 */
/* Images by the names that meta.db has for them, in any namespace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "host/ctrd.h"

/* Most names of images that are read. */
#define NAMES_MAX ((size_t)1 << 14)
/* Candidates that a message about an ambiguous word shows. */
#define SHOWN_MAX 10

void ctrd_names_clear(struct ctrd_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		free(names->names[i].ns);
		free(names->names[i].name);
	}
	free(names->names);
	*names = (struct ctrd_names){0};
}

struct reader {
	struct bolt *b;
	const struct ctrd *c;
	const char *wanted, *ns;
	struct ctrd_names *out;
	size_t cap;
};

/* Takes over the texts of @name, also on failure. */
static int add_name(struct reader *r, struct ctrd_name *name, struct sl_error *err)
{
	struct ctrd_names *out = r->out;
	size_t cap = out->count < r->cap ? r->cap : r->cap * 2 + 64;
	struct ctrd_name *grown = out->names;
	int rc = 0;

	if (name->ns == NULL || name->name == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "image names");
	else if (out->count >= NAMES_MAX)
		rc = sl_fail(err, SL_ELIMIT, 0, "more than %zu names of images", NAMES_MAX);
	else if (cap > r->cap && (grown = reallocarray(out->names, cap, sizeof(*grown))) == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "image names");
	if (rc < 0) {
		free(name->ns);
		free(name->name);
		return rc;
	}
	out->names = grown;
	r->cap = cap;
	grown[out->count++] = *name;
	return 0;
}

static int on_image(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct reader *r = payload;
	struct ctrd_name name = {.name = ctrd_key_text(item)};
	struct bolt_bucket target;
	int rc;

	if (item->value.data != NULL || name.name == NULL) {
		free(name.name);
		return 0;
	}
	rc = bolt_path(r->b, item->bucket, &target, err, "target", NULL);
	if (rc == 0)
		rc = ctrd_get_digest(r->b, target, "digest", name.target, err);
	if (rc == 0) {
		name.ns = strdup(r->ns);
		return add_name(r, &name, err);
	}
	free(name.name);
	return rc < 0 ? rc : 0;
}

static int on_ns(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct reader *r = payload;
	AUTO_FREE char *ns = ctrd_key_text(item);
	struct bolt_bucket images;
	int rc;

	if (item->value.data != NULL || ns == NULL || !ctrd_ns_fits(r->c, r->wanted, ns))
		return 0;
	r->ns = ns;
	rc = bolt_path(r->b, item->bucket, &images, err, "images", NULL);
	if (rc == 0)
		rc = bolt_each(r->b, images, on_image, r, err);
	return rc < 0 ? rc : 0;
}

static int names_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct reader *r = payload;
	struct bolt_bucket all;
	int rc = bolt_path(b, root, &all, err, "v1", NULL);

	ctrd_names_clear(r->out);
	r->b = b;
	r->cap = 0;
	if (rc == 0)
		rc = bolt_each(b, all, on_ns, r, err);
	return rc < 0 ? rc : 0;
}

int ctrd_names_read(struct ctrd_names *out, struct ctrd *c, const char *wanted,
		    struct sl_error *err)
{
	struct reader r = {.c = c, .wanted = wanted, .out = out};
	int rc;

	*out = (struct ctrd_names){0};
	if (c->meta == NULL)
		return sl_fail(err, c->meta_why.code, 0, "%s", sl_error_text(&c->meta_why));
	rc = bolt_view(c->meta, names_view, &r, NULL, err);
	return rc < 0 ? sl_wrap(err, rc, "meta.db") : 0;
}

/* ---- words ---- */

/* "shop" is "docker.io/library/shop:latest", as every client has it. NULL when memory ran out. */
static char *full_name(const char *word)
{
	const char *slash = strchr(word, '/');
	size_t first = slash != NULL ? (size_t)(slash - word) : 0;
	const char *last = strrchr(word, '/');
	const char *tag = strchr(last != NULL ? last : word, ':');
	bool has_registry = slash != NULL &&
			    (memchr(word, '.', first) != NULL || memchr(word, ':', first) != NULL ||
			     strncmp(word, "localhost/", 10) == 0);
	char *out = NULL;

	if (asprintf(&out, "%s%s%s%s", has_registry ? "" : "docker.io/",
		     slash == NULL ? "library/" : "", word,
		     tag == NULL && strchr(word, '@') == NULL ? ":latest" : "") < 0)
		return NULL;
	return out;
}

/* Is @prefix, digits of an id with or without "sha256:", the beginning of @digest? */
static bool is_prefix(const char *prefix, const uint8_t digest[SL_SHA256_SIZE])
{
	char text[DIGEST_TEXT_SIZE];
	size_t len;

	if (strncmp(prefix, "sha256:", 7) == 0)
		prefix += 7;
	len = strlen(prefix);
	digest_format(text, digest);
	return len > 0 && len < DIGEST_TEXT_SIZE - 7 && strncmp(text + 7, prefix, len) == 0;
}

enum fit { FIT_NONE, FIT_PREFIX, FIT_DIGEST, FIT_NAME };

struct search {
	const char *word, *full;
	bool is_digest;
	uint8_t digest[SL_SHA256_SIZE];
	enum fit best;
	const struct ctrd_name *found;
	uint8_t config[SL_SHA256_SIZE]; /* of what was found */
	size_t count;                   /* different images that fit as well */
	struct buf candidates;
};

static bool is_same(const uint8_t a[SL_SHA256_SIZE], const uint8_t b[SL_SHA256_SIZE])
{
	return memcmp(a, b, SL_SHA256_SIZE) == 0;
}

static enum fit fit_of(const struct search *s, const struct ctrd_name *n,
		       const struct ctrd_choice *choice)
{
	if (s->is_digest)
		return is_same(s->digest, n->target) || is_same(s->digest, choice->config) ||
				       (choice->has_manifest &&
					is_same(s->digest, choice->manifest))
			       ? FIT_DIGEST
			       : FIT_NONE;
	if (strcmp(n->name, s->word) == 0 || strcmp(n->name, s->full) == 0)
		return FIT_NAME;
	return is_prefix(s->word, choice->config) ? FIT_PREFIX : FIT_NONE;
}

static void consider(struct search *s, const struct ctrd_name *n, const struct ctrd_choice *choice)
{
	enum fit fit = fit_of(s, n, choice);

	if (fit == FIT_NONE || fit < s->best)
		return;
	if (fit > s->best) {
		s->count = 0;
		buf_reset(&s->candidates);
	}
	s->best = fit;
	if (s->count > 0 && is_same(s->config, choice->config))
		return;
	if (s->count < SHOWN_MAX) {
		char id[DIGEST_TEXT_SIZE];

		digest_format(id, choice->config);
		(void)buf_printf(&s->candidates, "%s %.23s (", s->count > 0 ? "," : "", id);
		(void)quote_bytes(&s->candidates, n->ns, strlen(n->ns));
		(void)buf_append_char(&s->candidates, ')');
	}
	s->count++;
	s->found = n;
	memcpy(s->config, choice->config, SL_SHA256_SIZE);
}

/* A name by digest ("sha256:...", "repo@sha256:...") is for machines. */
static bool is_plain(const char *name)
{
	return strncmp(name, "sha256:", 7) != 0 && strchr(name, '@') == NULL;
}

/* A name for people of the same target in the same namespace, borrowed; NULL when it has none. */
static const char *plain_name(const struct ctrd_names *names, const struct ctrd_name *n)
{
	if (is_plain(n->name))
		return n->name;
	for (size_t i = 0; i < names->count; i++)
		if (is_plain(names->names[i].name) && strcmp(names->names[i].ns, n->ns) == 0 &&
		    is_same(names->names[i].target, n->target))
			return names->names[i].name;
	return NULL;
}

/* Ask every name of every namespace; of an index, the image that it leads to here. */
static int search_names(struct ctrd *c, const struct ctrd_names *names, struct search *s,
			struct sl_error *first, struct sl_error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct ctrd_name *n = &names->names[i];
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		const struct ctrd_choice *choice = NULL;
		const struct ctrd_target *t;
		int rc = ctrd_target_get(c, n->target, &t, err);

		if (rc < 0)
			return rc;
		if (ctrd_target_choose(c, t, n->ns, NULL, &choice, &why) == 0) {
			consider(s, n, choice);
			continue;
		}
		/* it was meant, and cannot be had: say so rather than "no such image" */
		if (first->code == 0 &&
		    (strcmp(n->name, s->word) == 0 || strcmp(n->name, s->full) == 0)) {
			*first = why;
			why = SL_ERROR_INIT;
		}
	}
	return 0;
}

static int fail_ambiguous(const struct search *s, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(s->word, strlen(s->word));

	return sl_fail(err, SL_EAMBIGUOUS, 0, "image '%s' fits %zu images:%s%s",
		       shown != NULL ? shown : "?", s->count,
		       s->candidates.data != NULL ? s->candidates.data : "",
		       s->count > SHOWN_MAX ? ", ..." : "");
}

static int build_found(struct ctrd *c, const struct ctrd_names *names, const struct search *s,
		       struct sl_image **out, struct sl_error *err)
{
	const struct ctrd_target *t;
	int rc = ctrd_target_get(c, s->found->target, &t, err);

	for (size_t i = 0; rc == 0 && i < t->count; i++)
		if (is_same(t->choices[i].config, s->config))
			return ctrd_image_build(c, s->found->ns, NULL, t, &t->choices[i], s->word,
						plain_name(names, s->found), out, err);
	return rc < 0 ? rc : sl_fail(err, SL_ENOTFOUND, 0, "no such image");
}

int containerd_find_image(struct ctrd *c, const char *ns, const char *word, struct sl_image **out,
			  struct sl_error *err)
{
	CLEANUP(ctrd_names_clear) struct ctrd_names names = {0};
	CLEANUP(sl_error_clear) struct sl_error first = SL_ERROR_INIT;
	AUTO_FREE char *full = full_name(word);
	struct search s = {.word = word, .full = full, .candidates = BUF_INIT(65536)};
	int rc = full == NULL ? sl_fail(err, SL_ENOMEM, 0, "image name")
			      : ctrd_names_read(&names, c, ns, err);

	s.is_digest = digest_parse(s.digest, word, strlen(word)) == 0;
	if (rc == 0)
		rc = search_names(c, &names, &s, &first, err);
	if (rc == 0 && s.count > 1)
		rc = fail_ambiguous(&s, err);
	else if (rc == 0 && s.count == 1)
		rc = build_found(c, &names, &s, out, err);
	else if (rc == 0 && first.code != 0)
		rc = store_give_error(err, &first);
	else if (rc == 0 && s.is_digest)
		rc = containerd_image(c, ns, NULL, s.digest, NULL, word, out, err);
	else if (rc == 0)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "no such image");
	buf_clear(&s.candidates);
	return rc;
}

int ctrd_image(struct store *s, const char *word, struct sl_image **out, struct sl_error *err)
{
	struct ctrd *c = container_of(s, struct ctrd, store);

	return containerd_find_image(c, c->place->ns, word, out, err);
}

/* ---- listing ---- */

/* Was this image told before: by this name in another namespace, or by a better one? */
static bool is_told(const struct ctrd_names *names, size_t at)
{
	const struct ctrd_name *n = &names->names[at];

	if (!is_plain(n->name) && plain_name(names, n) != NULL)
		return true;
	for (size_t i = 0; i < at; i++)
		if (is_same(names->names[i].target, n->target) &&
		    strcmp(names->names[i].name, n->name) == 0)
			return true;
	return false;
}

static int tell(struct ctrd *c, const struct ctrd_names *names, size_t at,
		int (*each)(void *payload, const struct store_image *image), host_gap_fn gap,
		void *payload, struct sl_error *err)
{
	const struct ctrd_name *n = &names->names[at];
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct ctrd_choice *choice;
	const struct ctrd_target *t;
	char id[DIGEST_TEXT_SIZE];
	int rc = ctrd_target_get(c, n->target, &t, err);

	if (rc < 0)
		return rc;
	if (ctrd_target_choose(c, t, n->ns, NULL, &choice, &why) < 0)
		return store_gap(gap, payload, n->name, &why);
	digest_format(id, choice->config);
	return each(payload, &(struct store_image){is_plain(n->name) ? n->name : NULL, id});
}

int containerd_images(struct ctrd *c, const char *ns,
		      int (*each)(void *payload, const struct store_image *image), host_gap_fn gap,
		      void *payload, struct sl_error *err)
{
	CLEANUP(ctrd_names_clear) struct ctrd_names names = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = ctrd_names_read(&names, c, ns, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "images");
	if (rc < 0)
		return store_gap(gap, payload, c->store.dir, &why);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		if (!is_told(&names, i))
			rc = tell(c, &names, i, each, gap, payload, err);
	return rc;
}

int ctrd_images(struct store *s, int (*each)(void *payload, const struct store_image *image),
		host_gap_fn gap, void *payload, struct sl_error *err)
{
	return containerd_images(container_of(s, struct ctrd, store), NULL, each, gap, payload,
				 err);
}
