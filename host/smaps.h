/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells of each mapping of a process: /proc/PID/smaps (proc(5)). */
#ifndef HOST_SMAPS_H
#define HOST_SMAPS_H

#include <strandline/error.h>

#include "host/procmaps.h"

struct smaps_row {
	struct procmaps_row map;
	uint64_t resident, anonymous, swapped; /* bytes */
	bool has_flags;                        /* the kernel tells what follows */
	bool is_device;     /* the memory of a device, or a page that the kernel shows: io, pf */
	bool is_user_fault; /* its faults are answered by a process: um, uw, ui */
};

/*
 * Take the lines of the first mapping off @rest, which holds whole lines. 0; 1 at the end;
 * -SL_EFORMAT. Lines that are not known are passed over.
 */
int smaps_next(struct sl_bytes *rest, struct smaps_row *out, struct sl_error *err);

/* How many of the first @len bytes are whole mappings: up to where the last one begins. */
size_t smaps_whole(const char *text, size_t len);

#endif
