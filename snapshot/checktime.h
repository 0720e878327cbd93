/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modification times in a layer directory. One that somebody set is a trace; where hundreds differ,
 * the store was copied without them, which is one thing to say.
 */
#ifndef SNAPSHOT_CHECKTIME_H
#define SNAPSHOT_CHECKTIME_H

#include "snapshot/checkitem.h"

struct checktime_odd {
	char *path; /* owned */
	size_t len;
	struct sl_time before, after;
};

struct checktime {
	struct checktime_odd *odd; /* the first ones; owned */
	size_t odd_count;
	uint64_t compared, differing;
};

/* Compare the times of two entries of one path that are alike otherwise. 0, or -SL_ENOMEM. */
int checktime_compare(struct checktime *t, const struct sl_entry *disk,
		      const struct sl_entry *stored, struct sl_error *err);

/* Tell what was found, one by one or as one thing. What @tell returns, when not 0, ends it. */
int checktime_tell(const struct checktime *t,
		   int (*tell)(void *payload, struct sl_bytes path,
			       const struct checkitem_note *note),
		   void *payload, struct sl_error *err);

void checktime_clear(struct checktime *t);

#endif
