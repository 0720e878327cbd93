/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/verdict.h"

#include <string.h>

#include "core/cleanup.h"

static bool last_check_is(const struct sl_subject *s, const char *verdict)
{
	return s->has_last_check && strcmp(s->last_check_verdict, verdict) == 0;
}

int verdict_status(const struct sl_summary *s, enum sl_severity fail_on, bool accept_unproven,
		   bool only_new)
{
	const struct sl_subject *subject = s->subject;
	enum sl_trust trust = sl_subject_trust(subject);
	bool is_equal_below = !subject->is_check_asked || last_check_is(subject, "intact");
	bool may_say_equal = (trust == SL_TRUST_PROVEN || trust == SL_TRUST_SIGNED) &&
			     !subject->quick && is_equal_below;

	for (size_t i = fail_on; i < ARRAY_SIZE(s->counts.by_severity); i++)
		if (s->counts.by_severity[i] > (only_new ? s->counts.known_by_severity[i] : 0))
			return VERDICT_DRIFT;
	if (!s->complete || (subject->is_check_asked && last_check_is(subject, "unread")))
		return VERDICT_INCOMPLETE;
	return may_say_equal || accept_unproven ? VERDICT_CLEAN : VERDICT_INCOMPLETE;
}

static int rank(int status)
{
	static const int order[] = {
		[VERDICT_NONE] = 0,
		[VERDICT_CLEAN] = 1,
		[VERDICT_INCOMPLETE] = 2,
		[VERDICT_DRIFT] = 3,
	};

	return status >= 0 && (size_t)status < ARRAY_SIZE(order) ? order[status] : 0;
}

int verdict_combine(int a, int b)
{
	return rank(a) >= rank(b) ? a : b;
}
