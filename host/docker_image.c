/* SPDX-License-Identifier: Apache-2.0 */
/* An image of the store: its config, proven against its id, and its layers' directories. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/kernel.h"
#include "host/docker.h"
#include "host/idmap.h"
#include "host/imageconfig.h"

static int read_config(const struct docker_driver *dr, struct sl_image *image, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	char name[2 * SL_SHA256_SIZE + 1];
	int rc;

	hex_encode(name, image->config_digest, sizeof(image->config_digest));
	if (dr->imagedb_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no image database");
	rc = root_read_file(dr->imagedb_fd, name, ROOT_NO_LINKS, &text, err);
	if (rc < 0)
		return sl_wrap(err, rc, "image config");
	return imageconfig_keep(image, &text, err);
}

/* What the configuration says: the platform, and the layers with their digests. */
static int parse_config(const struct docker_driver *dr, struct sl_image *image, const char *text,
			size_t len, struct sl_error *err)
{
	CLEANUP(imageconfig_clear) struct imageconfig config = {0};
	int rc = imageconfig_parse(&config, text, len, err);

	if (rc == 0)
		rc = imageconfig_add_layers(&config, image, err);
	if (rc < 0)
		return sl_wrap(err, rc, "image config");
	image->platform = take_ptr(&config.platform);
	for (size_t i = 0; i < image->layer_count; i++) {
		struct sl_layer *layer = &image->layers[i];

		layer->dir_is_whole = docker_driver_is_whole(dr);
		layer->marker = layer->dir_is_whole ? SL_MARKER_NONE : dr->marker;
	}
	return 0;
}

/* The layer database repeats the diff_id; when it says another, one of the two was changed. */
static int check_diff(const struct sl_layer *layer, int fd, size_t at, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	uint8_t diff_id[SL_SHA256_SIZE];
	int rc = docker_read_word(fd, "diff", 256, &text, &why);

	if (rc == -SL_ENOTFOUND)
		return 0; /* nothing is contradicted, and the proof does not need it */
	if (rc == -SL_EIO || rc == -SL_ENOMEM)
		return store_give_error(err, &why);
	if (rc < 0 || digest_parse(diff_id, text.data, text.len) < 0 ||
	    memcmp(diff_id, layer->diff_id, sizeof(diff_id)) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "layer %zu: the layer database contradicts the image config", at);
	return 0;
}

/* A layer whose directory is gone keeps its digests and has no descriptors. */
static int open_layer(const struct docker_driver *dr, struct sl_layer *layer, size_t at,
		      struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf dir = BUF_INIT(0);
	char hex[2 * SL_SHA256_SIZE + 1], path[80];
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = -1;
	int rc;

	hex_encode(hex, layer->chain_id, sizeof(layer->chain_id));
	(void)snprintf(path, sizeof(path), "sha256/%s", hex);
	if (dr->layerdb_fd >= 0)
		fd = root_open_subdir(dr->layerdb_fd, path, ROOT_NO_LINKS, &why);
	if (fd < 0)
		return kernel_ran_out(why.sys) ? store_give_error(err, &why) : 0;
	rc = check_diff(layer, fd, at, err);
	if (rc < 0)
		return rc;
	layer->tar_split_fd = root_open_path(fd, "tar-split.json.gz", ROOT_NO_LINKS, &why);
	if (layer->tar_split_fd < 0)
		layer->tar_split_fd = -1;
	if (kernel_ran_out(why.sys))
		return store_give_error(err, &why);
	if (docker_read_word(fd, "cache-id", 256, &dir, NULL) < 0 ||
	    !docker_is_layer_dir(dir.data) || dr->home_fd < 0)
		return 0;
	rc = docker_driver_dir(dr, dir.data, DOCKER_LAYER, &layer->dir_fd, &layer->dir_path, NULL);
	if (layer->dir_fd < 0)
		layer->dir_fd = -1;
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	return idmap_copy(&layer->idmap, &dr->docker->idmap, err);
}

static int read_layers(const struct docker_driver *dr, struct sl_image *image, struct sl_error *err)
{
	int rc = parse_config(dr, image, image->config, image->config_size, err);

	for (size_t i = 0; rc == 0 && i < image->layer_count; i++)
		rc = open_layer(dr, &image->layers[i], i, err);
	return rc;
}

int docker_image_load(struct docker_driver *dr, const uint8_t id[SL_SHA256_SIZE],
		      const char *reference, const char *name, struct sl_image **out,
		      struct sl_error *err)
{
	AUTO_IMAGE struct sl_image *image = NULL;
	const struct jval *repos = NULL;
	int rc = sl_image_new(&image, reference, err);

	if (rc < 0)
		return rc;
	memcpy(image->config_digest, id, sizeof(image->config_digest));
	(void)docker_repos(dr, &repos, NULL); /* without it an image has no name, and that is all */
	if (name == NULL)
		name = docker_repos_name(repos, id);
	if (name != NULL) {
		image->name = strdup(name);
		if (image->name == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "image name");
	}
	image->has_manifest_digest =
		docker_repos_digest(repos, id, name, image->manifest_digest) == 0;
	rc = read_config(dr, image, err);
	if (rc == 0)
		rc = read_layers(dr, image, err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&image);
	return 0;
}

/* Fills diff_ids and chain IDs only. */
static int read_chain(const struct docker_driver *dr, struct sl_image *image, const char *name,
		      struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	int rc = root_read_file(dr->imagedb_fd, name, ROOT_NO_LINKS, &text, err);

	return rc < 0 ? rc
		      : parse_config(dr, image, text.data != NULL ? text.data : "", text.len, err);
}

/* Is @name the id of an image whose uppermost layer is @chain? What cannot be read is none. */
static bool is_on_chain(const struct docker_driver *dr, const char *name,
			const uint8_t chain[SL_SHA256_SIZE])
{
	AUTO_IMAGE struct sl_image *image = NULL;

	if (!docker_is_id(name) || sl_image_new(&image, "", NULL) < 0 ||
	    read_chain(dr, image, name, NULL) < 0 || image->layer_count == 0)
		return false;
	return memcmp(image->layers[image->layer_count - 1].chain_id, chain, SL_SHA256_SIZE) == 0;
}

int docker_image_on_chain(struct docker_driver *dr, const char *top, uint8_t id[SL_SHA256_SIZE],
			  const char **name, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	uint8_t chain[SL_SHA256_SIZE], found[SL_SHA256_SIZE];
	const struct jval *repos = NULL;
	bool is_found = false;
	int rc;

	*name = NULL;
	if (dr->imagedb_fd < 0 || digest_parse(chain, top, strlen(top)) < 0)
		return 1;
	rc = root_list(dr->imagedb_fd, &names, STORE_NAMES_MAX, err);
	if (rc < 0)
		return rc;
	(void)docker_repos(dr, &repos, NULL);
	/* steps of a build share their layers with the image: people know the one with a name */
	for (size_t i = 0; *name == NULL && i < names.count; i++) {
		if (!is_on_chain(dr, names.names[i], chain) ||
		    hex_decode(found, sizeof(found), names.names[i], DOCKER_ID_LEN) < 0)
			continue;
		*name = docker_repos_name(repos, found);
		if (!is_found || *name != NULL)
			memcpy(id, found, sizeof(found));
		is_found = true;
	}
	return is_found ? 0 : 1;
}
