/* SPDX-License-Identifier: Apache-2.0 */
/* Layers: who knows one, what is below it, and where its directory is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/cstore.h"

/* A container's own layer on those of its image. */
#define CHAIN_MAX ((size_t)SL_IMAGE_MAX_LAYERS + 1)

/* 1 when @part has it. */
static int find_in(struct cstore *s, struct cstore_part *part, const char *id,
		   struct cstore_layer *out, struct sl_error *err)
{
	struct cstore_row *row;
	int rc = cstore_layers(s, part, err);

	if (rc < 0)
		return rc;
	row = cstore_table_find(&part->layers, id);
	if (row == NULL)
		return 0;
	*out = (struct cstore_layer){.part = part, .row = row, .id = row->id};
	return 1;
}

int cstore_layer_find(struct cstore *s, struct cstore_part *from, const char *id,
		      struct cstore_layer *out, struct sl_error *err)
{
	int rc;

	*out = (struct cstore_layer){0};
	rc = find_in(s, from, id, out, err);
	/* a store borrows only from those of its own driver */
	for (size_t i = 0; rc == 0 && i < s->part_count; i++)
		if (&s->parts[i] != from && strcmp(s->parts[i].driver, from->driver) == 0)
			rc = find_in(s, &s->parts[i], id, out, err);
	return rc < 0 ? rc : 0;
}

void cstore_chain_clear(struct cstore_chain *chain)
{
	free(chain->layers);
	*chain = (struct cstore_chain){0};
}

int cstore_chain_read(struct cstore *s, struct cstore_part *from, const char *top,
		      struct cstore_chain *out, struct sl_error *err)
{
	CLEANUP(cstore_chain_clear) struct cstore_chain chain = {0};
	const char *id = top;

	while (id != NULL && id[0] != '\0' && chain.count < CHAIN_MAX) {
		struct cstore_layer layer, *grown;
		int rc = cstore_layer_find(s, from, id, &layer, err);

		if (rc < 0)
			return rc;
		if (layer.part == NULL)
			break;
		grown = reallocarray(chain.layers, chain.count + 1, sizeof(*grown));
		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "layers");
		chain.layers = grown;
		grown[chain.count++] = layer;
		from = layer.part;
		id = jval_str(jval_get(layer.row->v, "parent"));
	}
	chain.is_whole = id == NULL || id[0] == '\0';
	*out = chain;
	chain = (struct cstore_chain){0};
	return 0;
}

enum sl_marker cstore_marker(const struct cstore *s, const struct cstore_part *part)
{
	if (part->layout != CSTORE_OVERLAY)
		return SL_MARKER_NONE;
	if (part->is_fuse)
		return SL_MARKER_FUSE_OVERLAY;
	return s->is_rootless ? SL_MARKER_OVERLAY_USER : SL_MARKER_OVERLAY_TRUSTED;
}

/* Does @path lie below @dir? */
static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 0 && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && path[len] == '/' && strstr(path, "/../") == NULL;
}

/*
 * A `diff` that is a link: its layer lies in an additional layer store. Such a path is absolute and
 * meant in the examined root. A link to anywhere else was not made by the engine.
 */
static int open_linked(struct cstore *s, const char *target, int *fd, char **path,
		       struct sl_error *err)
{
	for (size_t i = 0; i < s->layer_stores.count; i++) {
		if (!is_below(target, s->layer_stores.dirs[i]))
			continue;
		*fd = root_open_subdir(s->place->root_fd, target, ROOT_FOLLOW_INSIDE, err);
		if (*fd < 0)
			return *fd;
		return cstore_keep(path, target) ? 0 : sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	return sl_fail(err, SL_EUNSUPPORTED, 0,
		       "a layer's directory is a link to no additional layer store");
}

/* composefs keeps a layer's files by their digests, and its names in an image of their own. */
static int refuse_composefs(const struct cstore_part *part, const char *id, struct sl_error *err)
{
	const struct cstore_row *row = cstore_table_find(&part->layers, id);
	AUTO_FREE char *below = NULL;
	AUTO_CLOSE int fd = -1;

	if (part->layout != CSTORE_OVERLAY || (row != NULL && row->is_plain))
		return 0;
	if (asprintf(&below, "%s/composefs-data", id) < 0) {
		below = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	fd = root_open_path(part->layer_dir_fd, below, ROOT_NO_LINKS, NULL);
	return fd < 0 ? 0
		      : sl_fail(err, SL_EUNSUPPORTED, 0,
				"layer %.12s is kept as composefs, which is not read by this "
				"version",
				id);
}

int cstore_layer_open(struct cstore *s, struct cstore_part *part, const char *id, const char *sub,
		      int *fd, char **path, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf target = BUF_INIT((size_t)64 * 1024);
	AUTO_FREE char *below = NULL;
	AUTO_CLOSE int dir = -1;
	int rc;

	*fd = -1;
	if (asprintf(&below, "%s%s%s", id, sub != NULL ? "/" : "", sub != NULL ? sub : "") < 0) {
		below = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	if (asprintf(path, "%s/%s", part->layer_dir != NULL ? part->layer_dir : part->dir, below) <
	    0) {
		*path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	if (part->layer_dir_fd < 0 || !cstore_is_name(id))
		return sl_fail(err, SL_ENOTFOUND, 0, "open '%s': it is not there", *path);
	rc = refuse_composefs(part, id, err);
	if (rc < 0)
		return rc;
	*fd = root_open_subdir(part->layer_dir_fd, below, ROOT_NO_LINKS, &why);
	if (*fd >= 0)
		return 0;
	*fd = -1;
	dir = sub != NULL ? root_open_subdir(part->layer_dir_fd, id, ROOT_NO_LINKS, NULL) : -1;
	if (dir < 0 || root_read_link(dir, sub, &target, NULL) < 0)
		return store_give_error(err, &why);
	rc = open_linked(s, target.data, fd, path, err);
	if (rc < 0)
		*fd = -1;
	return rc;
}
