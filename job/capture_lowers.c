/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies below the writable layer: by digest, because the image can be had elsewhere; in bytes
 * where the directories are not, or cannot be proven to be, what the digests name.
 */
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "job/capture_run.h"
#include "job/check.h"
#include "job/lowersink.h"
#include "job/prefixtree.h"
#include "snapshot/layertree.h"

#define LIST_MAX ((size_t)16 << 20)

static const struct sl_layer *layer_of(const struct capture_target *t, const struct sl_lower *lower)
{
	return lower->kind == SL_LOWER_IMAGE && lower->has_image_layer && t->image != NULL &&
			       lower->image_layer < t->image->layer_count
		       ? &t->image->layers[lower->image_layer]
		       : NULL;
}

static void say_lower(struct jout *j, const struct capture_target *t, size_t index)
{
	static const char *const kinds[] = {"image", "init", "data"};
	const struct sl_lower *lower = &t->container->stack.lowers[index];
	const struct sl_layer *layer = layer_of(t, lower);
	struct stat st;

	jout_object(j);
	jout_key_bytes(j, "directory", lower->dir_path);
	jout_key_str(j, "kind", kinds[lower->kind]);
	if (lower->kind == SL_LOWER_IMAGE && lower->has_image_layer)
		jout_key_u64(j, "layer", lower->image_layer);
	if (layer != NULL && layer->has_diff_id) {
		jout_key(j, "diff_id");
		jout_digest(j, layer->diff_id);
	}
	if (layer != NULL) {
		jout_key(j, "chain_id");
		jout_digest(j, layer->chain_id);
	}
	if (lower->dir_fd >= 0 && fstat(lower->dir_fd, &st) == 0) {
		jout_key(j, "dev");
		jout_id(j, st.st_dev);
		jout_key(j, "ino");
		jout_id(j, st.st_ino);
		jout_key_time(j, "mtime",
			      (struct sl_time){st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec});
	}
	jout_object_end(j);
}

/* Top first, as the container is made of them. @checks: of each directory, or empty. */
static int take_list(struct capture *c, const struct capture_target *t, const struct buf *checks,
		     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(LIST_MAX);
	const struct sl_stack *stack = &t->container->stack;
	struct jout j;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.lowers/1");
	jout_key(&j, "lowers");
	jout_array(&j);
	for (size_t i = 0; i < stack->lower_count; i++)
		say_lower(&j, t, i);
	jout_array_end(&j);
	if (checks->len > 0) {
		jout_key(&j, "checks");
		jout_raw(&j, checks->data, checks->len);
	}
	jout_object_end(&j);
	if (checks->status < 0 || jout_end(&j) < 0)
		return capture_gap_of(c, t, "lowers.json", "larger than 16 MiB", 0, err);
	return capture_bytes(c, t, "metadata", "lowers.json", text.data, text.len, err);
}

/* ---- proving ---- */

static int check(struct capture *c, struct capture_target *t, struct buf *list,
		 struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_check_sink *inner = NULL, *sink = NULL;
	const struct check_how how = {.guard = capture_guard_image};
	struct sl_check_totals totals = {{0}};
	int rc = layerfindings_sink(&inner, &t->checked, err);

	if (rc == 0)
		rc = lowersink_new(&sink, c, t, inner, list, err);
	if (rc == 0)
		rc = job_check_container(c->job, c->host, t->container, &how, sink, &totals, &why);
	if (sink != NULL)
		sink->ops->close(sink);
	if (inner != NULL)
		inner->ops->close(inner);
	t->is_checked = true;
	/* what was to be checked and was not is no good result */
	layerfindings_unread(&t->checked, totals.gaps + (rc < 0));
	if (rc == 0 || why.code == 0)
		return rc;
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, why.code, why.sys, "%s", sl_error_text(&why));
	/* a bundle that cannot be written any more does not take this either */
	return capture_gap_of(c, t, "layer check", sl_error_text(&why), why.sys, err);
}

/* ---- layers in bytes ---- */

/* Nothing proves it, and nobody can be asked for it: it is known by its bytes alone. */
static bool is_lost(const struct capture_target *t, const struct sl_lower *lower)
{
	const struct sl_layer *layer = layer_of(t, lower);

	if (lower->kind != SL_LOWER_IMAGE)
		return true; /* the engine made it for this container */
	return layer == NULL || (layer->blob_fd < 0 && layer->tar_split_fd < 0);
}

static int take_lower(struct capture *c, const struct capture_target *t, size_t index,
		      struct sl_error *err)
{
	const struct sl_stack *stack = &t->container->stack;
	const struct sl_lower *lower = &stack->lowers[index];
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_source *tree = NULL, *named = NULL;
	char name[24];
	int rc = layertree_open(&tree, lower->dir_fd,
				lower->is_whole || stack->is_whole ? SL_MARKER_NONE : stack->marker,
				&lower->idmap, &why);

	lowersink_name(name, lower, index);
	if (rc < 0)
		return capture_gap_of(c, t, name, "lower directory cannot be walked", why.sys, err);
	rc = prefixtree_new(&named, tree, name, NULL, NULL, err);
	if (rc == 0)
		rc = capture_tree(c, t, named, "lower", NULL, err);
	sl_source_close(named);
	return rc;
}

int capture_lowers(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf checks = BUF_INIT(LIST_MAX);
	const struct sl_stack *stack = &t->container->stack;
	bool is_full = c->request->profile >= CAPTURE_FULL;
	int rc;

	if (stack->unsupported != NULL || stack->lower_count == 0)
		return 0;
	rc = capture_guard_lowers(c, t, err);
	if (rc == 0 && c->host != NULL && (c->request->check || is_full))
		rc = check(c, t, &checks, err);
	if (rc == 0)
		rc = take_list(c, t, &checks, err);
	for (size_t i = 0; rc == 0 && is_full && i < stack->lower_count && !job_stopped(c->job);
	     i++)
		if (is_lost(t, &stack->lowers[i]))
			rc = take_lower(c, t, i, err);
	return rc;
}
