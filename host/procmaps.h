/* SPDX-License-Identifier: Apache-2.0 */
/* The mappings of a process, as the kernel writes them in /proc/PID/maps. */
#ifndef HOST_PROCMAPS_H
#define HOST_PROCMAPS_H

#include <strandline/error.h>

struct procmaps_row {
	uint64_t start, end;
	bool is_readable, is_writable, is_executable, is_shared;
	uint64_t offset; /* into the file */
	uint32_t major, minor;
	uint64_t inode;       /* 0: no file */
	struct sl_bytes path; /* borrowed; a newline in it is escaped as \012, nothing else is */
};

/* Take the first line off @rest. 0; 1 at the end; -SL_EFORMAT for a line that is none. */
int procmaps_next(struct sl_bytes *rest, struct procmaps_row *out, struct sl_error *err);

#endif
