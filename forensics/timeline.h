/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles as one timeline: file times, container lifecycle, log lines, steps of the capture.
 */
#ifndef FORENSICS_TIMELINE_H
#define FORENSICS_TIMELINE_H

#include <strandline/event.h>

#include "core/rfile.h"

/*
 * Read @count bundles and give their events to the sink in order of time: begin, event..., end.
 * Memory is bounded; what does not fit goes to a temporary file. The files are borrowed, and no
 * pipes: a bundle is read several times. A cut one gives what it holds.
 */
int timeline_run(struct rfile *const *files, size_t count, struct sl_event_sink *sink,
		 struct sl_error *err);

#endif
