/* SPDX-License-Identifier: Apache-2.0 */
/* How the settings of a container differ from those that somebody approved. */
#ifndef DIFF_DEVIATION_H
#define DIFF_DEVIATION_H

#include <strandline/finding.h>
#include <strandline/settings.h>

/* Texts borrowed for the call. */
struct deviation {
	enum sl_setting setting;
	const char *path; /* of a mount; NULL for other settings */
	/* it was approved, and is not known now: nothing can be said, and what follows is empty */
	bool is_unread;
	enum sl_severity severity;
	const char *expected, *found; /* lists and sets as JSON; NULL: there is none */
	const char *sentence;         /* what came and what went */
};

/*
 * Call @each for every setting that differs, in the order of the settings; negative ends it and is
 * returned. What was not known when it was approved is not compared; nor is what only the kernel
 * tells of what runs, unless it did both times.
 */
int deviation_find(const struct sl_settings *approved, const struct sl_settings *now,
		   int (*each)(void *payload, const struct deviation *d, struct sl_error *err),
		   void *payload, struct sl_error *err);

#endif
