/* SPDX-License-Identifier: Apache-2.0 */
/* The worker that looks at a process: what there is of its memory. */
#ifndef HOST_DUMPLOOK_H
#define HOST_DUMPLOOK_H

#include "host/dumpplan.h"
#include "host/worker.h"

struct dump_look {
	int pid_fd; /* its directory in /proc */
	const struct dump_request *request;
	struct dump_plan plan; /* the worker's own */
};

/* A worker_fn; the payload is a struct dump_look. */
int dump_look(struct worker_out *out, void *payload);

/*
 * Take what that worker sent into @plan and @report. 0; 1: a message of another kind, to be passed
 * over.
 */
int dump_look_take(const struct worker_message *m, struct dump_plan *plan,
		   struct dump_report *report, struct sl_error *err);

/* "0 0x3 0x7f10 ... 0x7ffd1b94e298 0x7f109ff3c2ad", "-1 SP PC" or "running": /proc/PID/syscall. */
void dump_thread_parse(struct dump_thread *t, const char *text, size_t len);

/* Stop the threads of @p for a moment, and read their registers. In a worker. */
void dump_trace(struct dump_plan *p);

#endif
