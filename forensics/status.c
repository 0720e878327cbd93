/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/bundle.h>

const char *sl_bundle_status_name(enum sl_bundle_status status)
{
	static const char *const names[] = {
		[SL_BUNDLE_COMPLETE] = "complete", [SL_BUNDLE_ABORTED] = "aborted",
		[SL_BUNDLE_NOSPACE] = "nospace",   [SL_BUNDLE_SIGNAL] = "signal",
		[SL_BUNDLE_DEADLINE] = "deadline",
	};

	return names[status];
}
