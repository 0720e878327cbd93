/* SPDX-License-Identifier: Apache-2.0 */
#include "job/diff_bundles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "diff/drift.h"
#include "diff/verdict.h"
#include "job/bundleside.h"
#include "job/rules.h"

struct pair {
	const struct job *job;
	const struct diff_bundles_request *request;
	struct bundleside before, after;
	struct recording *image;
	struct sl_source *views[2];
	struct sl_container *container; /* the later capture's */
	struct sl_gap *gaps;            /* of both, and of the two not being of one container */
	size_t gap_count;
	struct job_run about;
};

static void pair_clear(struct pair *p)
{
	sl_source_close(p->views[0]);
	sl_source_close(p->views[1]);
	recording_free(p->image);
	bundleside_clear(&p->before);
	bundleside_clear(&p->after);
	sl_container_free(p->container);
	free(p->gaps);
	job_run_clear(&p->about);
}

static int open_both(struct pair *p, struct sl_error *err)
{
	int rc = bundleside_open(&p->before, p->job, p->request->before, p->request->target,
				 p->request->identities, err);

	if (rc == 0)
		rc = bundleside_open(&p->after, p->job, p->request->after, p->request->target,
				     p->request->identities, err);
	if (rc == 0 && p->before.target.is_whole != p->after.target.is_whole)
		rc = sl_fail(err, SL_EUNSUPPORTED, 0,
			     "one bundle holds a whole tree, the other a layer of one");
	if (rc == 0)
		rc = bundleside_image(&p->image, &p->before, &p->after, err);
	if (rc == 0)
		rc = bundleside_view(&p->before, p->image, &p->views[0], err);
	if (rc == 0)
		rc = bundleside_view(&p->after, p->image, &p->views[1], err);
	return rc;
}

static char *copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

/* The container as the later bundle describes it. */
static int dress(struct pair *p, struct sl_error *err)
{
	const struct bundletree_target *t = &p->after.target;
	char at[CLOCK_TEXT_SIZE];
	struct sl_container *c;
	int rc = sl_container_new(&p->container, err);

	if (rc < 0)
		return rc;
	c = p->container;
	c->engine = copy(t->engine != NULL ? t->engine : "unknown");
	c->id = copy(t->id);
	c->name = copy(t->name);
	c->image_ref = copy(t->image_ref);
	clock_format(at, p->before.target.captured_at);
	if (asprintf(&c->note, "compared with its capture of %s", at) < 0) {
		c->note = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	if (c->engine == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	for (size_t i = 0; rc == 0 && i < t->mount_count; i++) {
		const struct sl_mount *m = &t->mounts[i];

		rc = sl_container_add_mount(c, m->path, m->type, NULL, m->rw, err);
	}
	return rc;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Another container of the same image may be meant; of another image, what is absent is unknown. */
static const char *misfit(const struct pair *p)
{
	const struct bundletree_target *a = &p->before.target, *b = &p->after.target;

	/* one container has one image; of two whose images nobody knows nothing follows */
	if (!a->has_image_id && !b->has_image_id && !a->is_whole &&
	    (a->id == NULL || !same_text(a->id, b->id)))
		return "which images the containers of the bundles have is not known: where "
		       "neither "
		       "says something of a path, the images may differ there";
	if (a->has_image_id != b->has_image_id ||
	    (a->has_image_id && memcmp(a->image_id, b->image_id, SL_SHA256_SIZE) != 0))
		return "the bundles are of containers of different images: where neither says "
		       "something of a path, the images may differ there";
	return NULL;
}

static int collect_gaps(struct pair *p, struct sl_error *err)
{
	size_t room = p->before.gap_count + p->after.gap_count + 1;
	const char *why = misfit(p);

	p->gaps = calloc(room, sizeof(*p->gaps));
	if (p->gaps == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "gaps");
	if (why != NULL)
		p->gaps[p->gap_count++] = (struct sl_gap){
			.what = {p->before.file, strlen(p->before.file)}, .why = why};
	for (size_t i = 0; i < p->before.gap_count; i++)
		p->gaps[p->gap_count++] = p->before.gaps[i];
	for (size_t i = 0; i < p->after.gap_count; i++)
		p->gaps[p->gap_count++] = p->after.gaps[i];
	return 0;
}

static int compare(struct pair *p, struct sl_sink *sink, int *status, struct sl_error *err)
{
	static const char *const everything[] = {"/"};
	const struct bundletree_target *t = &p->after.target;
	const struct drift_options options = {.stop = p->job->stop,
					      .show_touched = p->request->show_touched};
	struct sl_subject subject = {.container = p->container,
				     .image = {.ref = t->image_ref,
					       .has_id = t->has_image_id,
					       .trust = SL_TRUST_RECORDED},
				     .compared = everything,
				     .compared_count = ARRAY_SIZE(everything)};
	struct drift_input input = {.before = p->views[0],
				    .after = p->views[1],
				    .subject = &subject,
				    .gaps = p->gaps,
				    .gap_count = p->gap_count,
				    .rules = job_rules_set(p->job->rules)};
	struct sl_summary summary;
	int rc;

	memcpy(subject.image.id, t->image_id, SL_SHA256_SIZE);
	rc = drift_run(&input, &options, sink, &summary, err);
	if (rc == 0)
		*status = verdict_status(&summary, p->request->fail_on, p->request->accept_unproven,
					 false);
	return rc;
}

int job_diff_bundles(const struct job *job, const struct diff_bundles_request *request,
		     struct sl_sink *sink, int *status, struct sl_error *err)
{
	struct pair p CLEANUP(pair_clear) = {.job = job, .request = request};
	int rc = job_run_init(job, &p.about, "diff", err);

	if (rc == 0)
		rc = open_both(&p, err);
	if (rc == 0)
		rc = dress(&p, err);
	if (rc == 0)
		rc = collect_gaps(&p, err);
	if (rc == 0 && !same_text(p.before.target.id, p.after.target.id))
		job_say(job, "the bundles are of two containers: comparing them all the same");
	if (rc == 0)
		rc = sl_sink_begin(sink, &p.about.run, err);
	if (rc == 0)
		rc = compare(&p, sink, status, err);
	if (rc < 0)
		return rc;
	p.about.run.finished = clock_now();
	return sl_sink_end(sink, &p.about.run, err);
}
