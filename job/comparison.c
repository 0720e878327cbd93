/* SPDX-License-Identifier: Apache-2.0 */
#include "job/comparison.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "snapshot/layertree.h"
#include "snapshot/merged.h"

#define MAX_INIT_LAYERS 8

static size_t init_layers(const struct sl_stack *stack)
{
	size_t count = 0;

	while (count < stack->lower_count && stack->lowers[count].kind == SL_LOWER_INIT)
		count++;
	return count;
}

/* Do the stack's directories stand for the image's layers, one for one and in order? */
static bool stack_fits_image(const struct sl_stack *stack, const struct sl_image *image)
{
	size_t inits = init_layers(stack);

	if (stack->lower_count - inits != image->layer_count)
		return false;
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct sl_lower *lower = &stack->lowers[inits + i];

		if (!lower->has_image_layer || lower->image_layer != image->layer_count - 1 - i)
			return false;
	}
	return true;
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

static int index_now(struct comparison *c, const struct job *job,
		     const struct comparison_options *options, struct sl_error *err)
{
	struct sl_index_result result;
	int rc;

	if (options->no_index)
		return sl_fail(err, SL_ENOTFOUND, 0, "image '%s' is not indexed",
			       c->image->reference);
	job_say(job, "indexing image %s first", c->image->reference);
	rc = sl_baselines_index(c->baselines, c->image, &job->progress, &result, err);
	return rc < 0 ? sl_wrap(err, rc, "image '%s'", c->image->reference) : 0;
}

static int find_or_index(struct comparison *c, const struct job *job,
			 const struct comparison_options *options, struct sl_error *err)
{
	struct sl_baseline_info info;
	int rc = sl_baselines_open(&c->baselines, job->db, err);

	if (rc < 0)
		return rc;
	rc = sl_baselines_find(c->baselines, c->image->config_digest, &info, err);
	if (rc == 1) {
		rc = index_now(c, job, options, err);
		if (rc < 0)
			return rc;
		rc = sl_baselines_find(c->baselines, c->image->config_digest, &info, err);
		if (rc == 1)
			return sl_fail(err, SL_EIO, 0, "indexed image is not in the database");
	}
	if (rc < 0)
		return rc;
	c->trust = info.trust;
	c->has_checked_at = info.has_checked_at;
	c->checked_at = info.checked_at;
	return 0;
}

/* Nothing better than the directories as they are now. */
static void fall_back(struct comparison *c)
{
	sl_baselines_close(c->baselines);
	c->baselines = NULL;
	c->trust = SL_TRUST_ON_DISK;
	c->has_checked_at = false;
}

static int choose_baseline(struct comparison *c, const struct job *job,
			   const struct comparison_options *options, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (c->image == NULL)
		rc = sl_fail(&why, SL_ENOTFOUND, 0, "the image is not in the store");
	else if (!options->must_prove && !stack_fits_image(&c->container->stack, c->image))
		rc = sl_fail(&why, SL_ENOTFOUND, 0,
			     "the lower directories are not the layers of the image, in its order");
	else
		rc = find_or_index(c, job, options, &why);
	if (rc == 0)
		return 0;
	if (options->must_prove || !is_about_the_image(rc) || job_stopped(job)) {
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

static void fill_subject(struct comparison *c)
{
	static const char *const everything[] = {"/"};
	struct sl_subject *s = &c->subject;

	*s = (struct sl_subject){.container = c->container,
				 .image_ref = c->container->image_ref,
				 .trust = c->trust,
				 .has_checked_at = c->has_checked_at,
				 .checked_at = c->checked_at,
				 .compared = everything,
				 .compared_count = ARRAY_SIZE(everything)};
	if (c->image != NULL) {
		s->has_image_id = true;
		memcpy(s->image_id, c->image->config_digest, SL_SHA256_SIZE);
		s->has_image_digest = c->image->has_manifest_digest;
		memcpy(s->image_digest, c->image->manifest_digest, SL_SHA256_SIZE);
		s->digest_verified = c->image->manifest != NULL;
		s->anchor = c->image->anchor;
		if (s->image_ref == NULL)
			s->image_ref = c->image->reference;
	} else if (c->container->has_image_id) {
		s->has_image_id = true;
		memcpy(s->image_id, c->container->image_id, SL_SHA256_SIZE);
	}
}

static int fill_layer_finding(struct comparison *c, struct sl_error *err)
{
	struct sl_finding *f = &c->layer_finding;
	char digest[DIGEST_TEXT_SIZE];

	if (c->contradiction == NULL)
		return 0;
	digest_format(digest, c->subject.image_id);
	c->layer_subject = strdup(digest);
	if (c->layer_subject == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer finding");
	*f = (struct sl_finding){.kind = SL_FINDING_LAYER,
				 .severity = SL_SEVERITY_CRITICAL,
				 .subject = {c->layer_subject, strlen(c->layer_subject)},
				 .message = c->contradiction,
				 .rules = {"layer-contradicts-digest"},
				 .reasons = {"the image on disk is not the image its digests name"},
				 .rule_count = 1,
				 .attack = {"T1525"},
				 .attack_count = 1};
	return 0;
}

int comparison_open(struct comparison *out, const struct job *job,
		    const struct sl_container *container, struct sl_image *image,
		    const struct comparison_options *options, struct sl_error *err)
{
	int rc;

	*out = (struct comparison){.container = container, .image = image};
	rc = choose_baseline(out, job, options, err);
	if (rc == 0) {
		fill_subject(out);
		rc = fill_layer_finding(out, err);
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
	free(c->layer_subject);
	*c = (struct comparison){0};
}

int comparison_before(struct comparison *c, struct sl_source **out, struct sl_error *err)
{
	const struct sl_stack *stack = &c->container->stack;
	struct sl_source *tops[MAX_INIT_LAYERS];
	size_t count = 0, inits = init_layers(stack);
	int rc = 0;

	if (c->baselines == NULL)
		return merged_open_lowers(out, stack, err);
	if (inits > MAX_INIT_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d init layers", MAX_INIT_LAYERS);
	for (; rc == 0 && count < inits; count += rc == 0)
		rc = layertree_open(&tops[count], stack->lowers[count].dir_fd, stack->marker,
				    &stack->idmap, err);
	if (rc < 0) {
		while (count > 0)
			sl_source_close(tops[--count]);
		return rc;
	}
	return sl_baselines_view(c->baselines, c->image->config_digest, tops, count, out, err);
}

int comparison_run(struct comparison *c, struct sl_source *after,
		   const struct drift_options *options, struct sl_sink *sink,
		   struct sl_summary *out, struct sl_error *err)
{
	struct drift_input input = {
		.after = after, .subject = &c->subject, .disk = {.proven = c->has_checked_at}};
	int rc = comparison_before(c, &input.before, err);

	if (rc < 0)
		return rc;
	c->subject.quick = options->quick;
	if (c->image != NULL && stack_fits_image(&c->container->stack, c->image))
		input.disk.stack = &c->container->stack;
	if (c->contradiction != NULL) {
		input.findings = &c->layer_finding;
		input.finding_count = 1;
	}
	rc = drift_run(&input, options, sink, out, err);
	sl_source_close(input.before);
	return rc;
}
