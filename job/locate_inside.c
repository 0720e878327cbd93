/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "host/host.h"
#include "job/locate.h"
#include "job/resolve.h"
#include "job/view.h"
#include "snapshot/layertree.h"

#define PATH_LIMIT ((size_t)1 << 20)

struct inside {
	const struct locate_inside_receiver *receiver;
	struct sl_container *container;
	struct sl_image *image; /* NULL when it cannot be read */
	struct buf path;        /* "a/b" */
	bool shown;             /* something is there, and it lies in ... */
	size_t winner;
	uint32_t mode;
	uint64_t size;
	bool gaps;
};

static int tell_gap(struct inside *in, const struct sl_gap *gap)
{
	in->gaps = true;
	return in->receiver->gap(in->receiver->payload, gap);
}

static int pass_gaps(struct inside *in, struct sl_source *source)
{
	const struct sl_gap *gap;
	int rc = 0;

	while (rc == 0 && (gap = sl_source_gap(source)) != NULL)
		rc = tell_gap(in, gap);
	return rc;
}

/* What covers the path: the mount nearest to it. */
static const struct sl_mount *mount_at(const struct sl_container *c, const char *path)
{
	const struct sl_mount *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < c->mount_count; i++) {
		const char *dir = c->mounts[i].path + strspn(c->mounts[i].path, "/");
		size_t len = strlen(dir);

		while (len > 0 && dir[len - 1] == '/')
			len--;
		if (strncmp(path, dir, len) != 0 || (path[len] != '/' && path[len] != '\0'))
			continue;
		if (found == NULL || len >= longest) {
			found = &c->mounts[i];
			longest = len;
		}
	}
	return found;
}

/* The directory of the stack that the view counts as @layer, as a source. */
static int open_layer(const struct inside *in, size_t layer, struct sl_source **out,
		      struct sl_error *err)
{
	const struct sl_stack *stack = &in->container->stack;
	const struct sl_lower *lower;
	bool is_plain;

	if (layer == 0)
		return layertree_open(out, stack->upper_fd,
				      stack->is_whole ? SL_MARKER_NONE : stack->marker,
				      &stack->idmap, err);
	lower = &stack->lowers[layer - 1];
	is_plain = lower->kind == SL_LOWER_DATA || lower->is_whole;
	return layertree_open(out, lower->dir_fd, is_plain ? SL_MARKER_NONE : stack->marker,
			      &lower->idmap, err);
}

static void describe_layer(const struct inside *in, size_t layer, struct located_layer *out)
{
	const struct sl_stack *stack = &in->container->stack;
	const struct sl_lower *lower = layer > 0 ? &stack->lowers[layer - 1] : NULL;

	*out = (struct located_layer){.what = LOCATED_UPPER, .dir = stack->upper_path};
	if (lower == NULL)
		return;
	out->dir = lower->dir_path;
	out->what = lower->kind == SL_LOWER_INIT   ? LOCATED_INIT
		    : lower->kind == SL_LOWER_DATA ? LOCATED_DATA
						   : LOCATED_LOWER;
	out->has_layer = lower->kind == SL_LOWER_IMAGE && lower->has_image_layer;
	out->layer = lower->image_layer;
	if (!out->has_layer || in->image == NULL || out->layer >= in->image->layer_count)
		return;
	out->has_diff_id = in->image->layers[out->layer].has_diff_id;
	memcpy(out->diff_id, in->image->layers[out->layer].diff_id, SL_SHA256_SIZE);
}

/* @stored: the object has this very name in the directory. */
static int tell_layer(const struct inside *in, struct located_layer *l, const char *path,
		      bool stored)
{
	AUTO_FREE char *shown = NULL;

	if (asprintf(&shown, "/%s", path) < 0) {
		shown = NULL;
		return -SL_ENOMEM;
	}
	l->path = shown;
	l->stored = stored ? shown : NULL;
	return in->receiver->layer(in->receiver->payload, l);
}

/*
 * What one directory has at @path, which is the whole path or leads to it. 0: go on to the next
 * name; 1: that was all of this directory; 2: it was told.
 */
static int look(struct inside *in, struct sl_source *tree, size_t layer, const char *path,
		bool last, struct sl_error *err)
{
	const struct sl_entry *e;
	struct located_layer l;
	int rc = view_find(tree, (struct sl_bytes){path, strlen(path)}, &e, err);

	if (rc != 0)
		return rc;
	describe_layer(in, layer, &l);
	if ((e->flags & SL_ENTRY_WHITEOUT) != 0)
		l.object = OBJECT_DELETED;
	else if (!last && S_ISDIR(e->mode))
		return 0;
	else if (!last)
		l.object = OBJECT_REPLACED;
	l.mode = e->mode;
	l.size = e->size;
	l.shown = last && l.object == OBJECT_FOUND && in->shown && in->winner == layer;
	rc = tell_layer(in, &l, path, l.object == OBJECT_FOUND);
	return rc == 0 ? 2 : rc;
}

/* Names on the way first: what deletes one of them deletes the rest. */
static int look_down(struct inside *in, struct sl_source *tree, size_t layer, bool *told,
		     struct sl_error *err)
{
	const char *path = in->path.data;
	const char *slash = strchr(path, '/');
	int rc = 0;

	for (; rc == 0 && slash != NULL; slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *above = strndup(path, (size_t)(slash - path));

		rc = above != NULL ? look(in, tree, layer, above, false, err)
				   : sl_fail(err, SL_ENOMEM, 0, "path");
	}
	if (rc == 0)
		rc = look(in, tree, layer, path, true, err);
	*told = rc == 2;
	return rc < 0 ? rc : pass_gaps(in, tree);
}

/* The object comes from here, but under another name: a renamed directory leads to it. */
static int tell_moved(struct inside *in, size_t layer)
{
	struct located_layer l;

	describe_layer(in, layer, &l);
	l.shown = true;
	l.mode = in->mode;
	l.size = in->size;
	return tell_layer(in, &l, in->path.data, false);
}

static int look_everywhere(struct inside *in, struct sl_error *err)
{
	const struct sl_stack *stack = &in->container->stack;
	size_t count = stack->is_whole ? 1 : 1 + stack->lower_count;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct sl_source *tree = NULL;
		bool told = false;

		rc = open_layer(in, i, &tree, err);
		if (rc == 0)
			rc = look_down(in, tree, i, &told, err);
		sl_source_close(tree);
		if (rc == 0 && !told && in->shown && in->winner == i)
			rc = tell_moved(in, i);
	}
	return rc;
}

static int find_shown(struct inside *in, const char *path, struct sl_error *err)
{
	const struct sl_entry *e;
	struct sl_source *view = NULL;
	int rc = view_open(&view, &in->container->stack, err);

	if (rc < 0)
		return rc;
	rc = view_resolve(view, path, &in->path, err);
	if (rc == 0)
		rc = view_find(view, (struct sl_bytes){in->path.data, in->path.len}, &e, err);
	if (rc == 0) {
		in->shown = true;
		in->winner = e->layer;
		in->mode = e->mode;
		in->size = e->size;
	}
	if (rc >= 0)
		rc = pass_gaps(in, view);
	sl_source_close(view);
	return rc;
}

static int locate(struct inside *in, const char *path, struct sl_error *err)
{
	AUTO_FREE char *resolved = NULL;
	int rc = find_shown(in, path, err);

	if (rc < 0)
		return rc;
	if (asprintf(&resolved, "/%s", in->path.data) < 0) {
		resolved = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "path");
	}
	rc = in->receiver->path(in->receiver->payload, in->container, resolved,
				mount_at(in->container, in->path.data), in->shown);
	return rc == 0 ? look_everywhere(in, err) : rc;
}

int job_locate_inside(const struct job *job, const char *container, const char *path,
		      const struct locate_inside_receiver *receiver, int *status,
		      struct sl_error *err)
{
	struct inside in = {.receiver = receiver, .path = BUF_INIT(PATH_LIMIT)};
	struct host *host = NULL;
	int rc = resolve_host(job, &host, err);

	if (rc == 0)
		rc = host_find_container(host, container, &in.container, err);
	if (rc == 0 && host_container_image(host, in.container, &in.image, NULL) < 0)
		in.image = NULL;
	if (rc == 0)
		rc = locate(&in, path, err);
	sl_image_free(in.image);
	sl_container_free(in.container);
	buf_clear(&in.path);
	host_close(host);
	*status = in.gaps ? 3 : 0;
	return rc;
}
