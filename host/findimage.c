/* SPDX-License-Identifier: Apache-2.0 */
/* What a word on the command line means: an image of one of the stores. */
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "host/live.h"
#include "host/machine.h"
#include "host/word.h"

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
		return host_fail_missing(h, "image", w.rest, 0, err);
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
