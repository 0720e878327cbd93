/* SPDX-License-Identifier: Apache-2.0 */
/* A line of etc/passwd, its end, then etc/subuid. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/homes.h"
#include "host/idmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a daemon that maps its root makes of the same file: no id is twice, inside or outside. */
static void read_remap(struct sl_bytes text, uint32_t first)
{
	CLEANUP(idmap_clear) struct sl_idmap map = {0};

	if (idmap_parse_subids(&map.uids, &map.uid_count, text.data, text.len, first, NULL) < 0)
		return;
	if (map.uid_count == 0 || map.uids[0].inside != 0)
		abort();
	for (size_t i = 1; i < map.uid_count; i++)
		if (map.uids[i].inside != map.uids[i - 1].inside + map.uids[i - 1].count ||
		    map.uids[i].outside < map.uids[i - 1].outside)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *eol = memchr(data, '\n', size);
	AUTO_FREE char *line = NULL;
	CLEANUP(idmap_clear) struct sl_idmap map = {0};
	struct home home;

	if (eol == NULL)
		return 0;
	line = calloc(1, (size_t)(eol - data) + 1);
	if (line == NULL)
		return 0;
	memcpy(line, data, (size_t)(eol - data));
	if (!home_parse(&home, line))
		return 0;
	read_remap((struct sl_bytes){(const char *)eol + 1, size - (size_t)(eol + 1 - data)},
		   home.uid);
	if (home.dir[0] != '/' || home.user[0] == '\0')
		abort();
	if (idmap_parse_rootless(&map.uids, &map.uid_count,
				 (struct sl_bytes){.data = (const char *)eol + 1,
						   .len = size - (size_t)(eol + 1 - data)},
				 home.user, home.uid, home.uid, NULL) < 0)
		return 0;
	/* number 0 is the user, and inside no id is twice */
	if (map.uid_count == 0 || map.uids[0].outside != home.uid)
		abort();
	for (size_t i = 1; i < map.uid_count; i++)
		if (map.uids[i].inside != map.uids[i - 1].inside + map.uids[i - 1].count)
			abort();
	return 0;
}
