/* SPDX-License-Identifier: Apache-2.0 */
/* What only evidence takes of a container, from whoever keeps it. */
#include <string.h>

#include "host/machine.h"
#include "host/runtimefiles.h"

struct store *host_store_of(const struct host *h, const struct sl_container *c)
{
	for (size_t i = 0; i < h->set.count; i++)
		if (c->store != NULL && strcmp(h->set.stores[i]->dir, c->store) == 0 &&
		    host_store_serves(h->set.stores[i], c->engine))
			return h->set.stores[i];
	return NULL;
}

int host_container_evidence(struct host *h, struct sl_container *c, struct sl_error *err)
{
	struct store *s = host_store_of(h, c);
	int rc = runtimefiles_add(c, h->place.root_fd, h->place.proc_fd, err);

	if (rc == 0 && s != NULL && s->ops->evidence != NULL)
		rc = s->ops->evidence(s, c, err);
	return rc;
}
