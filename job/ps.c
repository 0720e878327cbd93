/* SPDX-License-Identifier: Apache-2.0 */
#include "job/ps.h"

#include <string.h>

#include "core/encode.h"
#include "host/host.h"
#include "job/resolve.h"

struct ps {
	const struct ps_request *request;
	const struct ps_receiver *receiver;
	bool gaps; /* something went unread: a container, or what one is made of */
};

static bool is_image(const struct sl_container *c, const char *word)
{
	char id[DIGEST_TEXT_SIZE];
	size_t len = strlen(word);

	if (c->image_ref != NULL && strstr(c->image_ref, word) != NULL)
		return true;
	if (!c->has_image_id)
		return false;
	digest_format(id, c->image_id);
	return strncmp(id, word, len) == 0 || strncmp(id + strlen("sha256:"), word, len) == 0;
}

static bool wanted(const struct ps_request *r, const struct sl_container *c)
{
	if (r->running && c->state != SL_STATE_RUNNING && c->state != SL_STATE_PAUSED)
		return false;
	return r->image == NULL || is_image(c, r->image);
}

static int on_container(void *payload, struct sl_container *c)
{
	struct ps *ps = payload;
	int rc = 0;

	if (wanted(ps->request, c)) {
		ps->gaps |= c->stack.unsupported != NULL;
		rc = ps->receiver->container(ps->receiver->payload, c);
	}
	sl_container_free(c);
	return rc;
}

static int on_gap(void *payload, const struct sl_gap *gap)
{
	struct ps *ps = payload;

	ps->gaps = true;
	return ps->receiver->gap(ps->receiver->payload, gap);
}

int job_ps(const struct job *job, const struct ps_request *request,
	   const struct ps_receiver *receiver, struct ps_hidden *hidden, int *status,
	   struct sl_error *err)
{
	struct ps ps = {.request = request, .receiver = receiver};
	struct host_hidden left_out = {0};
	struct host_filter filter = {.sandboxes = request->sandboxes,
				     .orphans = request->orphans,
				     .engine = request->engine,
				     .pod = request->pod,
				     .bare = true,
				     .hidden = &left_out};
	struct host *host = NULL;
	int rc = request->engine != NULL ? host_check_engine(request->engine, err) : 0;

	if (rc == 0)
		rc = resolve_host(job, &host, err);
	if (rc < 0)
		return rc;
	if (!host_has_stores(host))
		job_say(job, "no engine's store was found: name one with --store ENGINE=DIR");
	rc = host_containers(host, &filter, on_container, on_gap, &ps, err);
	host_close(host);
	*hidden = (struct ps_hidden){left_out.sandboxes, left_out.builds};
	*status = ps.gaps ? 3 : 0;
	return rc;
}
