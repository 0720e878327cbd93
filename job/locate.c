/* SPDX-License-Identifier: Apache-2.0 */
#include "job/locate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "host/host.h"
#include "host/trail.h"
#include "job/resolve.h"
#include "job/view.h"

#define NAMES_MAX ((size_t)1 << 16)
#define MERGED "/merged"

struct search {
	const struct job *job;
	const struct locate_receiver *receiver;
	struct host *host;
	struct host_trail trail;
	struct image_list {
		struct seen_image {
			char *engine, *dir, *id; /* owned */
			struct buf names;
		} * images;
		size_t count, cap;
	} list;
	bool gaps;
	struct sl_error *err;
};

const char *located_name(enum located_what what)
{
	switch (what) {
	case LOCATED_UPPER:
		return "upper";
	case LOCATED_LOWER:
		return "layer";
	case LOCATED_INIT:
		return "init";
	case LOCATED_DATA:
		return "data";
	case LOCATED_MOUNT:
		return "mount";
	case LOCATED_VIEW:
		return "view";
	case LOCATED_ARTIFACT:
		return "engine file";
	case LOCATED_IMAGE:
		return "image";
	}
	return "unknown";
}

static int on_gap(void *payload, const struct sl_gap *gap)
{
	struct search *s = payload;

	s->gaps = true;
	return s->receiver->gap(s->receiver->payload, gap);
}

/* ---- does the container show it? ---- */

static bool lies_at_or_beneath(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 0 && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static const char *mount_over(const struct sl_container *c, const char *path)
{
	for (size_t i = 0; i < c->mount_count; i++)
		if (lies_at_or_beneath(path, c->mounts[i].path))
			return "something is mounted there";
	return NULL;
}

/* Layer @layer of the view is the one the object lies in. */
static void judge(const struct search *s, struct sl_source *view, size_t layer,
		  struct located_owner *o, struct sl_error *why)
{
	const struct sl_entry *e;
	const char *path = o->path + 1;
	int rc = view_find(view, (struct sl_bytes){path, strlen(path)}, &e, why);

	if (rc < 0) {
		o->hidden_by = sl_error_text(why);
	} else if (rc == 1) {
		o->shown = SHOWN_NO;
		o->hidden_by = "deleted or hidden by what is above";
	} else if (e->layer == layer || (S_ISDIR(e->mode) && S_ISDIR(s->trail.st.st_mode))) {
		o->shown = SHOWN_YES;
	} else {
		o->shown = SHOWN_NO;
		o->hidden_by = "another directory of the stack has its own";
	}
}

/* Fill shown and hidden_by; the text may live in @why. */
static void find_shown(const struct search *s, const struct sl_container *c, size_t layer,
		       struct located_owner *o, struct sl_error *why)
{
	struct sl_source *view = NULL;

	o->shown = SHOWN_NO;
	o->hidden_by = s->trail.exists ? mount_over(c, o->path) : "it is not there";
	if (o->hidden_by == NULL && c->stack.is_whole && layer > 0)
		o->hidden_by = "the container has a copy of its own";
	if (o->hidden_by != NULL)
		return;
	o->shown = SHOWN_UNKNOWN;
	if (view_open(&view, &c->stack, why) < 0)
		o->hidden_by = sl_error_text(why);
	else
		judge(s, view, layer, o, why);
	sl_source_close(view);
}

/* ---- containers ---- */

static struct located_owner owner_of(const struct sl_container *c, enum located_what what)
{
	struct located_owner o = {.what = what,
				  .container = c,
				  .engine = c->engine,
				  .image = c->image_ref,
				  .has_image_id = c->has_image_id,
				  .shown = SHOWN_UNKNOWN};

	memcpy(o.image_id, c->image_id, SL_SHA256_SIZE);
	return o;
}

static int tell(const struct search *s, const struct located_owner *o)
{
	return s->receiver->owner(s->receiver->payload, o);
}

static int try_upper(const struct search *s, const struct sl_container *c)
{
	const struct host_step *step = host_trail_find(&s->trail, c->stack.upper_fd);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct located_owner o = owner_of(c, LOCATED_UPPER);

	if (step == NULL)
		return 0;
	o.dir = c->stack.upper_path;
	o.path = host_trail_rest(&s->trail, step);
	find_shown(s, c, 0, &o, &why);
	return tell(s, &o);
}

/* Which layer of the image a lower directory is, and its digest where the image can be read. */
static void fill_layer(const struct search *s, const struct sl_container *c,
		       const struct sl_lower *lower, struct located_owner *o)
{
	struct sl_image *image = NULL;

	if (lower->kind != SL_LOWER_IMAGE || !lower->has_image_layer)
		return;
	o->has_layer = true;
	o->layer = lower->image_layer;
	if (host_container_image(s->host, c, &image, NULL) == 0 && o->layer < image->layer_count &&
	    image->layers[o->layer].has_diff_id) {
		o->has_diff_id = true;
		memcpy(o->diff_id, image->layers[o->layer].diff_id, SL_SHA256_SIZE);
	}
	sl_image_free(image);
}

static enum located_what lower_what(const struct sl_lower *lower)
{
	switch (lower->kind) {
	case SL_LOWER_INIT:
		return LOCATED_INIT;
	case SL_LOWER_DATA:
		return LOCATED_DATA;
	case SL_LOWER_IMAGE:
		break;
	}
	return LOCATED_LOWER;
}

static int try_lowers(const struct search *s, const struct sl_container *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->stack.lower_count; i++) {
		const struct sl_lower *lower = &c->stack.lowers[i];
		const struct host_step *step = host_trail_find(&s->trail, lower->dir_fd);
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		struct located_owner o = owner_of(c, lower_what(lower));

		if (step == NULL)
			continue;
		o.dir = lower->dir_path;
		o.path = host_trail_rest(&s->trail, step);
		fill_layer(s, c, lower, &o);
		find_shown(s, c, 1 + i, &o, &why);
		rc = tell(s, &o);
	}
	return rc;
}

/* The engine mounts the merged tree beside the writable directory. */
static int try_view(const struct search *s, const struct sl_container *c)
{
	AUTO_CLOSE int parent =
		c->stack.upper_fd >= 0 ? openat(c->stack.upper_fd, "..", O_PATH | O_CLOEXEC) : -1;
	const struct host_step *step = host_trail_find(&s->trail, parent);
	const char *rest = step != NULL ? host_trail_rest(&s->trail, step) : "";
	struct located_owner o = owner_of(c, LOCATED_VIEW);

	if (strncmp(rest, MERGED, strlen(MERGED)) != 0 ||
	    (rest[strlen(MERGED)] != '/' && rest[strlen(MERGED)] != '\0'))
		return 0;
	o.path = rest[strlen(MERGED)] == '/' ? rest + strlen(MERGED) : "/";
	o.hidden_by = "merged from all its directories: ask for CONTAINER:/PATH";
	return tell(s, &o);
}

static int try_mount(const struct search *s, const struct sl_container *c, const struct sl_mount *m)
{
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *path = NULL;
	struct located_owner o = owner_of(c, LOCATED_MOUNT);
	const struct host_step *step;
	const char *rest;

	if (m->source == NULL || m->source[0] != '/')
		return 0;
	fd = host_open_path(s->host, m->source, NULL);
	step = host_trail_find(&s->trail, fd);
	if (step == NULL)
		return 0;
	rest = host_trail_rest(&s->trail, step);
	if (asprintf(&path, "%s%s", m->path, strcmp(rest, "/") == 0 ? "" : rest) < 0) {
		path = NULL;
		return sl_fail(s->err, SL_ENOMEM, 0, "path");
	}
	o.dir = m->source;
	o.path = path;
	o.shown = s->trail.exists ? SHOWN_YES : SHOWN_NO;
	o.hidden_by = s->trail.exists ? NULL : "it is not there";
	return tell(s, &o);
}

static int try_artifacts(const struct search *s, const struct sl_container *c)
{
	struct stat st;

	for (size_t i = 0; s->trail.exists && i < c->artifact_count; i++) {
		const struct sl_artifact *a = &c->artifacts[i];
		struct located_owner o = owner_of(c, LOCATED_ARTIFACT);

		if (a->fd < 0 || fstat(a->fd, &st) < 0 || st.st_dev != s->trail.st.st_dev ||
		    st.st_ino != s->trail.st.st_ino)
			continue;
		o.dir = a->path;
		o.shown = SHOWN_NO;
		return tell(s, &o);
	}
	return 0;
}

static int on_container(void *payload, struct sl_container *c)
{
	struct search *s = payload;
	int rc = try_upper(s, c);

	if (rc == 0)
		rc = try_lowers(s, c);
	if (rc == 0)
		rc = try_view(s, c);
	for (size_t i = 0; rc == 0 && i < c->mount_count; i++)
		rc = try_mount(s, c, &c->mounts[i]);
	if (rc == 0)
		rc = try_artifacts(s, c);
	sl_container_free(c);
	if (rc == 0 && job_stopped(s->job))
		return sl_fail(s->err, SL_ECANCELLED, 0, "stopped by a signal");
	return rc;
}

/* ---- images ---- */

static void image_list_clear(struct image_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->images[i].engine);
		free(list->images[i].dir);
		free(list->images[i].id);
		buf_clear(&list->images[i].names);
	}
	free(list->images);
}

static struct seen_image *seen(struct image_list *list, const struct host_image *image)
{
	/* an image with several names comes once for each, one after the other */
	for (size_t i = list->count; i > 0; i--) {
		struct seen_image *s = &list->images[i - 1];

		if (strcmp(s->id, image->id) == 0 && strcmp(s->dir, image->dir) == 0)
			return s;
	}
	return NULL;
}

static int add_image(struct image_list *list, const struct host_image *image, struct sl_error *err)
{
	struct seen_image own = {.engine = strdup(image->engine),
				 .dir = strdup(image->dir),
				 .id = strdup(image->id),
				 .names = BUF_INIT(NAMES_MAX)};

	if (list->count == list->cap) {
		size_t cap = list->cap == 0 ? 64 : list->cap * 2;
		struct seen_image *grown = reallocarray(list->images, cap, sizeof(*grown));

		if (grown != NULL) {
			list->images = grown;
			list->cap = cap;
		}
	}
	if (own.engine == NULL || own.dir == NULL || own.id == NULL || list->count == list->cap) {
		free(own.engine);
		free(own.dir);
		free(own.id);
		return sl_fail(err, SL_ENOMEM, 0, "image list");
	}
	list->images[list->count++] = own;
	return 0;
}

static int on_image(void *payload, const struct host_image *image)
{
	struct search *s = payload;
	struct seen_image *known = seen(&s->list, image);
	int rc = 0;

	if (known == NULL) {
		rc = add_image(&s->list, image, s->err);
		if (rc < 0)
			return rc;
		known = &s->list.images[s->list.count - 1];
	}
	if (image->name != NULL)
		(void)buf_printf(&known->names, "%s%s", known->names.len > 0 ? ", " : "",
				 image->name);
	return 0;
}

static int try_layers(struct search *s, const struct seen_image *seen, const struct sl_image *image)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < image->layer_count; i++) {
		const struct sl_layer *layer = &image->layers[i];
		const struct host_step *step = host_trail_find(&s->trail, layer->dir_fd);
		bool is_blob = step == NULL && host_trail_find(&s->trail, layer->blob_fd) != NULL;
		struct located_owner o = {.what = LOCATED_IMAGE,
					  .engine = seen->engine,
					  .image = seen->names.data,
					  .has_image_id = true,
					  .dir = layer->dir_path,
					  .has_layer = true,
					  .layer = i,
					  .has_diff_id = layer->has_diff_id,
					  .shown = SHOWN_UNKNOWN};

		if (step == NULL && !is_blob)
			continue;
		memcpy(o.image_id, image->config_digest, SL_SHA256_SIZE);
		memcpy(o.diff_id, layer->diff_id, SL_SHA256_SIZE);
		if (step != NULL)
			o.path = host_trail_rest(&s->trail, step);
		rc = tell(s, &o);
	}
	return rc;
}

static int try_images(struct search *s)
{
	int rc = host_images(s->host, on_image, on_gap, s, s->err);

	for (size_t i = 0; rc == 0 && i < s->list.count; i++) {
		const struct seen_image *seen = &s->list.images[i];
		struct host_image which = {
			.engine = seen->engine, .dir = seen->dir, .id = seen->id};
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		struct sl_gap gap = {.what = {seen->id, strlen(seen->id)}, .below = true};
		struct sl_image *image = NULL;

		rc = host_load_image(s->host, &which, &image, &why);
		if (rc == 0) {
			rc = try_layers(s, seen, image);
			sl_image_free(image);
		} else if (rc == -SL_ENOMEM) {
			rc = sl_fail(s->err, SL_ENOMEM, 0, "image");
		} else {
			gap.why = sl_error_text(&why);
			gap.sys = why.sys;
			rc = on_gap(s, &gap);
		}
	}
	return rc;
}

/* ---- both ---- */

static int search(struct search *s)
{
	const struct host_filter everything = {.sandboxes = true, .orphans = true};
	struct located_path about = {.path = *s->trail.path != '\0' ? s->trail.path : "/",
				     .exists = s->trail.exists,
				     .mode = s->trail.st.st_mode,
				     .size = (uint64_t)s->trail.st.st_size};
	int rc = s->receiver->path(s->receiver->payload, &about);

	if (rc == 0)
		rc = host_containers(s->host, &everything, on_container, on_gap, s, s->err);
	return rc == 0 ? try_images(s) : rc;
}

int job_locate(const struct job *job, const char *path, const struct locate_receiver *receiver,
	       int *status, struct sl_error *err)
{
	struct search s = {.job = job, .receiver = receiver, .err = err};
	int rc = resolve_host(job, &s.host, err);

	if (rc < 0)
		return rc;
	if (!host_has_stores(s.host))
		job_say(job, "no engine's store was found: name one with --store ENGINE=DIR");
	rc = host_trail_open(s.host, path, &s.trail, err);
	if (rc == 0)
		rc = search(&s);
	image_list_clear(&s.list);
	host_trail_clear(&s.trail);
	host_close(s.host);
	*status = s.gaps ? 3 : 0;
	return rc;
}
