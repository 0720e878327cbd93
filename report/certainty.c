/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/event.h>

const char *sl_certainty_name(enum sl_certainty c)
{
	switch (c) {
	case SL_CERTAIN_EXACT:
		return "exact";
	case SL_CERTAIN_SECOND:
		return "second";
	case SL_CERTAIN_UPPER_BOUND:
		return "upper-bound";
	case SL_CERTAIN_NORMALISED:
		return "normalised";
	}
	return "unknown";
}
