/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/process.h>

#include "core/cleanup.h"
#include "host/procread.h"

void process_clear(struct sl_process *p)
{
	free(p->name);
	free(p->command);
	free(p->missing_script);
	free(p->mapped);
	for (size_t i = 0; i < p->lead_count; i++) {
		free(p->leads[i].variable);
		free(p->leads[i].path);
	}
	free(p->leads);
	free(p->preload);
	free(p->code);
	free(p->alias);
	free(p->own_root);
	free(p->pipe);
	free(p->outlet);
	free(p->feeder);
	free(p->feeder_peer);
	free(p->peer);
}

void sl_processes_clear(struct sl_processes *p)
{
	for (size_t i = 0; i < p->count; i++)
		process_clear(&p->items[i]);
	free(p->items);
	for (size_t i = 0; i < p->object_count; i++) {
		free(p->objects[i].path);
		if (p->objects[i].fd >= 0)
			close(p->objects[i].fd);
	}
	free(p->objects);
	for (size_t i = 0; i < p->covered_count; i++)
		free(p->covered[i]);
	free(p->covered);
	for (size_t i = 0; i < p->inner_count; i++)
		free(p->inner[i].point);
	free(p->inner);
	for (size_t i = 0; i < p->gap_count; i++) {
		free(p->gaps[i].what);
		free(p->gaps[i].why);
	}
	free(p->gaps);
	*p = (struct sl_processes){0};
}

const char *sl_origin_name(enum sl_origin origin)
{
	static const char *const names[] = {
		[SL_ORIGIN_IMAGE] = "image",   [SL_ORIGIN_UPPER] = "upper",
		[SL_ORIGIN_MOUNT] = "mount",   [SL_ORIGIN_TMPFS] = "tmpfs",
		[SL_ORIGIN_MEMORY] = "memory", [SL_ORIGIN_OUTSIDE] = "outside",
	};

	return (size_t)origin < ARRAY_SIZE(names) ? names[origin] : "unknown";
}
