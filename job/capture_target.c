/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a capture is about. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/freeze.h"
#include "job/capture_records.h"
#include "job/capture_run.h"
#include "job/capture_seen.h"
#include "job/directory.h"
#include "job/resolve.h"

#define TARGETS_MAX 4096

/* Each container once, however often it was named. */
static bool is_known(const struct capture *c, const struct sl_container *found)
{
	for (size_t i = 0; i < c->target_count; i++) {
		const struct sl_container *have = c->targets[i].container;

		if (found->id != NULL && have->id != NULL && strcmp(found->id, have->id) == 0 &&
		    strcmp(found->engine, have->engine) == 0)
			return true;
	}
	return false;
}

/* Takes over @container, also on failure. */
static int add_target(struct capture *c, struct sl_container *container, struct sl_error *err)
{
	struct capture_target *grown;

	if (is_known(c, container)) {
		sl_container_free(container);
		return 0;
	}
	grown = c->target_count == TARGETS_MAX
			? NULL
			: reallocarray(c->targets, c->target_count + 1, sizeof(*grown));
	if (grown == NULL) {
		sl_container_free(container);
		return c->target_count == TARGETS_MAX
			       ? sl_fail(err, SL_ELIMIT, 0, "more than %d containers", TARGETS_MAX)
			       : sl_fail(err, SL_ENOMEM, 0, "target");
	}
	c->targets = grown;
	c->targets[c->target_count++] = (struct capture_target){.container = container};
	return 0;
}

static int lose(struct capture *c, const char *what, size_t len, const char *why, int sys,
		struct sl_error *err)
{
	struct capture_lost *grown = reallocarray(c->lost, c->lost_count + 1, sizeof(*grown));
	struct capture_lost *l;

	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "containers");
	c->lost = grown;
	l = &grown[c->lost_count++];
	*l = (struct capture_lost){strndup(what, len), strdup(why), sys};
	return l->what != NULL && l->why != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "containers");
}

/* What the host hands over. */
struct finding {
	struct capture *capture;
	struct sl_error *err;
};

static int on_container(void *payload, struct sl_container *container)
{
	struct finding *f = payload;

	return add_target(f->capture, container, f->err);
}

static int on_gap(void *payload, const struct sl_gap *gap)
{
	struct finding *f = payload;

	return lose(f->capture, gap->what.data, gap->what.len, gap->why, gap->sys, f->err);
}

/* One that is not there is told of in the bundle, if there is another to make one of. */
static int find_word(struct capture *c, const char *word, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct finding f = {c, &why};
	int rc = host_find_containers(c->host, word, on_container, on_gap, &f, &why);

	if (rc >= 0)
		return 0;
	if (c->request->container_count == 1 || rc == -SL_ENOMEM)
		return sl_fail(err, why.code, why.sys, "%s", sl_error_text(&why));
	job_say(c->job, "not captured: %s", sl_error_text(&why));
	return lose(c, word, strlen(word), sl_error_text(&why), why.sys, err);
}

static int find_words(struct capture *c, struct sl_error *err)
{
	int rc = resolve_host(c->job, &c->host, err);

	for (size_t i = 0; rc == 0 && i < c->request->container_count; i++)
		rc = find_word(c, c->request->containers[i], err);
	if (rc < 0 || c->target_count > 0)
		return rc;
	return sl_fail(err, SL_ENOTFOUND, 0, "none of the containers can be captured: %s",
		       c->lost_count > 0 ? c->lost[0].why : "none was found");
}

static int find_directory(struct capture *c, struct sl_error *err)
{
	const struct capture_request *r = c->request;
	struct sl_container *container = NULL;
	int rc = directory_container(&container, r->rootfs != NULL ? r->rootfs : r->upper,
				     r->rootfs != NULL ? SL_MARKER_NONE : r->marker, err);

	if (rc < 0)
		return rc;
	if (r->rootfs != NULL)
		container->stack.is_whole = true;
	else
		directory_hint(container, c->job);
	return add_target(c, container, err);
}

/* An image that cannot be read costs the findings, not the capture. */
static void find_image(struct capture *c, struct capture_target *t)
{
	const struct capture_request *r = c->request;
	struct sl_error why = SL_ERROR_INIT;
	int rc = 0;

	if (c->host != NULL)
		rc = host_container_image(c->host, t->container, &t->image, &why);
	else if (r->image != NULL)
		rc = resolve_image(c->job, NULL, r->image, NULL, &t->image, &why);
	if (rc >= 0)
		return;
	t->image = NULL;
	t->image_problem = strdup(sl_error_text(&why));
	c->out->contradicted |= why.code == SL_EUNTRUSTED;
	sl_error_clear(&why);
}

int capture_find(struct capture *c, struct sl_error *err)
{
	int rc = c->request->container_count > 0 ? find_words(c, err) : find_directory(c, err);

	for (size_t i = 0; rc == 0 && i < c->target_count; i++) {
		struct capture_target *t = &c->targets[i];

		if (c->host != NULL)
			rc = host_container_settings(c->host, t->container, err);
		if (rc == 0)
			find_image(c, t);
	}
	c->out->targets = c->target_count;
	return rc < 0 ? rc : 0;
}

int capture_declare(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	int rc = capture_evidence(c, t, err);

	if (rc == 0)
		rc = capture_target_members(&members, t->container, t->image, err);
	if (rc == 0)
		rc = sl_bundle_target(c->writer, members.data, &t->id, err);
	return rc < 0 ? rc : recording_new(&t->recording, err);
}

int capture_declare_lost(struct capture *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->lost_count; i++)
		rc = capture_gap_of(c, NULL, c->lost[i].what, c->lost[i].why, c->lost[i].sys, err);
	return rc;
}

void capture_targets_clear(struct capture *c)
{
	struct freeze_times times;

	for (size_t i = 0; i < c->target_count; i++) {
		struct capture_target *t = &c->targets[i];

		capture_seen_free(t->seen);
		/* only on ways out that wrote nothing more */
		if (t->freeze != NULL)
			(void)freeze_end(t->freeze, &times, NULL);
		recording_free(t->recording);
		layerfindings_clear(&t->checked);
		sl_image_free(t->image);
		sl_container_free(t->container);
		free(t->image_problem);
	}
	free(c->targets);
	c->targets = NULL;
	c->target_count = 0;
	for (size_t i = 0; i < c->lost_count; i++) {
		free(c->lost[i].what);
		free(c->lost[i].why);
	}
	free(c->lost);
	c->lost = NULL;
	c->lost_count = 0;
}
