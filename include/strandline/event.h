/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file event.h
 * One dated fact for a timeline.
 */
#ifndef SL_EVENT_H
#define SL_EVENT_H

#include <strandline/error.h>

/** How exactly a time is known. */
enum sl_certainty {
	SL_CERTAIN_EXACT,
	SL_CERTAIN_SECOND,
	SL_CERTAIN_UPPER_BOUND, /**< not later than this */
	SL_CERTAIN_NORMALISED,  /**< a build tool wrote a conventional time */
};

/** Borrowed. Evidence bytes are raw: event sinks escape them. */
struct sl_event {
	struct sl_time time;
	enum sl_certainty certainty;
	const char *source;      /**< "file", "container", "log", "capture" */
	const char *description; /**< Timesketch timestamp_desc: "Content Modification Time"... */
	struct sl_bytes subject; /**< path, container name, log stream */
	struct sl_bytes message; /**< one line for people */
	const char *container;   /**< container name, or NULL */
	const char *severity;    /**< of the finding about the subject, or NULL */
	uint64_t seq;            /**< record of the bundle it comes from */
};

struct sl_event_sink;

struct sl_event_sink_ops {
	int (*begin)(struct sl_event_sink *s, struct sl_error *err);
	int (*event)(struct sl_event_sink *s, const struct sl_event *e, struct sl_error *err);
	int (*end)(struct sl_event_sink *s, struct sl_error *err);
	void (*close)(struct sl_event_sink *s);
};

/** Implementations embed it as their first member. */
struct sl_event_sink {
	const struct sl_event_sink_ops *ops;
};

/** "exact"... @return static text */
SL_API const char *sl_certainty_name(enum sl_certainty c);

#endif
