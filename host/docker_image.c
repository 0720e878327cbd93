/* SPDX-License-Identifier: Apache-2.0 */
/* An image of the store: its config, proven against its id, and its layers' directories. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/quote.h"
#include "host/docker.h"
#include "host/idmap.h"

/* Candidates that a message about an ambiguous id shows. */
#define SHOWN_MAX 10

static void image_cleanup(struct sl_image **image)
{
	sl_image_free(*image);
}

static void jval_cleanup(struct jval **doc)
{
	jval_free(*doc);
}

/* The id is the digest of these bytes: anything else was put there later. */
static int read_config(const struct docker *d, struct sl_image *image, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	uint8_t digest[SL_SHA256_SIZE];
	char name[2 * SL_SHA256_SIZE + 1];
	int rc;

	hex_encode(name, image->config_digest, sizeof(image->config_digest));
	if (d->imagedb_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no image database");
	rc = root_read_file(d->imagedb_fd, name, ROOT_NO_LINKS, &text, err);
	if (rc < 0)
		return sl_wrap(err, rc, "image config");
	rc = sha256_once(text.data != NULL ? text.data : "", text.len, digest, err);
	if (rc < 0)
		return rc;
	if (memcmp(digest, image->config_digest, sizeof(digest)) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "image config sha256:%s does not match its digest", name);
	image->config_size = text.len;
	image->config = buf_take(&text);
	return image->config != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "image config");
}

static int read_platform(struct sl_image *image, const struct jval *config, struct sl_error *err)
{
	const char *os = jval_str(jval_get(config, "os"));
	const char *arch = jval_str(jval_get(config, "architecture"));
	const char *variant = jval_str(jval_get(config, "variant"));
	bool has_variant = variant != NULL && variant[0] != '\0';

	if (os == NULL || arch == NULL)
		return 0;
	if (asprintf(&image->platform, "%s/%s%s%s", os, arch, has_variant ? "/" : "",
		     has_variant ? variant : "") < 0) {
		image->platform = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "image platform");
	}
	return 0;
}

static int read_diff_ids(struct sl_image *image, const struct jval *config, struct sl_error *err)
{
	const struct jval *ids = jval_path(config, "rootfs", "diff_ids", NULL);
	int rc = 0;

	if (jval_len(ids) > SL_IMAGE_MAX_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0, "image config: more than %d layers",
			       SL_IMAGE_MAX_LAYERS);
	for (size_t i = 0; rc == 0 && i < jval_len(ids); i++) {
		struct sl_layer layer = SL_LAYER_INIT;
		const char *text = jval_str(jval_at(ids, i));

		if (text == NULL || digest_parse(layer.diff_id, text, strlen(text)) < 0)
			return sl_fail(err, SL_EFORMAT, 0, "image config: diff_id %zu is no digest",
				       i);
		layer.has_diff_id = true;
		layer.marker = SL_MARKER_OVERLAY_TRUSTED;
		rc = sl_image_add_layer(image, &layer, err);
	}
	return rc;
}

/* The layer database repeats the diff_id; when it says another, one of the two was changed. */
static int check_diff(const struct sl_layer *layer, int fd, size_t at, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);
	uint8_t diff_id[SL_SHA256_SIZE];
	int rc = docker_read_word(fd, "diff", 256, &text, NULL);

	if (rc == -SL_ENOTFOUND)
		return 0; /* nothing is contradicted, and the proof does not need it */
	if (rc < 0 || digest_parse(diff_id, text.data, text.len) < 0 ||
	    memcmp(diff_id, layer->diff_id, sizeof(diff_id)) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "layer %zu: the layer database contradicts the image config", at);
	return 0;
}

/* A layer whose directory is gone keeps its digests and has no descriptors. */
static int open_layer(const struct docker *d, struct sl_layer *layer, size_t at,
		      struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf dir = BUF_INIT(0);
	char hex[2 * SL_SHA256_SIZE + 1], path[80];
	AUTO_FREE char *below = NULL;
	AUTO_CLOSE int fd = -1;
	int rc;

	hex_encode(hex, layer->chain_id, sizeof(layer->chain_id));
	(void)snprintf(path, sizeof(path), "sha256/%s", hex);
	fd = d->layerdb_fd >= 0 ? root_open_subdir(d->layerdb_fd, path, ROOT_NO_LINKS, NULL) : -1;
	if (fd < 0)
		return 0;
	rc = check_diff(layer, fd, at, err);
	if (rc < 0)
		return rc;
	layer->tar_split_fd = root_open_path(fd, "tar-split.json.gz", ROOT_NO_LINKS, NULL);
	if (layer->tar_split_fd < 0)
		layer->tar_split_fd = -1;
	if (docker_read_word(fd, "cache-id", 256, &dir, NULL) < 0 ||
	    !docker_is_layer_dir(dir.data) || d->overlay_fd < 0)
		return 0;
	if (asprintf(&below, "%s/diff", dir.data) < 0) {
		below = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	layer->dir_fd = root_open_subdir(d->overlay_fd, below, ROOT_NO_LINKS, NULL);
	if (layer->dir_fd < 0)
		layer->dir_fd = -1;
	if (asprintf(&layer->dir_path, "%s/overlay2/%s", d->store.dir, below) < 0) {
		layer->dir_path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	return idmap_copy(&layer->idmap, &d->idmap, err);
}

static int read_layers(const struct docker *d, struct sl_image *image, struct sl_error *err)
{
	CLEANUP(jval_cleanup) struct jval *config = NULL;
	int rc = jval_parse(&config, image->config, image->config_size, err);

	if (rc < 0)
		return sl_wrap(err, rc, "image config");
	rc = read_platform(image, config, err);
	if (rc == 0)
		rc = read_diff_ids(image, config, err);
	if (rc == 0)
		rc = sl_image_chain(image, err);
	for (size_t i = 0; rc == 0 && i < image->layer_count; i++)
		rc = open_layer(d, &image->layers[i], i, err);
	return rc;
}

/* @name is the repository:tag it was asked for by, or NULL. */
static int load(struct docker *d, const uint8_t id[SL_SHA256_SIZE], const char *reference,
		const char *name, struct sl_image **out, struct sl_error *err)
{
	CLEANUP(image_cleanup) struct sl_image *image = NULL;
	const struct jval *repos = NULL;
	int rc = sl_image_new(&image, reference, err);

	if (rc < 0)
		return rc;
	memcpy(image->config_digest, id, sizeof(image->config_digest));
	(void)docker_repos(d, &repos, NULL); /* without it an image has no name, and that is all */
	if (name == NULL)
		name = docker_repos_name(repos, id);
	if (name != NULL) {
		image->name = strdup(name);
		if (image->name == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "image name");
	}
	image->has_manifest_digest =
		docker_repos_digest(repos, id, name, image->manifest_digest) == 0;
	rc = read_config(d, image, err);
	if (rc == 0)
		rc = read_layers(d, image, err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&image);
	return 0;
}

static int fail_ambiguous(const struct root_names *names, const char *prefix, size_t count,
			  struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	size_t shown = 0;

	for (size_t i = 0; i < names->count && shown < SHOWN_MAX; i++)
		if (docker_is_id(names->names[i]) &&
		    strncmp(names->names[i], prefix, strlen(prefix)) == 0)
			(void)buf_printf(&text, "%s sha256:%.16s", shown++ > 0 ? "," : "",
					 names->names[i]);
	return sl_fail(err, SL_EAMBIGUOUS, 0, "image id '%s' fits %zu images:%s%s", prefix, count,
		       text.data != NULL ? text.data : "", shown < count ? ", ..." : "");
}

/* A full id or the beginning of exactly one; with or without "sha256:". */
static int find_id(const struct docker *d, const char *word, uint8_t id[SL_SHA256_SIZE],
		   struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	const char *prefix = strncmp(word, "sha256:", 7) == 0 ? word + 7 : word;
	size_t len = strlen(prefix), count = 0;
	const char *match = NULL;
	int rc;

	if (len == 0 || len > DOCKER_ID_LEN || strspn(prefix, "0123456789abcdef") != len ||
	    d->imagedb_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no such image");
	rc = root_list(d->imagedb_fd, &names, STORE_NAMES_MAX, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < names.count; i++) {
		if (!docker_is_id(names.names[i]) || strncmp(names.names[i], prefix, len) != 0)
			continue;
		match = names.names[i];
		count++;
	}
	if (count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no such image");
	if (count > 1)
		return fail_ambiguous(&names, prefix, count, err);
	return hex_decode(id, SL_SHA256_SIZE, match, DOCKER_ID_LEN);
}

int docker_images(struct store *s, int (*each)(void *payload, const struct store_image *image),
		  host_gap_fn gap, void *payload, struct sl_error *err)
{
	struct docker *d = container_of(s, struct docker, store);
	CLEANUP(root_names_clear) struct root_names names = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct jval *repos = NULL;
	int rc = d->imagedb_fd < 0 ? 0 : root_list(d->imagedb_fd, &names, STORE_NAMES_MAX, &why);

	if (rc == 0)
		rc = docker_repos(d, &repos, &why);
	if (rc < 0)
		rc = store_gap(gap, payload, s->dir, &why);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		char text[DIGEST_TEXT_SIZE];
		uint8_t id[SL_SHA256_SIZE];

		if (!docker_is_id(names.names[i]) ||
		    hex_decode(id, sizeof(id), names.names[i], DOCKER_ID_LEN) < 0)
			continue;
		digest_format(text, id);
		rc = each(payload, &(struct store_image){docker_repos_name(repos, id), text});
	}
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "images") : rc;
}

/* A full id is an id; otherwise a name wins over the beginning of an id, as in docker. */
int docker_image(struct store *s, const char *word, struct sl_image **out, struct sl_error *err)
{
	struct docker *d = container_of(s, struct docker, store);
	const struct jval *repos = NULL;
	uint8_t id[SL_SHA256_SIZE];
	AUTO_FREE char *name = NULL;
	int rc;

	if (!docker_is_id(word) && digest_parse(id, word, strlen(word)) < 0) {
		rc = docker_repos(d, &repos, err);
		if (rc == 0)
			rc = docker_repos_find(repos, word, id, &name, err);
		if (rc == 0)
			return load(d, id, word, name, out, err);
		if (rc == -SL_ENOMEM)
			return rc;
		/* garbled names do not hide ids, but they are the reason when there is no id */
		if (rc != -SL_ENOTFOUND) {
			if (find_id(d, word, id, NULL) < 0)
				return rc;
			return load(d, id, word, NULL, out, err);
		}
	}
	rc = find_id(d, word, id, err);
	return rc < 0 ? rc : load(d, id, word, NULL, out, err);
}

int docker_container_image(struct store *s, const struct sl_container *c, struct sl_image **out,
			   struct sl_error *err)
{
	struct docker *d = container_of(s, struct docker, store);
	const struct jval *repos = NULL;
	uint8_t named[SL_SHA256_SIZE];
	AUTO_FREE char *name = NULL;
	char text[DIGEST_TEXT_SIZE];

	if (!c->has_image_id)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store does not say which image it runs");
	if (c->driver != NULL && strcmp(c->driver, "overlay2") != 0)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "images of this storage driver are not read by this version");
	digest_format(text, c->image_id);
	/* the name may have moved on to a newer image since */
	if (c->image_ref != NULL && docker_repos(d, &repos, NULL) == 0 &&
	    (docker_repos_find(repos, c->image_ref, named, &name, NULL) < 0 ||
	     memcmp(named, c->image_id, sizeof(named)) != 0)) {
		free(name);
		name = NULL;
	}
	return load(d, c->image_id, text, name, out, err);
}
