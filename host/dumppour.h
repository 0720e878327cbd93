/* SPDX-License-Identifier: Apache-2.0 */
/* A core file as it is written: its head, and behind it what workers read. */
#ifndef HOST_DUMPPOUR_H
#define HOST_DUMPPOUR_H

#include "host/dumpplan.h"

struct dump_source {
	int pid_fd; /* the process's directory in /proc */
	const struct dump_plan *plan;
	const struct dump_request *request;
};

/*
 * Through all taps. What hangs costs its chunk, and one of request->hangs: then, and where a
 * process has ended, the reading ends early (out->is_short, out->sys) and what is missing is in the
 * report. Negative only when a tap failed or memory ran out.
 */
int dump_pour(const struct dump_source *from, struct dump_report *report,
	      struct sl_tap *const taps[], size_t count, struct sl_read *out, struct sl_error *err);

#endif
