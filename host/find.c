/* SPDX-License-Identifier: Apache-2.0 */
/* What a word on the command line means: a container or an image of one of the stores. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/live.h"
#include "host/machine.h"

/* Candidates that a message about an ambiguous word shows. */
#define SHOWN_MAX 10

/* A word without its "ENGINE:"; engine is NULL when there was none. */
struct word {
	const char *engine, *rest;
	char name[16];
};

static int word_split(struct word *out, const char *text, struct sl_error *err)
{
	const char *colon = strchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	bool has_reader = false;

	*out = (struct word){.rest = text};
	if (colon == NULL)
		return 0;
	if (len == 3 && memcmp(text, "pod", 3) == 0)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "pods are not read by this version");
	if (len >= sizeof(out->name) || host_engine_known(text, len, &has_reader) == 0)
		return 0;
	memcpy(out->name, text, len);
	out->engine = out->name;
	out->rest = colon + 1;
	if (!has_reader)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "%s stores are not read by this version",
			       out->name);
	return 0;
}

enum fit { FIT_NONE, FIT_PREFIX, FIT_EXACT };

/* An exact name or id beats a prefix of an id, as with the engines' own commands. */
static enum fit row_fit(const struct store_name *row, const struct word *w)
{
	const char *word = w->rest;
	size_t len = strlen(word);

	if (len == 0 || (w->engine != NULL && strcmp(w->engine, row->engine) != 0))
		return FIT_NONE;
	if (strcmp(row->id, word) == 0 || (row->name != NULL && strcmp(row->name, word) == 0))
		return FIT_EXACT;
	return strncmp(row->id, word, len) == 0 ? FIT_PREFIX : FIT_NONE;
}

struct fits {
	const struct store_name *first;
	enum fit best;
	size_t count;
};

static struct fits fits_of(const struct store_list *list, const struct word *word)
{
	struct fits f = {.best = FIT_PREFIX};

	for (size_t i = 0; i < list->count; i++) {
		enum fit fit = row_fit(&list->rows[i], word);

		if (fit > f.best)
			f = (struct fits){.best = fit};
		if (fit != f.best)
			continue;
		if (f.count++ == 0)
			f.first = &list->rows[i];
	}
	return f;
}

static int fail_ambiguous(const struct store_list *list, const struct word *word,
			  const struct fits *f, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(65536);
	size_t shown = 0;

	(void)quote_bytes(&text, word->rest, strlen(word->rest));
	(void)buf_printf(&text, "' fits %zu containers:", f->count);
	for (size_t i = 0; i < list->count && shown < SHOWN_MAX; i++) {
		const struct store_name *row = &list->rows[i];

		if (row_fit(row, word) != f->best)
			continue;
		(void)buf_printf(&text, "%s %s:%.16s", shown++ > 0 ? "," : "", row->engine,
				 row->id);
		if (row->name == NULL)
			continue;
		(void)buf_append_str(&text, " (");
		(void)quote_bytes(&text, row->name, strlen(row->name));
		(void)buf_append_char(&text, ')');
	}
	if (shown < f->count)
		(void)buf_append_str(&text, ", ...");
	return sl_fail(err, SL_EAMBIGUOUS, 0, "'%s", text.data != NULL ? text.data : "");
}

/* Nothing fits; say so together with what could not be looked at. */
static int fail_missing(const struct host *h, const char *kind, const char *word, size_t unread,
			struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(word, strlen(word));

	if (h->miss_count > 0)
		return sl_fail(err, h->misses[0].why.code, 0, "no %s '%s' was found, but: %s", kind,
			       shown != NULL ? shown : "?", sl_error_text(&h->misses[0].why));
	if (unread > 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no %s '%s' (%zu could not be read)", kind,
			       shown != NULL ? shown : "?", unread);
	return sl_fail(err, SL_ENOTFOUND, 0, "no %s '%s'", kind, shown != NULL ? shown : "?");
}

static int count_gap(void *payload, const struct sl_gap *gap)
{
	(void)gap;
	++*(size_t *)payload;
	return 0;
}

int host_find_container(struct host *h, const char *word, struct sl_container **out,
			struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	size_t unread = 0;
	struct word w;
	struct fits f;
	int rc = word_split(&w, word, err);

	if (rc == 0)
		rc = host_names(h, false, &list, count_gap, &unread, err);
	if (rc < 0)
		return rc;
	f = fits_of(&list, &w);
	if (f.count == 0) {
		/* nothing that a store knows */
		rc = host_others(h, &list, err);
		if (rc < 0)
			return rc;
		f = fits_of(&list, &w);
	}
	if (f.count > 1)
		return fail_ambiguous(&list, &w, &f, err);
	if (f.count == 1)
		return host_load(h, f.first, out, err);
	for (size_t i = 0; i < list.count; i++)
		unread += list.rows[i].name == NULL;
	return fail_missing(h, "container", w.rest, unread, err);
}

static void image_cleanup(struct sl_image **image)
{
	sl_image_free(*image);
}

int host_find_image(struct host *h, const char *word, struct sl_image **out, struct sl_error *err)
{
	CLEANUP(image_cleanup) struct sl_image *found = NULL;
	struct word w;
	int rc = word_split(&w, word, err);

	for (size_t i = 0; rc == 0 && i < h->set.count; i++) {
		CLEANUP(image_cleanup) struct sl_image *image = NULL;
		struct store *s = h->set.stores[i];

		if (w.engine != NULL && strcmp(s->engine, host_engine_store(w.engine)) != 0)
			continue;
		rc = s->ops->image(s, w.rest, &image, err);
		if (rc == -SL_ENOTFOUND) {
			rc = 0; /* another store may have it */
			if (err != NULL)
				sl_error_clear(err);
		} else if (rc == 0 && found == NULL)
			found = take_ptr(&image);
		else if (rc == 0 && memcmp(found->config_digest, image->config_digest,
					   sizeof(found->config_digest)) != 0)
			rc = sl_fail(err, SL_EAMBIGUOUS, 0,
				     "the stores have different images of this name: use its id");
	}
	if (rc < 0)
		return rc;
	if (found == NULL)
		return fail_missing(h, "image", w.rest, 0, err);
	*out = take_ptr(&found);
	return 0;
}

int host_container_image(struct host *h, const struct sl_container *c, struct sl_image **out,
			 struct sl_error *err)
{
	if (c->engine != NULL && strcmp(c->engine, LIVE_ENGINE) == 0)
		return live_container_image(h, c, out, err);
	for (size_t i = 0; i < h->set.count; i++) {
		struct store *s = h->set.stores[i];

		if (c->engine != NULL && c->store != NULL &&
		    strcmp(s->engine, host_engine_store(c->engine)) == 0 &&
		    strcmp(s->dir, c->store) == 0)
			return s->ops->container_image(s, c, out, err);
	}
	return sl_fail(err, SL_EINVAL, 0, "this container belongs to none of the stores");
}
