/* SPDX-License-Identifier: Apache-2.0 */
/* How ids are shifted: in a user's own store, and in a layer that has a map of its own. */
#include <stdlib.h>

#include "core/cleanup.h"
#include "host/cstore.h"
#include "host/idmap.h"

#define RANGES_MAX 340 /* the kernel's bound for one map */

static int compare_ranges(const void *a, const void *b)
{
	const struct sl_idmap_range *x = a, *y = b;

	return x->outside < y->outside ? -1 : x->outside > y->outside;
}

/* The first range is the user himself. */
static void sort_ranges(struct sl_idmap_range *ranges, size_t count)
{
	uint32_t inside = 1;

	if (count < 2)
		return;
	qsort(ranges + 1, count - 1, sizeof(*ranges), compare_ranges);
	for (size_t i = 1; i < count; i++) {
		ranges[i].inside = inside;
		inside += ranges[i].count;
	}
}

int cstore_idmap_of_user(struct sl_idmap *out, const struct place *place, const char *user,
			 uint32_t uid, uint32_t gid, struct sl_error *err)
{
	int rc = idmap_of_rootless(out, place->root_fd, user, uid, gid, err);

	if (rc < 0)
		return rc;
	sort_ranges(out->uids, out->uid_count);
	sort_ranges(out->gids, out->gid_count);
	return 0;
}

static bool field(const struct jval *range, const char *key, uint32_t *out)
{
	int64_t n;

	if (jval_i64(jval_get(range, key), &n) < 0 || n < 0 || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Ids [r->outside, +count) as @base shows them on disk, cut where its ranges end. */
static size_t through(const struct sl_idmap_range *base, size_t base_count,
		      const struct sl_idmap_range *r, struct sl_idmap_range *out, size_t room)
{
	size_t n = 0;

	if (base_count == 0) {
		out[0] = *r;
		return 1;
	}
	for (size_t i = 0; i < base_count && n < room; i++) {
		const struct sl_idmap_range *b = &base[i];
		uint64_t low = r->outside > b->inside ? r->outside : b->inside;
		uint64_t high = (uint64_t)r->outside + r->count;

		if (high > (uint64_t)b->inside + b->count)
			high = (uint64_t)b->inside + b->count;
		if (low >= high)
			continue;
		out[n++] = (struct sl_idmap_range){
			.inside = (uint32_t)(r->inside + (low - r->outside)),
			.outside = (uint32_t)(b->outside + (low - b->inside)),
			.count = (uint32_t)(high - low)};
	}
	return n;
}

static int ranges_of(struct sl_idmap_range **out, size_t *count, const struct jval *list,
		     const struct sl_idmap_range *base, size_t base_count, struct sl_error *err)
{
	AUTO_FREE struct sl_idmap_range *ranges = calloc(RANGES_MAX, sizeof(*ranges));
	size_t n = 0;

	if (ranges == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "id map");
	for (size_t i = 0; i < jval_len(list) && n < RANGES_MAX; i++) {
		const struct jval *v = jval_at(list, i);
		struct sl_idmap_range r = {0};

		if (!field(v, "container_id", &r.inside) || !field(v, "host_id", &r.outside) ||
		    !field(v, "size", &r.count) || r.count == 0 ||
		    r.count > UINT32_MAX - r.inside || r.count > UINT32_MAX - r.outside)
			return sl_fail(err, SL_EFORMAT, 0, "its id map cannot be read");
		n += through(base, base_count, &r, &ranges[n], RANGES_MAX - n);
	}
	*count = n;
	*out = take_ptr(&ranges);
	return 0;
}

int cstore_idmap_of_row(struct sl_idmap *out, const struct sl_idmap *base, const struct jval *row,
			struct sl_error *err)
{
	const struct jval *uids = jval_get(row, "uidmap"), *gids = jval_get(row, "gidmap");
	int rc;

	*out = (struct sl_idmap){0};
	if (jval_len(uids) == 0 && jval_len(gids) == 0)
		return idmap_copy(out, base, err);
	rc = ranges_of(&out->uids, &out->uid_count, uids, base->uids, base->uid_count, err);
	if (rc == 0)
		rc = ranges_of(&out->gids, &out->gid_count, gids, base->gids, base->gid_count, err);
	if (rc < 0)
		idmap_clear(out);
	return rc;
}
