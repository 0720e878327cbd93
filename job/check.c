/* SPDX-License-Identifier: Apache-2.0 */
#include "job/check.h"

#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "host/host.h"
#include "job/checkrun.h"
#include "job/checkstored.h"
#include "job/database.h"
#include "job/resolve.h"

struct check {
	const struct check_request *request;
	struct checkrun run;
	struct host *host;
	bool failed; /* err says why */
	struct sl_error *err;
	void (*guard)(struct sl_image *image); /* or NULL */
};

/* A pod's sandbox stands on layers like any other. */
static const struct host_filter everything = {.sandboxes = true};

static bool is_fatal(int rc)
{
	return rc == -SL_ENOMEM || rc == -SL_ECANCELLED;
}

/* ---- who shares what ---- */

static int plan_image(void *payload, const struct host_image *row)
{
	struct check *c = payload;
	AUTO_IMAGE struct sl_image *image = NULL;
	int rc = host_load_image(c->host, row, &image, NULL);

	if (rc < 0)
		return is_fatal(rc) ? sl_fail(c->err, SL_ENOMEM, 0, "layer check") : 0;
	return checkplan_add_image(&c->run.plan, image, c->err);
}

static int plan_container(void *payload, struct sl_container *container)
{
	struct check *c = payload;
	int rc = checkplan_add_container(&c->run.plan, container, c->err);

	sl_container_free(container);
	return rc;
}

static int ignore_gap(void *payload, const struct sl_gap *gap)
{
	(void)payload;
	(void)gap;
	return 0;
}

/* What cannot be listed is told by whoever checks it, not here. */
static int make_plan(struct check *c)
{
	int rc = host_images(c->host, plan_image, ignore_gap, c, c->err);

	return rc == 0 ? host_containers(c->host, &everything, plan_container, ignore_gap, c,
					 c->err)
		       : rc;
}

/* ---- containers ---- */

/* The image of a container; one that the store has lost may still be known. */
static int container_image(struct check *c, const struct sl_container *container,
			   struct sl_image **out, struct sl_error *why)
{
	struct sl_image *stored = NULL;
	int rc = host_container_image(c->host, container, out, why);

	if (rc == 0 || is_fatal(rc) || !container->has_image_id)
		return rc;
	if (checkstored_image(c->run.baselines, container->image_id, &stored, NULL) != 0)
		return rc;
	*out = stored;
	return rc == -SL_EUNTRUSTED ? rc : 0;
}

static int check_container(struct check *c, const struct sl_container *container)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	AUTO_IMAGE struct sl_image *image = NULL;
	const char *name = container->name != NULL ? container->name : container->id;
	int rc = container_image(c, container, &image, &why);

	if (is_fatal(rc))
		return sl_fail(c->err, why.code, why.sys, "%s", sl_error_text(&why));
	if (c->guard != NULL && image != NULL)
		c->guard(image);
	if (rc == -SL_EUNTRUSTED) {
		rc = checkrun_contradiction(&c->run, name, sl_error_text(&why));
		return rc == 0 && image != NULL
			       ? checkrun_container(&c->run, container, image, NULL)
			       : rc;
	}
	return checkrun_container(&c->run, container, image, sl_error_text(&why));
}

/* Takes @container over. */
static int each_container(void *payload, struct sl_container *container)
{
	struct check *c = payload;
	int rc = check_container(c, container);

	sl_container_free(container);
	c->failed = rc < 0;
	return rc;
}

static int each_gap(void *payload, const struct sl_gap *gap)
{
	struct check *c = payload;
	int rc;

	c->run.totals.gaps++;
	rc = c->run.sink->ops->gap(c->run.sink, gap, c->err);
	c->failed = rc < 0;
	return rc;
}

static int check_named(struct check *c)
{
	const struct check_request *r = c->request;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->container_count; i++) {
		struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;

		rc = host_find_containers(c->host, r->containers[i], each_container, each_gap, c,
					  &why);
		if (rc >= 0 || c->failed)
			continue;
		if (is_fatal(rc) || r->container_count == 1)
			rc = sl_fail(c->err, why.code, why.sys, "%s", sl_error_text(&why));
		else
			rc = checkrun_gap(&c->run, r->containers[i], sl_error_text(&why), why.sys);
	}
	return rc;
}

/* ---- everything ---- */

static int each_image(void *payload, const struct host_image *row)
{
	struct check *c = payload;
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	AUTO_IMAGE struct sl_image *image = NULL;
	const char *name = row->name != NULL ? row->name : row->id;
	int rc = host_load_image(c->host, row, &image, &why);

	if (rc == 0)
		return checkrun_image(&c->run, image);
	if (is_fatal(rc))
		return sl_fail(c->err, why.code, why.sys, "%s", sl_error_text(&why));
	return rc == -SL_EUNTRUSTED ? checkrun_contradiction(&c->run, name, sl_error_text(&why))
				    : checkrun_gap(&c->run, name, sl_error_text(&why), why.sys);
}

static int check_all(struct check *c)
{
	int rc;

	/* where nothing was looked at, nothing can be called intact */
	if (!host_has_stores(c->host))
		return sl_fail(c->err, SL_ENOTFOUND, 0,
			       "no engine's store was found: name one with --store ENGINE=DIR");
	rc = host_images(c->host, each_image, each_gap, c, c->err);
	return rc == 0 ? host_containers(c->host, &everything, each_container, each_gap, c, c->err)
		       : rc;
}

/* ---- one image ---- */

static int check_image(struct check *c)
{
	AUTO_IMAGE struct sl_image *image = NULL;
	bool is_unpacked = false;
	int rc = resolve_image(c->run.job, c->host, c->request->image, c->request->platform, &image,
			       c->err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < image->layer_count; i++)
		is_unpacked = is_unpacked || image->layers[i].dir_path != NULL;
	if (!is_unpacked || image->trust > SL_TRUST_SIGNED)
		return sl_fail(c->err, SL_EINVAL, 0,
			       "'%s' has no layer directories: name an image of an engine's store",
			       c->request->image);
	rc = checkplan_add_image(&c->run.plan, image, c->err);
	return rc < 0 ? rc : checkrun_image(&c->run, image);
}

/* ---- the whole ---- */

static int status_of(const struct check *c)
{
	const struct sl_check_totals *t = &c->run.totals;

	if (t->by_verdict[SL_CHECK_TAMPERED] > 0 || t->contradictions > 0)
		return 1;
	if (t->by_verdict[SL_CHECK_UNREAD] > 0 || t->gaps > 0)
		return 3;
	return t->by_verdict[SL_CHECK_UNPROVEN] > 0 && !c->request->accept_unproven ? 3 : 0;
}

static int run_request(struct check *c)
{
	if (c->request->image != NULL)
		return check_image(c);
	return c->request->all ? check_all(c) : check_named(c);
}

static int run(struct check *c, struct job_run *about)
{
	struct sl_check_sink *sink = c->run.sink;
	int rc = make_plan(c);

	if (rc == 0)
		rc = sink->ops->begin(sink, &about->run, c->err);
	if (rc == 0)
		rc = run_request(c);
	if (rc == 0) {
		about->run.finished = clock_now();
		rc = sink->ops->end(sink, &about->run, &c->run.totals, c->err);
	}
	return rc;
}

int job_check_container(const struct job *job, struct host *host,
			const struct sl_container *container, const struct check_how *how,
			struct sl_check_sink *sink, struct sl_check_totals *totals,
			struct sl_error *err)
{
	const struct check_request request = {.no_index = how->no_index};
	struct check c = {.request = &request,
			  .run = {.job = job, .no_index = how->no_index, .sink = sink, .err = err},
			  .host = host,
			  .guard = how->guard,
			  .err = err};
	int rc = job_database_open(job, &c.run.baselines, err);

	if (rc == 0 && job->limits != NULL)
		sl_baselines_set_limits(c.run.baselines, job->limits);
	if (rc == 0)
		rc = check_container(&c, container);
	*totals = c.run.totals;
	checkplan_clear(&c.run.plan);
	if (how->kept != NULL)
		*how->kept = take_ptr(&c.run.baselines);
	sl_baselines_close(c.run.baselines);
	return rc;
}

int job_check(const struct job *job, const struct check_request *request,
	      struct sl_check_sink *sink, int *status, struct sl_error *err)
{
	struct check c = {.request = request, .err = err};
	struct job_run about;
	int rc = job_run_init(job, &about, "check", err);

	if (rc < 0)
		return rc;
	c.run = (struct checkrun){
		.job = job, .no_index = request->no_index, .sink = sink, .err = err};
	rc = resolve_host(job, &c.host, err);
	if (rc == 0)
		rc = job_database_open(job, &c.run.baselines, err);
	if (rc == 0 && job->limits != NULL)
		sl_baselines_set_limits(c.run.baselines, job->limits);
	if (rc == 0)
		rc = run(&c, &about);
	*status = status_of(&c);
	checkplan_clear(&c.run.plan);
	sl_baselines_close(c.run.baselines);
	host_close(c.host);
	job_run_clear(&about);
	return rc;
}
