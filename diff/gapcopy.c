/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/gapcopy.h"

#include <string.h>

size_t gapcopy_size(const struct sl_gap *gap)
{
	return gap->what.len + strlen(gap->why) + 2;
}

struct sl_gap gapcopy_into(char *room, const struct sl_gap *gap)
{
	struct sl_gap copy = *gap;
	char *why = room + gap->what.len + 1;

	if (gap->what.len > 0)
		memcpy(room, gap->what.data, gap->what.len);
	memcpy(why, gap->why, strlen(gap->why));
	copy.what.data = room;
	copy.why = why;
	return copy;
}
