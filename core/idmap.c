/* SPDX-License-Identifier: Apache-2.0 */
#include "core/idmap.h"

#include <stdlib.h>
#include <string.h>

static int copy_ranges(struct sl_idmap_range **out, size_t *out_count,
		       const struct sl_idmap_range *ranges, size_t count)
{
	*out = NULL;
	*out_count = 0;
	if (count == 0)
		return 0;
	*out = reallocarray(NULL, count, sizeof(**out));
	if (*out == NULL)
		return -SL_ENOMEM;
	memcpy(*out, ranges, count * sizeof(*ranges));
	*out_count = count;
	return 0;
}

int idmap_copy(struct sl_idmap *out, const struct sl_idmap *map, struct sl_error *err)
{
	*out = (struct sl_idmap){0};
	if (copy_ranges(&out->uids, &out->uid_count, map->uids, map->uid_count) < 0 ||
	    copy_ranges(&out->gids, &out->gid_count, map->gids, map->gid_count) < 0) {
		idmap_clear(out);
		return sl_fail(err, SL_ENOMEM, 0, "id map");
	}
	return 0;
}

void idmap_clear(struct sl_idmap *map)
{
	free(map->uids);
	free(map->gids);
	*map = (struct sl_idmap){0};
}
