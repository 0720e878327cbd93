/* SPDX-License-Identifier: Apache-2.0 */
/* The store that is none: what others.c found, behind the operations of a store. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "host/livetable.h"

static int copy_text(char **out, const char *text, struct sl_error *err)
{
	*out = text != NULL ? strdup(text) : NULL;
	return *out != NULL || text == NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "container");
}

/* A whole tree in a directory: there is nothing below it to compare with. */
static int directory_stack(const struct live *live, const struct other *o, struct sl_stack *stack,
			   struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = copy_text(&stack->upper_path, o->rootfs, err);

	if (rc < 0)
		return rc;
	stack->is_whole = true;
	stack->marker = SL_MARKER_NONE;
	stack->upper_fd =
		root_open_subdir(live->place->root_fd, o->rootfs, ROOT_FOLLOW_INSIDE, &why);
	if (o->rootfs[0] != '\0' && stack->upper_fd >= 0)
		return 0;
	if (stack->upper_fd >= 0)
		close(stack->upper_fd);
	stack->upper_fd = -1;
	return copy_text(&stack->unsupported,
			 o->rootfs[0] != '\0'
				 ? sl_error_text(&why)
				 : "its runtime does not say where its root directory is",
			 err);
}

/* Who runs in it now: that may be another process than when it was found, or none. */
static int settle(struct live *live, const struct other *o, struct sl_container *c,
		  struct sl_error *err)
{
	struct process named = {.pid = o->pid, .start = o->start};
	AUTO_CLOSE int fd = o->pid > 0 ? processes_open(&named, live->place->proc_fd, NULL) : -1;

	c->state = SL_STATE_EXITED;
	if (fd < 0)
		return 0;
	c->state = SL_STATE_RUNNING;
	c->pid = o->pid;
	return live_describe(live, c, err);
}

static int other_load(struct store *s, const struct store_name *row, struct sl_container **out,
		      struct sl_error *err)
{
	struct live *live = container_of(s, struct live, store);
	AUTO_CONTAINER struct sl_container *c = NULL;
	const struct other *o;
	char *end;
	size_t at = strtoull(row->key, &end, 10);
	int rc = sl_container_new(&c, err);

	if (rc < 0)
		return rc;
	if (*end != '\0' || at >= live->other_count)
		return sl_fail(err, SL_ENOTFOUND, 0, "no such container");
	o = &live->others[at];
	rc = copy_text(&c->engine, s->engine, err);
	if (rc == 0)
		rc = copy_text(&c->id, o->id, err);
	if (rc == 0)
		rc = copy_text(&c->name, o->id, err);
	if (rc == 0)
		rc = copy_text(&c->note, o->note, err);
	if (rc == 0)
		rc = copy_text(&c->driver, o->overlay != OVERLAYS_NONE ? "overlay" : "directory",
			       err);
	if (rc == 0)
		rc = o->overlay != OVERLAYS_NONE
			     ? overlays_stack(&live->overlays, o->overlay, &c->stack, err)
			     : directory_stack(live, o, &c->stack, err);
	if (rc == 0)
		rc = settle(live, o, c, err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&c);
	return 0;
}

/* Rows come from live_others() alone: they are what no other store has. */
static int other_list(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap,
		      void *payload, struct sl_error *err)
{
	(void)s;
	(void)orphans;
	(void)out;
	(void)gap;
	(void)payload;
	(void)err;
	return 0;
}

static int other_images(struct store *s,
			int (*each)(void *payload, const struct store_image *image),
			host_gap_fn gap, void *payload, struct sl_error *err)
{
	(void)s;
	(void)each;
	(void)gap;
	(void)payload;
	(void)err;
	return 0;
}

static int other_image(struct store *s, const char *word, struct sl_image **out,
		       struct sl_error *err)
{
	(void)s;
	(void)word;
	(void)out;
	return sl_fail(err, SL_ENOTFOUND, 0, "no store, no images");
}

static int other_container_image(struct store *s, const struct sl_container *c,
				 struct sl_image **out, struct sl_error *err)
{
	(void)s;
	(void)c;
	(void)out;
	return sl_fail(err, SL_ENOTFOUND, 0,
		       "no store knows this container: name the image it was made from");
}

static void other_close(struct store *s)
{
	(void)s; /* live_close() */
}

static const struct store_ops ops = {.list = other_list,
				     .load = other_load,
				     .images = other_images,
				     .image = other_image,
				     .container_image = other_container_image,
				     .close = other_close};

int live_get(struct host *h, struct live **out, struct sl_error *err)
{
	if (h->live == NULL) {
		h->live = calloc(1, sizeof(*h->live));
		if (h->live == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		h->live->place = &h->place;
		h->live->store.dir = strdup("");
		if (h->live->store.dir == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		h->live->store.ops = &ops;
		h->live->store.engine = LIVE_ENGINE;
	}
	*out = h->live;
	return 0;
}

int live_container_image(struct host *h, const struct sl_container *c, struct sl_image **out,
			 struct sl_error *err)
{
	return other_container_image(&h->live->store, c, out, err);
}

void live_close(struct live *live)
{
	if (live == NULL)
		return;
	processes_clear(&live->processes);
	overlays_clear(&live->overlays);
	for (size_t i = 0; i < live->other_count; i++) {
		free(live->others[i].id);
		free(live->others[i].rootfs);
		free(live->others[i].note);
	}
	free(live->others);
	free(live->store.dir);
	free(live);
}
