/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a capture is about. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "job/capture_records.h"
#include "job/capture_run.h"
#include "job/directory.h"
#include "job/resolve.h"

static int find_directory(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	int rc = directory_container(&t->container, c->request->upper, c->request->marker, err);

	if (rc == 0)
		directory_hint(t->container, c->job);
	return rc;
}

static int find_container(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	int rc = resolve_host(c->job, &c->host, err);

	if (rc == 0)
		rc = host_find_container(c->host, c->request->container, &t->container, err);
	return rc < 0 ? rc : host_container_settings(c->host, t->container, err);
}

/* An image that cannot be read costs the findings, not the capture. */
static void find_image(struct capture *c, struct capture_target *t)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc = c->request->upper != NULL
			 ? resolve_image(c->job, NULL, c->request->image, NULL, &t->image, &why)
			 : host_container_image(c->host, t->container, &t->image, &why);

	if (rc >= 0)
		return;
	t->image = NULL;
	t->image_problem = strdup(sl_error_text(&why));
	c->out->contradicted |= why.code == SL_EUNTRUSTED;
	sl_error_clear(&why);
}

int capture_find(struct capture *c, struct sl_error *err)
{
	struct capture_target *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "target");
	c->targets = t;
	c->target_count = 1;
	rc = c->request->upper != NULL ? find_directory(c, t, err) : find_container(c, t, err);
	if (rc < 0)
		return rc;
	find_image(c, t);
	return 0;
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

void capture_targets_clear(struct capture *c)
{
	for (size_t i = 0; i < c->target_count; i++) {
		struct capture_target *t = &c->targets[i];

		recording_free(t->recording);
		layerfindings_clear(&t->checked);
		sl_image_free(t->image);
		sl_container_free(t->container);
		free(t->image_problem);
	}
	free(c->targets);
	c->targets = NULL;
	c->target_count = 0;
}
