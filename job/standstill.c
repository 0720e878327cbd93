/* SPDX-License-Identifier: Apache-2.0 */
#include "job/standstill.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"

static void remember(struct standstill *s, const char *what, struct sl_error *why)
{
	s->has_gap = true;
	free(s->why);
	if (asprintf(&s->why, "%s: %s", what, sl_error_text(why)) < 0)
		s->why = NULL;
	sl_error_clear(why);
}

static void say_paused(const struct job *job, const struct sl_container *c)
{
	const char *label = sl_container_label(c);
	AUTO_FREE char *shown = quote_dup(label, strlen(label));

	job_say(job, "'%s' is paused already, and stays so", shown != NULL ? shown : "?");
}

void standstill_begin(struct standstill *s, const struct job *job, const struct host *host,
		      const struct sl_container *c, unsigned int seconds)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc;

	*s = (struct standstill){.job = job};
	if (seconds == 0 || c->state != SL_STATE_RUNNING)
		return;
	rc = host_freeze(host, c, seconds, &s->freeze, &why);
	if (rc > 0)
		say_paused(job, c);
	else if (rc < 0)
		remember(s, "it could not be stopped, and was read while it ran", &why);
}

int standstill_end(struct standstill *s, struct sl_summary *summary, struct sl_gap *gap)
{
	const char *label = sl_container_label(summary->subject->container);
	struct sl_error why = SL_ERROR_INIT;
	struct freeze_times times;

	if (s->freeze != NULL) {
		if (freeze_end(take_ptr(&s->freeze), &times, &why) < 0)
			remember(s, "it may still stand still", &why);
		if (times.unwatched)
			job_say(s->job, FREEZE_UNWATCHED);
		s->has_gap |= times.expired || times.started;
		summary->was_frozen = !times.was_paused;
		summary->frozen_at = times.begin;
		summary->frozen_ns = times.ns;
	}
	if (!s->has_gap)
		return 0;
	*gap = (struct sl_gap){.what = {label, strlen(label)},
			       .why = s->why != NULL ? s->why
						     : "it did not stand still until all of it was "
						       "read"};
	return 1;
}

void standstill_clear(struct standstill *s)
{
	struct freeze_times times;

	if (s->freeze != NULL)
		(void)freeze_end(s->freeze, &times, NULL);
	free(s->why);
	*s = (struct standstill){0};
}
