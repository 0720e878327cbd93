/* SPDX-License-Identifier: Apache-2.0 */
/* The layer database's own account of an image: each layer names the one below it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "host/docker.h"

/* Chains that are kept; each is at most 500 short words. */
#define REMEMBERED_MAX 128

static int add(struct docker_chain *chain, const char *dir, struct sl_error *err)
{
	char **grown;

	if (chain->count >= SL_IMAGE_MAX_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d image layers", SL_IMAGE_MAX_LAYERS);
	grown = (char **)reallocarray((void *)chain->dirs, chain->count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer chain");
	chain->dirs = grown;
	grown[chain->count] = strdup(dir);
	if (grown[chain->count] == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer chain");
	chain->count++;
	return 0;
}

/* Read one layer and step down: @chain_id becomes its parent's. 1 at the bottom. */
static int step(struct docker_chain *chain, int layerdb_fd, struct buf *chain_id,
		struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf dir = BUF_INIT(0);
	CLEANUP(buf_clear) struct buf parent = BUF_INIT(0);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	uint8_t digest[SL_SHA256_SIZE];
	AUTO_CLOSE int fd = -1;
	char path[80];
	int rc;

	if (digest_parse(digest, chain_id->data, chain_id->len) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "a layer's parent is no digest");
	(void)snprintf(path, sizeof(path), "sha256/%s", chain_id->data + 7);
	fd = root_open_subdir(layerdb_fd, path, ROOT_NO_LINKS, err);
	if (fd < 0)
		return fd;
	rc = docker_read_word(fd, "cache-id", 256, &dir, err);
	if (rc == 0 && !docker_is_layer_dir(dir.data))
		rc = sl_fail(err, SL_EFORMAT, 0, "a layer's cache-id is no directory name");
	if (rc == 0)
		rc = add(chain, dir.data, err);
	if (rc < 0)
		return rc;
	rc = docker_read_word(fd, "parent", 256, &parent, &why);
	if (rc == -SL_ENOTFOUND)
		return 1;
	if (rc < 0)
		return store_give_error(err, &why);
	buf_clear(chain_id);
	*chain_id = parent;
	parent = BUF_INIT(0);
	return 0;
}

static int read_chain(struct docker_chain *out, int layerdb_fd, const char *top,
		      struct sl_error *err)
{
	CLEANUP(docker_chain_clear) struct docker_chain chain = {0};
	CLEANUP(buf_clear) struct buf at = BUF_INIT(256);
	int rc = 0;

	if (buf_append_str(&at, top) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "a layer's parent is no digest");
	while (rc == 0)
		rc = step(&chain, layerdb_fd, &at, err);
	if (rc < 0)
		return rc;
	chain.top = strdup(top);
	if (chain.top == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer chain");
	*out = chain;
	chain = (struct docker_chain){0};
	return 0;
}

int docker_chain_get(struct docker_driver *dr, const char *top, const struct docker_chain **out,
		     struct sl_error *err)
{
	struct docker_chain chain = {0};
	struct docker_chain *grown;
	int rc;

	for (size_t i = 0; i < dr->chain_count; i++)
		if (strcmp(dr->chains[i].top, top) == 0) {
			*out = &dr->chains[i];
			return 0;
		}
	rc = read_chain(&chain, dr->layerdb_fd, top, err);
	if (rc < 0)
		return rc;
	if (dr->chain_count == REMEMBERED_MAX)
		docker_chain_clear(&dr->chains[--dr->chain_count]);
	grown = reallocarray(dr->chains, dr->chain_count + 1, sizeof(*grown));
	if (grown == NULL) {
		docker_chain_clear(&chain);
		return sl_fail(err, SL_ENOMEM, 0, "layer chain");
	}
	dr->chains = grown;
	grown[dr->chain_count] = chain;
	*out = &grown[dr->chain_count++];
	return 0;
}

void docker_chain_clear(struct docker_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		free(chain->dirs[i]);
	free((void *)chain->dirs);
	free(chain->top);
	*chain = (struct docker_chain){0};
}
