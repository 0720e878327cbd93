/* SPDX-License-Identifier: Apache-2.0 */
/* One line on standard error that says how far the work is. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <strandline/baseline.h>

struct progress {
	struct sl_progress iface; /* hand this to the library; reports nothing while not shown */
	bool enabled;
	bool shown;          /* a line stands there and must be erased */
	uint64_t started_ns; /* of the current item */
	uint64_t drawn_ns;
	uint64_t last_done; /* going back means a new item */
};

void progress_init(struct progress *p, bool enabled);
/* Erase the line; also before any other message. */
void progress_erase(struct progress *p);

/*
 * The text for a state, without control bytes: "web: 40%  1.2 GiB of 3.0 GiB  310 MiB/s  6 s left".
 */
struct buf;
void progress_text(struct buf *out, uint64_t done, uint64_t total, const char *what,
		   uint64_t elapsed_ns);

#endif
