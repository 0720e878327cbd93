/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that belong to no container: what was removed by hand, and what was cut off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "host/cstore.h"

/* Where unfinished work lies, beside the layers. */
static const struct workshop {
	char kind;
	const char *dir, *note;
} workshops[] = {
	{'s', "staging", "left of a pull that did not end: a layer being unpacked"},
	{'t', "tempdirs", "waits for being deleted"},
};

/* What an image or a container stands on is used, whoever lends it. */
static int use_chain(struct cstore *s, struct cstore_part *part, const char *top,
		     struct sl_error *err)
{
	const char *id = top;

	for (size_t i = 0; id != NULL && id[0] != '\0' && i <= SL_IMAGE_MAX_LAYERS; i++) {
		struct cstore_layer layer;
		int rc = cstore_layer_find(s, part, id, &layer, err);

		if (rc < 0)
			return rc;
		if (layer.part == NULL || layer.row->is_used)
			return 0;
		layer.row->is_used = true;
		id = jval_str(jval_get(layer.row->v, "parent"));
	}
	return 0;
}

static int use_image(struct cstore *s, struct cstore_part *part, const struct jval *image,
		     struct sl_error *err)
{
	const struct jval *mapped = jval_get(image, "mapped-layers");
	int rc = use_chain(s, part, jval_str(jval_get(image, "layer")), err);

	for (size_t i = 0; rc == 0 && i < jval_len(mapped); i++)
		rc = use_chain(s, part, jval_str(jval_at(mapped, i)), err);
	return rc;
}

static int mark_used(struct cstore *s, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->part_count; i++) {
		struct cstore_part *part = &s->parts[i];

		rc = cstore_images_read(s, part, err);
		if (rc == 0)
			rc = cstore_containers_read(s, part, err);
		for (size_t j = 0; rc == 0 && j < part->images.count; j++)
			rc = use_image(s, part, part->images.rows[j].v, err);
		for (size_t j = 0; rc == 0 && j < part->containers.count; j++)
			rc = use_chain(s, part,
				       jval_str(jval_get(part->containers.rows[j].v, "layer")),
				       err);
	}
	return rc;
}

/* Takes over @name, also on failure. */
static int add(struct cstore *s, char kind, size_t part, const char *id, char *name,
	       struct store_list *out, struct sl_error *err)
{
	struct store_name row = {.store = &s->store, .kind = SL_CONTAINER_ORPHAN, .name = name};

	row.key = cstore_key(kind, part, id);
	row.id = row.key != NULL && name != NULL ? strdup(id) : NULL;
	return store_list_add(out, &row, err);
}

static const char *layer_name(const struct cstore_row *row, const char *id)
{
	const char *name = row != NULL ? jval_str(jval_at(jval_get(row->v, "names"), 0)) : NULL;

	return name != NULL && name[0] != '\0' ? name : id;
}

static bool is_incomplete(const struct cstore_row *row)
{
	bool b = false;

	return jval_bool(jval_path(row->v, "flags", "incomplete", NULL), &b) == 0 && b;
}

/* A directory of layers holds more than layers: links, workshops, files of the driver. */
static bool is_layer_dir(const char *name)
{
	return strlen(name) >= 32 && strspn(name, "0123456789abcdef") == strlen(name);
}

static bool is_dir(int dir_fd, const char *name)
{
	AUTO_CLOSE int fd = root_open_subdir(dir_fd, name, ROOT_NO_LINKS, NULL);

	return fd >= 0;
}

static int list_layers(struct cstore *s, size_t at, struct store_list *out, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	const struct cstore_part *part = &s->parts[at];
	int rc = root_list(part->layer_dir_fd, &names, STORE_NAMES_MAX, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		const struct cstore_row *row;

		if (!is_layer_dir(names.names[i]) || !is_dir(part->layer_dir_fd, names.names[i]))
			continue;
		row = cstore_table_find(&part->layers, names.names[i]);
		if (row != NULL && row->is_used)
			continue;
		rc = add(s, 'l', at, names.names[i], strdup(layer_name(row, names.names[i])), out,
			 err);
	}
	return rc;
}

static int list_workshop(struct cstore *s, size_t at, const struct workshop *w,
			 struct store_list *out, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int fd =
		root_open_subdir(s->parts[at].layer_dir_fd, w->dir, ROOT_NO_LINKS, NULL);
	int rc = fd < 0 ? 0 : root_list(fd, &names, STORE_NAMES_MAX, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		char *name = NULL;

		if (!is_dir(fd, names.names[i]))
			continue;
		if (asprintf(&name, "%s/%s", w->dir, names.names[i]) < 0)
			name = NULL;
		rc = add(s, w->kind, at, name != NULL ? name : "", name, out, err);
	}
	return rc;
}

/* Directories of containers that no list has: their engine's files about them are still there. */
static int list_userdata(struct cstore *s, size_t at, struct store_list *out, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	const struct cstore_part *part = &s->parts[at];
	int rc = part->containers_fd < 0
			 ? 0
			 : root_list(part->containers_fd, &names, STORE_NAMES_MAX, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		const struct cstore_libpod_row *row;

		if (!is_layer_dir(names.names[i]) ||
		    cstore_table_find(&part->containers, names.names[i]) != NULL ||
		    !is_dir(part->containers_fd, names.names[i]))
			continue;
		row = cstore_libpod_find(&s->libpod, names.names[i]);
		if (row == NULL || row->config == NULL) /* else it is listed as what it is */
			rc = add(s, 'u', at, names.names[i], strdup(names.names[i]), out, err);
	}
	return rc;
}

int cstore_orphans_list(struct cstore *s, struct store_list *out, host_gap_fn gap, void *payload,
			struct sl_error *err)
{
	int rc = mark_used(s, err);

	for (size_t i = 0; rc == 0 && i < s->part_count; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		const struct cstore_part *part = &s->parts[i];

		if (part->is_additional)
			continue;
		if (part->layer_dir_fd >= 0)
			rc = list_layers(s, i, out, &why);
		for (size_t j = 0; rc == 0 && part->layer_dir_fd >= 0 && j < ARRAY_SIZE(workshops);
		     j++)
			rc = list_workshop(s, i, &workshops[j], out, &why);
		if (rc == 0)
			rc = list_userdata(s, i, out, &why);
		if (rc == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "orphans");
		if (rc < 0)
			rc = store_gap(gap, payload, part->dir, &why);
	}
	return rc;
}

/* Whose writable layer it may have been: that of a container on the image which ends below it. */
static int find_image(struct cstore *s, const struct cstore_row *row, struct sl_container *c,
		      const char **image, struct sl_error *err)
{
	const char *parent = jval_str(jval_get(row->v, "parent"));

	*image = NULL;
	for (size_t i = 0; parent != NULL && i < s->part_count; i++) {
		const struct cstore_table *t = &s->parts[i].images;
		int rc = cstore_images_read(s, &s->parts[i], err);

		if (rc < 0)
			return rc;
		for (size_t j = 0; j < t->count; j++) {
			const char *top = jval_str(jval_get(t->rows[j].v, "layer"));

			if (top == NULL || strcmp(top, parent) != 0)
				continue;
			/* several images may end there: then nobody can tell */
			if (*image != NULL && strcmp(*image, t->rows[j].id) != 0) {
				*image = NULL;
				return 0;
			}
			*image = t->rows[j].id;
			if (!cstore_keep(&c->image_ref, cstore_image_name(&t->rows[j], NULL)))
				return sl_fail(err, SL_ENOMEM, 0, "orphan");
		}
	}
	return 0;
}

static int load_layer(struct cstore *s, struct cstore_part *part, const char *id,
		      struct sl_container *c, struct sl_error *err)
{
	const struct cstore_row *row;
	const char *image = NULL, *note;
	int rc = cstore_layers(s, part, err);

	if (rc < 0)
		return rc;
	row = cstore_table_find(&part->layers, id);
	if (row == NULL)
		note = "a layer's directory that layers.json does not know";
	else if (is_incomplete(row))
		note = "an incomplete layer: its pull or build did not end";
	else
		note = "a layer that no container and no image uses: its container was removed";
	if (row != NULL)
		rc = find_image(s, row, c, &image, err);
	if (rc == 0 && image == NULL) {
		free(c->image_ref);
		c->image_ref = NULL;
	}
	if (rc < 0)
		return rc;
	c->has_image_id = image != NULL &&
			  hex_decode(c->image_id, sizeof(c->image_id), image, strlen(image)) == 0;
	if (!cstore_keep(&c->note, note) || !cstore_keep(&c->name, layer_name(row, id)))
		return sl_fail(err, SL_ENOMEM, 0, "orphan");
	return cstore_stack(s, part, c, id, image, NULL, err);
}

static int load_workshop(const struct cstore_part *part, const struct workshop *w, const char *id,
			 struct sl_container *c, struct sl_error *err)
{
	struct sl_stack *stack = &c->stack;

	if (!cstore_keep(&c->note, w->note) || !cstore_keep(&c->name, id))
		return sl_fail(err, SL_ENOMEM, 0, "orphan");
	if (asprintf(&stack->upper_path, "%s/%s", part->layer_dir, id) < 0) {
		stack->upper_path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "orphan");
	}
	stack->upper_fd = root_open_subdir(part->layer_dir_fd, id, ROOT_NO_LINKS, err);
	if (stack->upper_fd < 0)
		return stack->upper_fd;
	stack->is_whole = true;
	return cstore_keep(&stack->unsupported, "it stands on nothing that it could be compared "
						"with")
		       ? 0
		       : sl_fail(err, SL_ENOMEM, 0, "orphan");
}

/* Its layer, if that is still there, is an orphan of its own. */
static int load_userdata(struct cstore *s, const struct cstore_part *part, const char *id,
			 struct sl_container *c, struct sl_error *err)
{
	CLEANUP(cstore_spec_clear) struct cstore_spec spec = {0};
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = -1;

	if (asprintf(&path, "%s/userdata", id) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "orphan");
	}
	fd = root_open_subdir(part->containers_fd, path, ROOT_NO_LINKS, NULL);
	if (!cstore_keep(&c->note, "files about a container that containers.json does not know") ||
	    !cstore_keep(&c->name, id) ||
	    !cstore_keep(&c->stack.unsupported, "its layer is not known"))
		return sl_fail(err, SL_ENOMEM, 0, "orphan");
	return cstore_artifacts(s, part, c, fd >= 0 ? fd : -1, &spec, err);
}

int cstore_orphan_load(struct cstore *s, struct cstore_part *part, char kind, const char *id,
		       struct sl_container *c, struct sl_error *err)
{
	c->kind = SL_CONTAINER_ORPHAN;
	if (!cstore_keep(&c->engine, s->store.engine))
		return sl_fail(err, SL_ENOMEM, 0, "orphan");
	for (size_t i = 0; i < ARRAY_SIZE(workshops); i++)
		if (workshops[i].kind == kind)
			return load_workshop(part, &workshops[i], id, c, err);
	return kind == 'l' ? load_layer(s, part, id, c, err) : load_userdata(s, part, id, c, err);
}
