/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exit.h"

const char *exit_text(enum exit_column column, enum exit_status status)
{
	static const char *const texts[EXIT_COLUMNS][EXIT_STATUSES] = {
		[EXIT_COMPARES] =
			{"everything was read, the layers are proven or signed, and nothing "
			 "unexplained was found at or above --fail-on",
			 "drift or tampering was found (also when something went unread)",
			 "usage or operational error: no statement is made",
			 "nothing was found, but something went unread, or the layers are not "
			 "proven (--accept-unproven waives that)"},
		[EXIT_CHECKS] =
			{"everything was read, and every layer directory equals a layer that is "
			 "proven or signed",
			 "tampering was found (also when something went unread)",
			 "usage or operational error: no statement is made",
			 "no tampering was found, but something went unread, or is not proven "
			 "(--accept-unproven waives the latter)"},
		[EXIT_VERIFIES] =
			{"intact, closed as complete, and bound to an anchor that was given "
			 "(--allow-unanchored waives that)",
			 "the bytes contradict each other, an anchor proves more than is there, a "
			 "file beside it contradicts it, or the verdict is less than --require",
			 "usage or operational error: no statement is made",
			 "intact as far as it goes, but not closed as complete, or not anchored"},
		[EXIT_WORKS] = {"done, nothing missing",
				"the source contradicts its digests, or is not the image that was "
				"asked for (index: nothing was stored; capture: done all the same)",
				"usage or operational error; an existing file is never "
				"overwritten, a started bundle never deleted",
				"done, with gaps: out of space, a deadline, a signal, something "
				"unreadable"},
	};

	return texts[column][status];
}
