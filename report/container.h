/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a container as members of the JSON object that is open: for every document about one. */
#ifndef REPORT_CONTAINER_H
#define REPORT_CONTAINER_H

#include <strandline/container.h>

#include "core/json.h"

/* "kind", "namespace" (containerd's), "note", and "pod": an object, or null */
void container_json_place(struct jout *j, const struct sl_container *c);
/* "mounts": path, type, source, rw of each */
void container_json_mounts(struct jout *j, const char *key, const struct sl_container *c,
			   bool with_source);

/*
 * "process": what its first process tells, or null when none runs: start, in clock ticks after
 * boot, as a decimal string; cgroup; namespaces by their numbers, decimal strings or null
 */
void container_json_live(struct jout *j, const struct sl_container *c);

#endif
