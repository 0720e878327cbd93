/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verdict.h"

enum exit_status verdict_of(const struct sl_summary *sum, enum sl_severity fail_on,
			    bool accept_unproven)
{
	enum sl_trust trust = sum->subject->trust;
	bool proven = trust == SL_TRUST_PROVEN || trust == SL_TRUST_SIGNED;

	for (int s = (int)fail_on; s <= SL_SEVERITY_CRITICAL; s++)
		if (sum->counts.by_severity[s] > 0)
			return EXIT_FOUND;
	if (!sum->complete || sum->counts.gaps > 0)
		return EXIT_INCOMPLETE;
	return proven || accept_unproven ? EXIT_DONE : EXIT_INCOMPLETE;
}

/* How much a status weighs against another one. */
static int weight(enum exit_status status)
{
	switch (status) {
	case EXIT_FOUND:
		return 3;
	case EXIT_INCOMPLETE:
		return 2;
	case EXIT_DONE:
		return 1;
	case EXIT_TROUBLE:
		return 0;
	}
	return 0;
}

enum exit_status verdict_join(enum exit_status so_far, enum exit_status next)
{
	return weight(next) > weight(so_far) ? next : so_far;
}
