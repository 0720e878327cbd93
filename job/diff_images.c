/* SPDX-License-Identifier: Apache-2.0 */
#include "job/diff_images.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "diff/drift.h"
#include "diff/verdict.h"
#include "job/baseline.h"
#include "job/database.h"
#include "job/rules.h"

/* One image and its view. */
struct side {
	struct sl_image *image;
	struct sl_baseline_info info; /* its name is not kept */
	char *signer;                 /* info's own */
	struct sl_source *view;
};

struct pair_run {
	const struct job *job;
	const struct diff_images_request *request;
	struct sl_baselines *baselines;
	struct side before, after;
	struct sl_container *container; /* the after image, dressed as one */
	struct job_run about;
};

static void side_clear(struct side *s)
{
	sl_source_close(s->view);
	sl_image_free(s->image);
	free(s->signer);
}

static void run_clear(struct pair_run *r)
{
	side_clear(&r->before);
	side_clear(&r->after);
	sl_container_free(r->container);
	sl_baselines_close(r->baselines);
	job_run_clear(&r->about);
}

static int prepare(struct pair_run *r, struct side *s, const char *word, struct sl_error *err)
{
	int rc = baseline_resolve(r->job, r->baselines, word, r->request->platform, &s->image, err);

	if (rc == 0)
		rc = baseline_ready(r->job, r->baselines, s->image, r->request->no_index, &s->info,
				    err);
	if (rc < 0 || s->info.signer == NULL)
		return rc;
	s->signer = strdup(s->info.signer);
	return s->signer != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "signer");
}

/* Views last: while one is open, nothing may be indexed. */
static int prepare_both(struct pair_run *r, struct sl_error *err)
{
	int rc = prepare(r, &r->before, r->request->before, err);

	if (rc == 0)
		rc = prepare(r, &r->after, r->request->after, err);
	if (rc == 0)
		rc = sl_baselines_view(r->baselines, r->before.image->config_digest, NULL, 0,
				       &r->before.view, err);
	if (rc == 0)
		rc = sl_baselines_view(r->baselines, r->after.image->config_digest, NULL, 0,
				       &r->after.view, err);
	return rc;
}

static int dress(struct pair_run *r, struct sl_error *err)
{
	char id[DIGEST_TEXT_SIZE];
	int rc = sl_container_new(&r->container, err);

	if (rc < 0)
		return rc;
	digest_format(id, r->after.image->config_digest);
	r->container->engine = strdup("image");
	r->container->id = strdup(id);
	r->container->name = strdup(r->after.image->reference);
	if (r->container->engine == NULL || r->container->id == NULL || r->container->name == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	return 0;
}

static struct sl_subject_image describe(const struct side *s)
{
	struct sl_subject_image out = {.ref = s->image->reference,
				       .has_digest = s->image->has_manifest_digest,
				       .has_id = true,
				       .digest_verified = s->image->manifest != NULL ||
							  s->info.manifest_verified,
				       .anchor = s->info.anchor,
				       .signer = s->signer,
				       .trust = s->info.trust,
				       .has_checked_at = s->info.has_checked_at,
				       .checked_at = s->info.checked_at};

	memcpy(out.id, s->image->config_digest, SL_SHA256_SIZE);
	memcpy(out.digest, s->image->manifest_digest, SL_SHA256_SIZE);
	return out;
}

static int compare(struct pair_run *r, struct sl_sink *sink, int *status, struct sl_error *err)
{
	static const char *const everything[] = {"/"};
	const struct sl_subject_image after = describe(&r->after);
	const struct drift_options options = {.stop = r->job->stop};
	struct sl_subject subject = {.container = r->container,
				     .image = describe(&r->before),
				     .compared = everything,
				     .compared_count = ARRAY_SIZE(everything),
				     .after = &after};
	struct drift_input input = {.before = r->before.view,
				    .after = r->after.view,
				    .subject = &subject,
				    .rules = job_rules_set(r->job->rules)};
	struct sl_summary summary;
	int rc;

	rc = drift_run(&input, &options, sink, &summary, err);
	if (rc == 0)
		*status = verdict_status(&summary, r->request->fail_on, r->request->accept_unproven,
					 false);
	return rc;
}

int job_diff_images(const struct job *job, const struct diff_images_request *request,
		    struct sl_sink *sink, int *status, struct sl_error *err)
{
	struct pair_run r CLEANUP(run_clear) = {.job = job, .request = request};
	int rc = job_run_init(job, &r.about, "diff", err);

	if (rc == 0)
		rc = job_database_open(job, &r.baselines, err);
	if (rc == 0)
		rc = prepare_both(&r, err);
	if (rc == 0)
		rc = dress(&r, err);
	if (rc == 0)
		rc = sl_sink_begin(sink, &r.about.run, err);
	if (rc == 0)
		rc = compare(&r, sink, status, err);
	if (rc < 0)
		return rc;
	r.about.run.finished = clock_now();
	return sl_sink_end(sink, &r.about.run, err);
}
