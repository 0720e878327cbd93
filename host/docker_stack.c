/* SPDX-License-Identifier: Apache-2.0 */
/* A container's writable directory and the directories below it, opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker_ctrd.h"
#include "host/idmap.h"

static bool is_init(const struct docker_mount *m, size_t at)
{
	return at == 0 && m->init_id.len > 0 && strcmp(m->dirs[at], m->init_id.data) == 0;
}

/*
 * Which layer of the image a lower directory is, counted from the bottom as images do. Only a
 * directory that the layer database has at the same height is that layer. (Another one need not be
 * foul: BuildKit may have made a layer a second time, and the database keeps one directory.) A
 * whole tree is as high as the image.
 */
static void name_layer(const struct docker_driver *dr, const struct docker_mount *m, size_t at,
		       struct sl_lower *lower)
{
	bool is_whole = docker_driver_is_whole(dr);
	size_t height = m->dir_count - 1 - at;

	if (is_init(m, at)) {
		lower->kind = SL_LOWER_INIT;
		return;
	}
	lower->is_whole = dr->kind->layout == DOCKER_LOWER_ID;
	if (m->chain == NULL || m->chain->count == 0)
		return;
	if (is_whole)
		height = m->chain->count - 1;
	if (height >= m->chain->count)
		return;
	lower->image_layer = height;
	lower->has_image_layer =
		strcmp(m->chain->dirs[m->chain->count - 1 - height], m->dirs[at]) == 0;
}

/*
 * Where trees are whole, the init layer and the image only say what the tree began as: without them
 * it is all there.
 */
static bool is_needed(const struct docker_driver *dr, const struct docker_mount *m, size_t at)
{
	if (dr->kind->layout == DOCKER_WHOLE)
		return false;
	return dr->kind->layout != DOCKER_LOWER_ID || !is_init(m, at);
}

static int open_lowers(const struct docker_driver *dr, const struct docker_mount *m,
		       struct sl_stack *stack, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->dir_count; i++) {
		struct sl_lower lower = {.kind = SL_LOWER_IMAGE, .dir_fd = -1};
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

		rc = docker_driver_dir(dr, m->dirs[i], is_init(m, i) ? DOCKER_OWN : DOCKER_LAYER,
				       &lower.dir_fd, &lower.dir_path, &why);
		if (rc == -SL_ENOTFOUND && !is_needed(dr, m, i)) {
			sl_lower_clear(&lower);
			rc = 0;
			continue;
		}
		if (rc == 0)
			rc = idmap_copy(&lower.idmap, &dr->docker->idmap, &why);
		if (rc < 0) {
			sl_lower_clear(&lower);
			return sl_wrap(err, store_give_error(err, &why), "lower directory");
		}
		name_layer(dr, m, i, &lower);
		rc = sl_stack_add_lower(stack, &lower, err);
	}
	return rc;
}

int docker_stack_fill(const struct docker_driver *dr, const struct docker_mount *m,
		      struct sl_stack *stack, struct sl_error *err)
{
	int rc;

	stack->marker = dr->marker;
	stack->is_whole = dr->kind->layout == DOCKER_WHOLE;
	rc = docker_driver_dir(dr, m->mount_id.data, DOCKER_OWN, &stack->upper_fd,
			       &stack->upper_path, err);
	if (rc < 0) {
		stack->upper_fd = -1;
		return sl_wrap(err, rc, "upper directory");
	}
	return open_lowers(dr, m, stack, err);
}

static int fill(struct docker_driver *dr, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(docker_mount_clear) struct docker_mount m = {0};
	int rc = docker_mount_read(dr, c->id, &m, err);

	if (rc == 0)
		rc = docker_mount_lowers(dr, &m, err);
	if (rc < 0 && m.mount_id.len > 0) {
		/* what it wrote can be looked at, whatever it is that lies below */
		(void)docker_driver_dir(dr, m.mount_id.data, DOCKER_OWN, &c->stack.upper_fd,
					&c->stack.upper_path, NULL);
		if (c->stack.upper_fd < 0)
			c->stack.upper_fd = -1;
		return rc;
	}
	return rc < 0 ? rc : docker_stack_fill(dr, &m, &c->stack, err);
}

static int refuse_driver(const struct docker_driver_kind *kind, const char *name,
			 struct sl_error *err)
{
	if (kind != NULL && kind->keeps != NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "storage driver '%s' keeps its layers in %s, which this version "
			       "does not read",
			       name, kind->keeps);
	return sl_fail(err, SL_EUNSUPPORTED, 0, "storage driver '%s' is not read by this version",
		       docker_is_driver_name(name) ? name : "?");
}

/* The container's own driver; where nothing says which, the one that knows it. */
static int find_driver(const struct docker *d, const struct sl_container *c,
		       struct docker_driver **out, struct sl_error *err)
{
	const struct docker_driver_kind *kind =
		c->driver != NULL ? docker_driver_kind(c->driver) : NULL;

	*out = c->driver != NULL ? docker_driver_find(d, c->driver) : docker_driver_of(d, c->id);
	if (*out != NULL && (*out)->kind->layout != DOCKER_UNREAD)
		return 0;
	if (c->driver == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "no layer database knows it");
	if (kind == NULL || kind->layout == DOCKER_UNREAD)
		return refuse_driver(kind, c->driver, err);
	return sl_fail(err, SL_ENOTFOUND, 0, "the store has no directory of storage driver '%s'",
		       kind->name);
}

/* From the data root's own directories. */
static int fill_own(const struct docker *d, struct sl_container *c, struct sl_error *err)
{
	struct docker_driver *dr = NULL;
	int rc = find_driver(d, c, &dr, err);

	return rc < 0 ? rc : fill(dr, c, err);
}

int docker_stack(struct docker *d, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = idmap_copy(&c->stack.idmap, &d->idmap, err);

	if (rc < 0)
		return rc;
	rc = docker_is_ctrd(d, c) ? docker_ctrd_stack(d, c, &why) : fill_own(d, c, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "stack");
	if (rc < 0) {
		c->stack.unsupported = strdup(sl_error_text(&why));
		if (c->stack.unsupported == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "stack");
	}
	return 0;
}
