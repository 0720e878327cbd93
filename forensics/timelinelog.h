/* SPDX-License-Identifier: Apache-2.0 */
/* Container logs in a bundle as events. */
#ifndef FORENSICS_TIMELINELOG_H
#define FORENSICS_TIMELINELOG_H

#include "core/rfile.h"
#include "forensics/eventsort.h"
#include "forensics/record.h"

/* Most log files of one bundle. */
#define TIMELINELOGS_MAX 4096

enum timelinelog_format { TIMELINELOG_JSON, TIMELINELOG_CRI, TIMELINELOG_LOCAL };

struct timelinelog {
	uint64_t seq;
	uint32_t target;
	enum timelinelog_format format;
	struct sl_time taken;
};

struct timelinelogs {
	struct timelinelog *items;
	size_t count, cap;
};

/* Remember the record when it is a log of a format that is known. */
int timelinelogs_note(struct timelinelogs *l, const struct record *r, struct sl_error *err);
void timelinelogs_clear(struct timelinelogs *l);

/*
 * Take the log out of the bundle, unpack it where it was rotated away, and add an event for each
 * line; what is no line is passed over. Where a log cannot be read on, an event says so.
 */
int timelinelog_read(const struct timelinelog *l, struct rfile *file, struct eventsort *sort,
		     const char *container, struct sl_error *err);

#endif
