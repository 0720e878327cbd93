/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events in order of time, however many: sorted runs go to a temporary file without a name and are
 * merged at the end. Events of the same moment stay in the order in which they came.
 */
#ifndef FORENSICS_EVENTSORT_H
#define FORENSICS_EVENTSORT_H

#include <signal.h>

#include <strandline/event.h>

struct eventsort;

/* @memory bounds the run that is held; at least EVENTSORT_EVENT_MAX. */
int eventsort_new(struct eventsort **out, size_t memory, struct sl_error *err);
void eventsort_free(struct eventsort *s);

/* Largest event, strings and all. */
#define EVENTSORT_EVENT_MAX (256u << 10)

/* Copies the event. 0; -SL_ELIMIT when it is larger than the bound above. */
int eventsort_add(struct eventsort *s, const struct sl_event *e, struct sl_error *err);

/* Give all of them to the sink's event(). Once, after the last add. -SL_ECANCELLED: *stop. */
int eventsort_emit(struct eventsort *s, struct sl_event_sink *sink,
		   const volatile sig_atomic_t *stop, struct sl_error *err);

#endif
