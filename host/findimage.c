/* SPDX-License-Identifier: Apache-2.0 */
/* What a word on the command line means: an image of one of the stores. */
#include <string.h>

#include "core/autofree.h"
#include "core/buf.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "host/live.h"
#include "host/machine.h"
#include "host/word.h"

#define SHOWN_MAX 10

struct near {
	struct buf text;
	const char *word;
	size_t word_len; /* without the tag */
	size_t count;
};

static int say_near(void *payload, const struct host_image *image)
{
	struct near *n = payload;

	if (image->name == NULL || n->word_len == 0 ||
	    memmem(image->name, strlen(image->name), n->word, n->word_len) == NULL ||
	    n->count++ >= SHOWN_MAX)
		return 0;
	(void)buf_printf(&n->text, "%s %s:", n->count > 1 ? "," : "; similar:", image->engine);
	(void)quote_bytes(&n->text, image->name, strlen(image->name));
	return 0;
}

static int skip_gap(void *payload, const struct sl_gap *gap)
{
	(void)payload;
	(void)gap;
	return 0;
}

/* With the images whose names have the repository in them: often only the tag is another. */
static int fail_none(struct host *h, const char *word, struct sl_error *err)
{
	const char *slash = strrchr(word, '/'), *tag = strchr(slash != NULL ? slash : word, ':');
	struct near n = {.text = BUF_INIT(65536),
			 .word = word,
			 .word_len = tag != NULL ? (size_t)(tag - word) : strlen(word)};
	int rc = host_fail_missing(h, "image", word, 0, err);

	if (err != NULL) {
		(void)buf_append_str(&n.text, sl_error_text(err));
		(void)host_images(h, say_near, skip_gap, &n, NULL);
		if (n.count > SHOWN_MAX)
			(void)buf_append_str(&n.text, ", ...");
		if (n.text.status == 0)
			rc = sl_fail(err, -rc, 0, "%s", n.text.data);
	}
	buf_clear(&n.text);
	return rc;
}

int host_find_image(struct host *h, const char *word, struct sl_image **out, struct sl_error *err)
{
	AUTO_IMAGE struct sl_image *found = NULL;
	CLEANUP(word_clear) struct word w = {0};
	int rc = word_parse(&w, word, err);

	for (size_t i = 0; rc == 0 && i < h->set.count; i++) {
		AUTO_IMAGE struct sl_image *image = NULL;
		struct store *s = h->set.stores[i];

		if (word_engine(&w) != NULL && !host_store_serves(s, w.engine))
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
		return fail_none(h, w.rest, err);
	*out = take_ptr(&found);
	return 0;
}

int host_load_image(struct host *h, const struct host_image *image, struct sl_image **out,
		    struct sl_error *err)
{
	for (size_t i = 0; i < h->set.count; i++) {
		struct store *s = h->set.stores[i];

		if (strcmp(s->engine, image->engine) == 0 && strcmp(s->dir, image->dir) == 0)
			return s->ops->image(s, image->id, out, err);
	}
	return sl_fail(err, SL_EINVAL, 0, "this image belongs to none of the stores");
}

int host_container_image(struct host *h, const struct sl_container *c, struct sl_image **out,
			 struct sl_error *err)
{
	if (c->engine != NULL && strcmp(c->engine, LIVE_ENGINE) == 0)
		return live_container_image(h, c, out, err);
	for (size_t i = 0; i < h->set.count; i++) {
		struct store *s = h->set.stores[i];

		if (c->engine != NULL && c->store != NULL && host_store_serves(s, c->engine) &&
		    strcmp(s->dir, c->store) == 0)
			return s->ops->container_image(s, c, out, err);
	}
	return sl_fail(err, SL_EINVAL, 0, "this container belongs to none of the stores");
}
