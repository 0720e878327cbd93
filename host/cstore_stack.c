/* SPDX-License-Identifier: Apache-2.0 */
/* A container's own directory and those below it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "host/cstore.h"
#include "host/docker.h"

/* Longest `lower` file; the kernel's page of mount options is far shorter. */
#define LOWER_FILE_MAX ((size_t)1024 * 1024)
/* Further directories of one layer: diff1, diff2... */
#define SIBLINGS_MAX 64

/* One lower directory's layer, wherever it was found. */
struct piece {
	struct cstore_part *part;
	char *id; /* owned */
};

struct pile {
	struct cstore *s;
	struct sl_container *c;
	struct cstore_chain chain; /* from the container's own layer down, by layers.json */
	struct cstore_chain image; /* of its image, top first; none when that is unknown */
	struct piece *pieces;      /* lower layers, top first; owned */
	size_t count;
};

static void pile_clear(struct pile *p)
{
	cstore_chain_clear(&p->chain);
	cstore_chain_clear(&p->image);
	for (size_t i = 0; i < p->count; i++)
		free(p->pieces[i].id);
	free(p->pieces);
}

/* Takes over @id, also on failure. */
static int add_piece(struct pile *p, struct cstore_part *part, char *id, struct sl_error *err)
{
	struct piece *grown;

	if (id == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "lower directory");
	if (p->count > SL_IMAGE_MAX_LAYERS) {
		free(id);
		return sl_fail(err, SL_ELIMIT, 0, "more than %d lower directories",
			       SL_IMAGE_MAX_LAYERS + 1);
	}
	grown = reallocarray(p->pieces, p->count + 1, sizeof(*grown));
	if (grown == NULL) {
		free(id);
		return sl_fail(err, SL_ENOMEM, 0, "lower directory");
	}
	p->pieces = grown;
	grown[p->count++] = (struct piece){.part = part, .id = id};
	return 0;
}

/* The image's layers as layers.json has them, to tell which lower directory is which. */
static int read_image(struct pile *p, const char *image, struct sl_error *err)
{
	struct cstore_image at;
	const char *top;
	int rc;

	if (image == NULL || image[0] == '\0')
		return 0;
	rc = cstore_image_by_id(p->s, image, &at, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	top = jval_str(jval_get(at.row->v, "layer"));
	rc = top != NULL ? cstore_chain_read(p->s, at.part, top, &p->image, err) : 0;
	if (rc == 0 && !p->image.is_whole)
		cstore_chain_clear(&p->image); /* heights are counted from the bottom */
	return rc;
}

/* Whose link is it? The own store's, else one of those it borrows from. */
static int resolve(struct pile *p, struct cstore_part *own, const char *name, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error first = SL_ERROR_INIT;
	char *id = NULL;
	int rc = layerlinks_resolve(&own->links, own->layer_dir_fd, own->links_fd, name, &id,
				    &first);

	if (rc == 0)
		return add_piece(p, own, id, err);
	for (size_t i = 0; i < p->s->part_count && rc == -SL_ENOTFOUND; i++) {
		struct cstore_part *part = &p->s->parts[i];

		if (part == own || part->layer_dir_fd < 0 || strcmp(part->driver, own->driver) != 0)
			continue;
		rc = layerlinks_resolve(&part->links, part->layer_dir_fd, part->links_fd, name, &id,
					NULL);
		if (rc == 0)
			return add_piece(p, part, id, err);
	}
	return store_give_error(err, &first);
}

/* "l/AAA:l/BBB", top first. */
static int from_file(struct pile *p, struct cstore_part *part, char *text, struct sl_error *err)
{
	char *save = NULL;
	int rc = 0;

	for (char *word = strtok_r(text, ":", &save); rc == 0 && word != NULL;
	     word = strtok_r(NULL, ":", &save)) {
		if (strncmp(word, "l/", 2) != 0)
			return sl_fail(err, SL_EFORMAT, 0,
				       "a lower directory is not named by a link");
		rc = resolve(p, part, word + 2, err);
	}
	return rc;
}

/* The parents in layers.json: all there is for drivers that keep no list of their own. */
static int from_chain(struct pile *p, struct sl_error *err)
{
	int rc = 0;

	if (p->chain.count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0,
			       "layers.json does not know its layer, and nothing else does");
	for (size_t i = 1; rc == 0 && i < p->chain.count; i++)
		rc = add_piece(p, p->chain.layers[i].part, strdup(p->chain.layers[i].id), err);
	if (rc == 0 && !p->chain.is_whole)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "a layer below it is not in layers.json");
	return rc;
}

/*
 * The engine mounts what the driver's own list says, so that counts; where the store's list of
 * layers has other parents, one of the two was changed.
 */
static int cross_check(struct pile *p, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	bool same = p->chain.is_whole && p->chain.count == p->count + 1;

	if (p->chain.count == 0 && p->c->kind == SL_CONTAINER_ORPHAN)
		return 0; /* which is why it is one */
	for (size_t i = 0; same && i < p->count; i++)
		same = strcmp(p->chain.layers[i + 1].id, p->pieces[i].id) == 0;
	if (same)
		return 0;
	(void)sl_fail(&why, SL_EFORMAT, 0,
		      p->chain.count == 0
			      ? "layers.json does not know its layer"
			      : "the lower directories it is mounted on are not its layer's "
				"parents in layers.json");
	return cstore_note_gap(p->c, &why, err);
}

static int read_lowers(struct pile *p, struct cstore_part *part, const char *top,
		       struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf lower = BUF_INIT(0);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = -1;
	int rc;

	if (part->layout != CSTORE_OVERLAY)
		return from_chain(p, err);
	fd = root_open_subdir(part->layer_dir_fd, top, ROOT_NO_LINKS, err);
	if (fd < 0)
		return fd;
	rc = docker_read_word(fd, "lower", LOWER_FILE_MAX, &lower, &why);
	if (rc == -SL_ENOTFOUND)
		return from_chain(p, err);
	if (rc < 0)
		return store_give_error(err, &why);
	rc = from_file(p, part, lower.data, err);
	return rc < 0 ? rc : cross_check(p, err);
}

/* Only a layer that the image has at the same height is that layer. */
static void name_layer(const struct pile *p, size_t at, struct sl_lower *lower)
{
	size_t height = p->count - 1 - at;
	const struct cstore_chain *image = &p->image;

	lower->image_layer = height;
	lower->has_image_layer =
		height < image->count &&
		strcmp(image->layers[image->count - 1 - height].id, p->pieces[at].id) == 0;
}

static int map_of(struct cstore *s, const struct jval *row, struct sl_idmap *out,
		  struct sl_error *err)
{
	return row != NULL ? cstore_idmap_of_row(out, &s->idmap, row, err)
			   : idmap_copy(out, &s->idmap, err);
}

static int add_lower(struct pile *p, size_t at, const char *sub, struct sl_error *err)
{
	const struct piece *piece = &p->pieces[at];
	struct sl_lower lower = {.kind = SL_LOWER_IMAGE, .dir_fd = -1};
	struct cstore_layer layer;
	int rc = cstore_layer_open(p->s, piece->part, piece->id, sub, &lower.dir_fd,
				   &lower.dir_path, err);

	if (rc == 0)
		rc = cstore_layer_find(p->s, piece->part, piece->id, &layer, err);
	if (rc == 0)
		rc = map_of(p->s, layer.part != NULL ? layer.row->v : NULL, &lower.idmap, err);
	if (rc < 0) {
		sl_lower_clear(&lower);
		return rc;
	}
	if (sub == NULL || strcmp(sub, "diff") == 0)
		name_layer(p, at, &lower);
	return sl_stack_add_lower(&p->c->stack, &lower, err);
}

/* diff1, diff2...: more directories of one layer, each below the one before. */
static int add_siblings(struct pile *p, size_t at, struct sl_error *err)
{
	struct cstore_row *row = cstore_table_find(&p->pieces[at].part->layers, p->pieces[at].id);
	int rc = 0;

	/* most layers are below many containers */
	if (row != NULL && row->is_plain)
		return 0;
	for (int i = 1; rc == 0 && i <= SIBLINGS_MAX; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		char sub[16];

		(void)snprintf(sub, sizeof(sub), "diff%d", i);
		rc = add_lower(p, at, sub, &why);
		if (rc == -SL_ENOTFOUND && row != NULL)
			row->is_plain = i == 1;
		if (rc == -SL_ENOTFOUND)
			return 0;
		if (rc < 0)
			return store_give_error(err, &why);
	}
	return rc;
}

static int fill(struct pile *p, struct cstore_part *part, const char *top, const struct jval *row,
		struct sl_error *err)
{
	struct sl_stack *stack = &p->c->stack;
	bool is_overlay = part->layout == CSTORE_OVERLAY;
	const char *sub = is_overlay ? "diff" : NULL;
	const struct jval *mapped = row;
	int rc;

	if (part->layout == CSTORE_UNKNOWN)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "storage driver '%s' is not read by this version", part->driver);
	if (top == NULL || top[0] == '\0')
		return sl_fail(err, SL_ENOTFOUND, 0, "the store names no layer for it");
	rc = cstore_layer_open(p->s, part, top, sub, &stack->upper_fd, &stack->upper_path, err);
	if (rc < 0) {
		stack->upper_fd = -1;
		return sl_wrap(err, rc, "upper directory");
	}
	/* the layer's own map, where it has one, else the container's */
	if (p->chain.count > 0 && jval_len(jval_get(p->chain.layers[0].row->v, "uidmap")) > 0)
		mapped = p->chain.layers[0].row->v;
	idmap_clear(&stack->idmap);
	rc = map_of(p->s, mapped, &stack->idmap, err);
	if (rc == 0)
		rc = read_lowers(p, part, top, err);
	for (size_t i = 0; rc == 0 && i < p->count; i++) {
		rc = add_lower(p, i, sub, err);
		if (rc == 0 && is_overlay)
			rc = add_siblings(p, i, err);
		if (rc < 0)
			return sl_wrap(err, rc, "lower directory");
	}
	return rc;
}

int cstore_stack(struct cstore *s, struct cstore_part *part, struct sl_container *c,
		 const char *top, const char *image, const struct jval *row, struct sl_error *err)
{
	CLEANUP(pile_clear) struct pile p = {.s = s, .c = c};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = 0;

	c->stack.marker = cstore_marker(s, part);
	c->stack.is_whole = part->layout == CSTORE_WHOLE;
	if (top != NULL && top[0] != '\0')
		rc = cstore_chain_read(s, part, top, &p.chain, err);
	if (rc == 0)
		rc = read_image(&p, image, err);
	if (rc < 0)
		return rc;
	rc = fill(&p, part, top, row, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "stack");
	if (rc < 0 && !cstore_keep(&c->stack.unsupported, sl_error_text(&why)))
		return sl_fail(err, SL_ENOMEM, 0, "stack");
	return 0;
}
