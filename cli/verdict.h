/* SPDX-License-Identifier: Apache-2.0 */
/* From what was found to the exit status of diff. */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include <strandline/sink.h>

#include "cli/exit.h"

/* One container. */
enum exit_status verdict_of(const struct sl_summary *sum, enum sl_severity fail_on,
			    bool accept_unproven);

/*
 * Several: found before incomplete before done, and trouble only when no statement was made at all.
 * Start with EXIT_TROUBLE; a container without a statement counts as incomplete beside others.
 */
enum exit_status verdict_join(enum exit_status so_far, enum exit_status next);

#endif
