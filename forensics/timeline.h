/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles as one timeline: file times, container lifecycle, log lines, steps of the capture.
 */
#ifndef FORENSICS_TIMELINE_H
#define FORENSICS_TIMELINE_H

#include <strandline/event.h>

/*
 * Read @count bundles and give their events to the sink in order of time: begin, event..., end.
 * Memory is bounded; what does not fit goes to a temporary file. The descriptors must be regular
 * files, are read from their beginnings and stay the caller's. A cut bundle gives what it holds.
 */
int timeline_run(const int *fds, size_t count, struct sl_event_sink *sink, struct sl_error *err);

#endif
