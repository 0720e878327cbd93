/* SPDX-License-Identifier: Apache-2.0 */
#include "job/comparison.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "job/baseline.h"
#include "job/database.h"
#include "job/initpaths.h"
#include "job/meaning.h"
#include "job/rules.h"
#include "snapshot/layerread.h"
#include "snapshot/layertree.h"
#include "snapshot/mergedstack.h"
#include "snapshot/overlay.h"

#define MAX_INIT_LAYERS 8

static size_t init_layers(const struct sl_stack *stack)
{
	size_t count = 0;

	while (count < stack->lower_count && stack->lowers[count].kind == SL_LOWER_INIT)
		count++;
	return count;
}

static int ignore_item(void *payload, const struct layer_item *item, struct sl_error *err)
{
	(void)payload;
	(void)item;
	(void)err;
	return 0;
}

/*
 * A directory that the store does not know as this layer: builders keep a second copy of a layer
 * they also made themselves. It stands for the layer when the layer's own tar comes out of it.
 */
static int prove_copy(const struct sl_stack *stack, const struct sl_lower *lower,
		      const struct sl_layer *layer, struct sl_error *err)
{
	struct layer_result result;
	struct sl_layer copy = *layer;
	int rc;

	copy.dir_fd = lower->dir_fd;
	copy.marker = stack->marker;
	copy.idmap = lower->idmap;
	copy.blob_fd = -1;
	if (copy.tar_split_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0,
			       "lower directory '%s' is not the store's own of that layer",
			       lower->dir_path);
	rc = layer_read(&copy, NULL, ignore_item, NULL, NULL, &result, err);
	return rc < 0 ? sl_wrap(err, rc, "lower directory '%s'", lower->dir_path) : 0;
}

/* Is what lies below one tree that shows all layers of the image? */
static bool has_whole_lower(const struct sl_stack *stack)
{
	size_t inits = init_layers(stack);

	return inits < stack->lower_count && stack->lowers[inits].is_whole;
}

static int fit_whole_lower(const struct sl_stack *stack, const struct sl_image *image,
			   struct sl_error *err)
{
	const struct sl_lower *lower = &stack->lowers[init_layers(stack)];

	if (lower + 1 == stack->lowers + stack->lower_count && lower->has_image_layer &&
	    lower->image_layer + 1 == image->layer_count)
		return 0;
	return sl_fail(err, SL_ENOTFOUND, 0, "lower directory '%s' is not the whole image",
		       lower->dir_path);
}

/* Do the stack's directories stand for the image's layers, one for one and in order? */
static int fit_stack(const struct sl_stack *stack, const struct sl_image *image,
		     struct sl_error *err)
{
	size_t inits = init_layers(stack);
	int rc = 0;

	if (has_whole_lower(stack))
		return fit_whole_lower(stack, image, err);
	if (stack->lower_count - inits != image->layer_count)
		return sl_fail(err, SL_ENOTFOUND, 0,
			       "%zu lower directories cannot be the %zu layers of the image",
			       stack->lower_count - inits, image->layer_count);
	for (size_t i = 0; rc == 0 && i < image->layer_count; i++) {
		const struct sl_lower *lower = &stack->lowers[inits + i];
		size_t layer = image->layer_count - 1 - i;

		if (!lower->has_image_layer)
			rc = prove_copy(stack, lower, &image->layers[layer], err);
		else if (lower->image_layer != layer)
			rc = sl_fail(err, SL_ENOTFOUND, 0,
				     "the lower directories are not in the order of the image");
	}
	return rc;
}

/* Remember why, keep going. */
static int keep_reason(char **where, struct sl_error *err)
{
	*where = strdup(sl_error_text(err));
	sl_error_clear(err);
	return *where == NULL ? -SL_ENOMEM : 0;
}

/* Failures that say something about the image; anything else ends the work. */
static bool is_about_the_image(int rc)
{
	return rc == -SL_EUNTRUSTED || rc == -SL_EFORMAT || rc == -SL_ENOTFOUND || rc == -SL_EIO ||
	       rc == -SL_ELIMIT || rc == -SL_EUNSUPPORTED;
}

/*
 * What the image was bound to when it was indexed: same configuration, same image. A manifest that
 * was proven then names it still.
 */
static int take_anchor(struct comparison *c, const struct sl_baseline_info *info,
		       struct sl_error *err)
{
	c->anchor = info->anchor;
	c->digest_verified = info->manifest_verified && info->has_manifest_digest;
	memcpy(c->digest, info->manifest_digest, SL_SHA256_SIZE);
	if (info->signer == NULL)
		return 0;
	c->signer = strdup(info->signer);
	return c->signer != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "signer");
}

static int find_or_index(struct comparison *c, const struct job *job,
			 const struct comparison_options *options, struct sl_error *err)
{
	struct sl_baseline_info info;
	int rc = 0;

	if (options->baselines != NULL)
		c->baselines = take_ptr(options->baselines);
	if (c->baselines == NULL)
		rc = job_database_open(job, &c->baselines, err);
	if (rc < 0)
		return rc;
	rc = baseline_ready(job, c->baselines, c->image, options->no_index, &info, err);
	if (rc < 0)
		return rc;
	rc = take_anchor(c, &info, err);
	c->trust = info.trust;
	c->has_checked_at = info.has_checked_at;
	c->checked_at = info.checked_at;
	return rc;
}

/* Nothing better than the directories as they are now. */
static void fall_back(struct comparison *c)
{
	sl_baselines_close(c->baselines);
	c->baselines = NULL;
	c->trust = SL_TRUST_ON_DISK;
	c->anchor = SL_ANCHOR_HOST;
	free(take_ptr(&c->signer));
	c->has_checked_at = false;
}

static int choose_baseline(struct comparison *c, const struct job *job,
			   const struct comparison_options *options, struct sl_error *err)
{
	/* a whole tree is held against the image as it is, not against layers below it */
	bool must_fit = !options->must_prove && !c->container->stack.is_whole;
	struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (options->contradiction != NULL)
		rc = sl_fail(&why, SL_EUNTRUSTED, 0, "%s", options->contradiction);
	else if (c->image == NULL)
		rc = sl_fail(&why, SL_ENOTFOUND, 0, "the image is not in the store");
	else
		rc = must_fit ? fit_stack(&c->container->stack, c->image, &why) : 0;
	c->stack_fits = rc == 0 && must_fit && !has_whole_lower(&c->container->stack);
	if (rc == 0)
		rc = find_or_index(c, job, options, &why);
	if (rc == 0)
		return 0;
	/* the empty directory below it would make everything look added */
	if (c->container->stack.lower_count == 0 && is_about_the_image(rc))
		rc = sl_wrap(&why, rc, "nothing lies below to compare with");
	if (options->must_prove || c->container->stack.lower_count == 0 ||
	    !is_about_the_image(rc) || job_stopped(job)) {
		if (err != NULL) {
			sl_error_clear(err);
			*err = why;
		} else {
			sl_error_clear(&why);
		}
		return rc;
	}
	fall_back(c);
	job_say(job, "%s; comparing with the lower directories as found", sl_error_text(&why));
	return keep_reason(rc == -SL_EUNTRUSTED ? &c->contradiction : &c->unproven, &why);
}

/* Stores know a container's image by its id; people know it by the name they asked for. */
static int name_image(struct comparison *c, struct sl_error *err)
{
	char *name;

	if (c->image == NULL || c->container->image_ref == NULL)
		return 0;
	name = strdup(c->container->image_ref);
	if (name == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image reference");
	free(c->image->reference);
	c->image->reference = name;
	return 0;
}

/* A store that only claims a digest, or none, is helped out by what was proven when indexing. */
static void fill_stored_digest(const struct comparison *c, struct sl_subject_image *i)
{
	if (!c->digest_verified || i->digest_verified ||
	    (i->has_digest && memcmp(i->digest, c->digest, SL_SHA256_SIZE) != 0))
		return;
	i->has_digest = i->digest_verified = true;
	memcpy(i->digest, c->digest, SL_SHA256_SIZE);
}

static void fill_subject(struct comparison *c)
{
	static const char *const everything[] = {"/"};
	struct sl_subject_image *i = &c->subject.image;

	c->subject = (struct sl_subject){.container = c->container,
					 .image = {.ref = c->container->image_ref,
						   .trust = c->trust,
						   .has_checked_at = c->has_checked_at,
						   .checked_at = c->checked_at},
					 .compared = everything,
					 .compared_count = ARRAY_SIZE(everything)};
	if (c->image != NULL) {
		i->has_id = true;
		memcpy(i->id, c->image->config_digest, SL_SHA256_SIZE);
		i->has_digest = c->image->has_manifest_digest;
		memcpy(i->digest, c->image->manifest_digest, SL_SHA256_SIZE);
		i->digest_verified = c->image->manifest != NULL;
		i->anchor = c->anchor;
		i->signer = c->signer;
		fill_stored_digest(c, i);
		if (i->ref == NULL)
			i->ref = c->image->reference;
	} else if (c->container->has_image_id) {
		i->has_id = true;
		memcpy(i->id, c->container->image_id, SL_SHA256_SIZE);
	}
}

/* What is known of the directories below, and that the image contradicts itself. */
static int find_in_layers(struct comparison *c, const struct comparison_options *options,
			  struct sl_error *err)
{
	struct layerfindings *f = &c->layers;
	struct sl_subject *s = &c->subject;
	int rc = 0;

	if (options->checked != NULL) {
		*f = *options->checked;
		*options->checked = (struct layerfindings){0};
	} else if (c->baselines != NULL && c->image != NULL && c->stack_fits) {
		rc = layerfindings_last(f, c->baselines, c->image, &c->container->stack, err);
	}
	/* the same layers may lie elsewhere, too: what was checked there says nothing of these */
	if (c->container->stack.lower_count > 0) {
		s->image.has_checked_at = c->has_checked_at =
			f->has_check && f->verdict == SL_CHECK_INTACT;
		s->image.checked_at = c->checked_at = f->at;
	}
	s->has_last_check = f->has_check;
	s->is_check_asked = options->checked != NULL;
	s->last_check_at = f->at;
	s->last_check_method = sl_check_method_name(f->method);
	s->last_check_verdict = sl_check_verdict_name(f->verdict);
	if (rc == 0 && c->contradiction != NULL)
		rc = layerfindings_contradiction(f, s->image.id, c->contradiction, err);
	return rc;
}

int comparison_open(struct comparison *out, const struct job *job,
		    const struct sl_container *container, struct sl_image *image,
		    const struct comparison_options *options, struct sl_error *err)
{
	int rc;

	*out = (struct comparison){.container = container, .image = image};
	rc = name_image(out, err);
	if (rc == 0)
		rc = choose_baseline(out, job, options, err);
	if (rc == 0) {
		fill_subject(out);
		rc = find_in_layers(out, options, err);
	}
	if (rc < 0)
		comparison_close(out);
	return rc;
}

void comparison_close(struct comparison *c)
{
	sl_baselines_close(c->baselines);
	sl_image_free(c->image);
	free(c->contradiction);
	free(c->unproven);
	free(c->signer);
	layerfindings_clear(&c->layers);
	*c = (struct comparison){0};
}

/* The tree that a whole tree was copied from, as it is now. */
static int open_first_lower(struct sl_source **out, const struct sl_stack *stack,
			    struct sl_error *err)
{
	if (stack->lower_count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "there is no lower directory");
	return layertree_open(out, stack->lowers[0].dir_fd, SL_MARKER_NONE, &stack->lowers[0].idmap,
			      err);
}

/* The image, and what the engine put into its copy of it; the rest of that copy proves nothing. */
static int open_image_with_init(const struct comparison *c, struct sl_source **out,
				struct sl_error *err)
{
	const struct sl_stack *stack = &c->container->stack;
	struct sl_source *init = NULL;
	bool has_init = init_layers(stack) > 0;
	int rc = has_init ? open_first_lower(&init, stack, err) : 0;

	if (rc == 0 && has_init)
		rc = initpaths_open(&init, init, err);
	if (rc < 0)
		return rc;
	return sl_baselines_view(c->baselines, c->image->config_digest, &init, has_init, out, err);
}

/*
 * What the container shows: its whole tree, or the upper directory (@upper, taken over, also on
 * failure) on whatever the comparison stands on.
 */
int comparison_after(struct comparison *c, struct sl_source *upper, struct sl_source **out,
		     struct sl_error *err)
{
	struct sl_source *lower = NULL;
	int rc;

	if (c->container->stack.is_whole) {
		*out = upper;
		return 0;
	}
	rc = comparison_before(c, &lower, err);
	if (rc < 0) {
		sl_source_close(upper);
		return rc;
	}
	return overlay_open(out, upper, lower, err);
}

int comparison_before(const struct comparison *c, struct sl_source **out, struct sl_error *err)
{
	const struct sl_stack *stack = &c->container->stack;
	struct sl_source *tops[MAX_INIT_LAYERS];
	size_t count = 0, inits = init_layers(stack);
	int rc = 0;

	if (c->baselines == NULL && stack->is_whole)
		return open_first_lower(out, stack, err);
	if (c->baselines == NULL)
		return mergedstack_open_lowers(out, stack, err);
	if (stack->is_whole)
		return open_image_with_init(c, out, err);
	if (inits > MAX_INIT_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d init layers", MAX_INIT_LAYERS);
	for (; rc == 0 && count < inits; count += rc == 0)
		rc = layertree_open(&tops[count], stack->lowers[count].dir_fd, stack->marker,
				    &stack->lowers[count].idmap, err);
	if (rc < 0) {
		while (count > 0)
			sl_source_close(tops[--count]);
		return rc;
	}
	return sl_baselines_view(c->baselines, c->image->config_digest, tops, count, out, err);
}

int comparison_run(struct comparison *c, struct sl_source *after, const struct meaning *meaning,
		   const struct drift_options *options, struct sl_sink *sink,
		   struct sl_summary *out, struct sl_error *err)
{
	struct drift_input input = {
		.after = after,
		.subject = &c->subject,
		/* a directory that was found tampered with lends no times */
		.disk = {.proven = c->has_checked_at && !(c->layers.has_check &&
							  c->layers.verdict == SL_CHECK_TAMPERED)},
		.findings = meaning->findings,
		.finding_count = meaning->finding_count,
		.gaps = meaning->gaps,
		.gap_count = meaning->gap_count,
		.rules = job_rules_set(meaning->job->rules),
		.marks = meaning->marks,
		.mark_count = meaning->mark_count,
		.judges = meaning->judges,
		.judge_count = meaning->judge_count,
		.more = meaning->more};
	int rc = comparison_before(c, &input.before, err);

	if (rc < 0)
		return rc;
	c->subject.quick = options->quick;
	if (c->stack_fits)
		input.disk.stack = &c->container->stack;
	rc = drift_run(&input, options, sink, out, err);
	sl_source_close(input.before);
	return rc;
}
