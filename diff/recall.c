/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/recall.h"

#include <string.h>

_Static_assert(sizeof(((struct drift_digests *)0)->head) == READING_HEAD, "heads are alike");

static void fill(struct reading *r, const struct sl_entry *e, const struct drift_digests *d)
{
	r->fields = SL_ENTRY_SHA256 | SL_ENTRY_CACHED;
	r->size = e->size;
	r->signals = d->signals;
	r->head_len = d->head_len;
	memcpy(r->head, d->head, sizeof(r->head));
	memcpy(r->sha256, d->sha256, sizeof(r->sha256));
}

bool recall(const struct drift_cache *cache, struct sl_source *after, struct pair *p)
{
	struct reading *r = &p->after_read;
	struct drift_digests found;

	if (cache == NULL || !cache->is_settled(cache->payload, p->after) ||
	    !sl_source_identify(after, &r->id))
		return false;
	r->want_quiet = true;
	if (!cache->find(cache->payload, &r->id, p->after, &found))
		return false;
	fill(r, p->after, &found);
	return true;
}

void recall_keep(const struct drift_cache *cache, const struct pair *p)
{
	const struct reading *r = &p->after_read;
	struct drift_digests d;

	if (cache == NULL || p->link == LINK_SHARES || !r->is_quiet || r->why != NULL ||
	    r->is_unstable || r->fields != SL_ENTRY_SHA256 || r->size != p->after->size)
		return;
	d = (struct drift_digests){.head_len = r->head_len, .signals = r->signals};
	memcpy(d.head, r->head, sizeof(d.head));
	memcpy(d.sha256, r->sha256, sizeof(d.sha256));
	cache->keep(cache->payload, &r->id, p->after, &d);
}
