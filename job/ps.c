/* SPDX-License-Identifier: Apache-2.0 */
#include "job/ps.h"

#include <string.h>

#include "host/host.h"
#include "job/resolve.h"

struct ps {
	const struct ps_request *request;
	const struct ps_receiver *receiver;
	bool gaps;
};

static bool wanted(const struct ps_request *r, const struct sl_container *c)
{
	if (r->running && c->state != SL_STATE_RUNNING && c->state != SL_STATE_PAUSED)
		return false;
	if (r->engine != NULL && strcmp(r->engine, c->engine) != 0)
		return false;
	return r->image == NULL || (c->image_ref != NULL && strstr(c->image_ref, r->image) != NULL);
}

static int on_container(void *payload, struct sl_container *c)
{
	struct ps *ps = payload;
	int rc = 0;

	if (wanted(ps->request, c))
		rc = ps->receiver->container(ps->receiver->payload, c);
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
	   const struct ps_receiver *receiver, int *status, struct sl_error *err)
{
	struct ps ps = {.request = request, .receiver = receiver};
	struct host *host = NULL;
	int rc = resolve_host(job, &host, err);

	if (rc < 0)
		return rc;
	if (!host_has_stores(host))
		job_say(job, "no engine's store was found: name one with --store ENGINE=DIR");
	rc = host_containers(host, NULL, on_container, on_gap, &ps, err);
	host_close(host);
	*status = ps.gaps ? 3 : 0;
	return rc;
}
