/* SPDX-License-Identifier: Apache-2.0 */
/* The exit status that follows from summaries (man strandline, EXIT STATUS). */
#ifndef DIFF_VERDICT_H
#define DIFF_VERDICT_H

#include <strandline/sink.h>

enum verdict {
	VERDICT_CLEAN = 0, /* all read, baseline proven or signed, nothing at or above the bar */
	VERDICT_DRIFT = 1, /* something was found, also when something went unread */
	VERDICT_NONE = 2,  /* no statement was made */
	VERDICT_INCOMPLETE = 3, /* nothing found, but not everything was read or proven */
};

/*
 * One container. Posture findings are not in the counts. @accept_unproven waives an unproven
 * baseline and a quick comparison (neither may say "equal"), never a gap. @only_new leaves out what
 * was acknowledged and what the last run found, too.
 */
int verdict_status(const struct sl_summary *s, enum sl_severity fail_on, bool accept_unproven,
		   bool only_new);

/* Several containers: 1 before 3 before 0; 2 only when no statement at all was made. */
int verdict_combine(int a, int b);

#endif
