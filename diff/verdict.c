/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/verdict.h"

#include "core/cleanup.h"

int verdict_status(const struct sl_summary *s, enum sl_severity fail_on, bool accept_unproven)
{
	const struct sl_subject *subject = s->subject;
	enum sl_trust trust = sl_subject_trust(subject);
	bool may_say_equal =
		(trust == SL_TRUST_PROVEN || trust == SL_TRUST_SIGNED) && !subject->quick;

	for (size_t i = fail_on; i < ARRAY_SIZE(s->counts.by_severity); i++)
		if (s->counts.by_severity[i] > 0)
			return VERDICT_DRIFT;
	if (!s->complete)
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
