/* SPDX-License-Identifier: Apache-2.0 */
/* The times of one file as events. */
#ifndef FORENSICS_TIMELINEFILE_H
#define FORENSICS_TIMELINEFILE_H

#include "forensics/eventsort.h"
#include "forensics/record.h"

struct timelinefile;

int timelinefile_new(struct timelinefile **out, struct eventsort *sort, struct sl_error *err);
void timelinefile_free(struct timelinefile *t);

/*
 * Events of a `file` record of role upper; others have none. A deletion has no time of its own: it
 * was over when its directory last changed, and that is what the event says. For that, records must
 * come in canonical order of paths, as a capture writes them.
 */
int timelinefile_add(struct timelinefile *t, const struct record *r, const char *container,
		     struct sl_error *err);

#endif
